"""Which of a fact's documents get which of its grades: shares stay as they are, only the pairing is chosen.

A fact is central where type and ideas can bear it. A fact that is taken for granted (implied) in a single clause
(passing) would be missed by readers, so the two are kept apart.
"""

from collections import defaultdict

import numpy as np

from docgen.salience.demands import Bools, Grid
from docgen.salience.layout import Ints
from docgen.salience.spread import CENTRAL, MOST_CENTRAL

__all__ = ["keep_implied_from_passing", "move_central"]

IMPLIED, PASSING = 1, 2


def move_central(holds: Grid, prominence: Grid, suits: Bools) -> None:
    """Change `prominence` (rows, F) in place: central goes from rows that do not suit (rows, F) a fact to ones that do."""
    counts = ((holds == 1) & (prominence == CENTRAL)).sum(axis=1)
    for fact in range(holds.shape[1]):
        held = holds[:, fact] == 1
        central = prominence[:, fact] == CENTRAL
        givers = np.flatnonzero(held & central & ~suits[:, fact])
        takers = np.flatnonzero(held & ~central & suits[:, fact] & (counts < MOST_CENTRAL))
        takers = takers[np.argsort(counts[takers], kind="stable")][: len(givers)]
        givers = givers[np.argsort(-counts[givers], kind="stable")][: len(takers)]
        prominence[givers, fact], prominence[takers, fact] = prominence[takers, fact], CENTRAL
        counts[givers] -= 1
        counts[takers] += 1


def keep_implied_from_passing(
    held: Bools, directness: Grid, prominence: Grid, types: Ints, first: Bools | None = None
) -> None:
    """Change one fact's `directness` (rows,) in place: what is implied in passing becomes stated, others are implied.

    The others are `first` ones where there are any, of the same type if possible, supporting rather than central.
    """
    both = np.flatnonzero(held & (directness == IMPLIED) & (prominence == PASSING))
    if not len(both):
        return
    free = np.flatnonzero(held & (directness != IMPLIED) & (prominence != PASSING))
    free = free[np.argsort(prominence[free] == CENTRAL, kind="stable")]
    sooner = np.zeros(len(free), dtype=bool) if first is None else first[free]
    stocks = [_Stock(free[sooner].tolist(), types), _Stock(free[~sooner].tolist(), types)]
    for row in both.tolist():
        other = next((taken for stock in stocks if (taken := stock.take(int(types[row]))) is not None), None)
        if other is None:
            return
        directness[row], directness[other] = directness[other], IMPLIED


class _Stock:
    """Rows to be taken one by one, of a wanted type as long as there are such."""

    def __init__(self, rows: list[int], types: Ints) -> None:
        self._all, self._taken = iter(rows), set[int]()
        self._of_type: dict[int, list[int]] = defaultdict(list)
        for row in reversed(rows):
            self._of_type[int(types[row])].append(row)

    def take(self, kind: int) -> int | None:
        """A row not taken before; None when there is none left."""
        own = self._of_type[kind]
        while own and own[-1] in self._taken:
            own.pop()
        row = own.pop() if own else next((row for row in self._all if row not in self._taken), None)
        if row is not None:
            self._taken.add(row)
        return row
