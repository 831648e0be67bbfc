"""At most two central facts in a document, where the shares allow: documents of a segment exchange grades."""

import numpy as np

from docgen.planning.constraints import Grid

__all__ = ["MOST_CENTRAL", "spread"]

MOST_CENTRAL = 2
CENTRAL = 0


def spread(holds: Grid, prominence: Grid) -> None:
    """Change `prominence` (rows, F) in place so that few rows have more central facts than that; no share moves."""
    counts = ((holds == 1) & (prominence == CENTRAL)).sum(axis=1)
    for row in np.flatnonzero(counts > MOST_CENTRAL):
        for fact in np.flatnonzero((holds[row] == 1) & (prominence[row] == CENTRAL)):
            takers = np.flatnonzero((holds[:, fact] == 1) & (prominence[:, fact] != CENTRAL) & (counts < MOST_CENTRAL))
            if counts[row] > MOST_CENTRAL and len(takers):
                taker = takers[np.argmin(counts[takers])]
                prominence[row, fact], prominence[taker, fact] = prominence[taker, fact], CENTRAL
                counts[row] -= 1
                counts[taker] += 1
