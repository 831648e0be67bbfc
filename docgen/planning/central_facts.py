"""Keeps most documents to two central facts by exchanging prominence between documents of one segment."""

import numpy as np

from docgen.planning.constraints import Grid

__all__ = ["MAX_CENTRAL", "limit_central_facts"]

MAX_CENTRAL = 2  # chosen: a document of a few hundred words can be about two facts, hardly about three
CENTRAL = 0


def limit_central_facts(holds: Grid, prominence: Grid) -> None:
    """Exchange grades in `prominence` (rows, F) in place so that few rows exceed `MAX_CENTRAL`.

    No fact's share of central documents changes. Rows without a partner to exchange with keep more.
    """
    counts = ((holds == 1) & (prominence == CENTRAL)).sum(axis=1)
    for row in np.flatnonzero(counts > MAX_CENTRAL):
        for fact in np.flatnonzero((holds[row] == 1) & (prominence[row] == CENTRAL)):
            takers = np.flatnonzero((holds[:, fact] == 1) & (prominence[:, fact] != CENTRAL) & (counts < MAX_CENTRAL))
            if counts[row] > MAX_CENTRAL and len(takers):
                taker = takers[np.argmin(counts[takers])]
                prominence[row, fact], prominence[taker, fact] = prominence[taker, fact], CENTRAL
                counts[row] -= 1
                counts[taker] += 1
