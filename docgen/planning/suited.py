"""Which of a fact's documents get which of its grades: shares stay as they are, only the pairing is chosen.

A fact is central where type and ideas can bear it. A fact that is taken for granted (implied) in a single clause
(passing) would be missed by readers, and a document can hardly be about what it never says (implied and central), so
what is implied is supporting as far as the shares allow.
"""

from collections import defaultdict

import numpy as np

from docgen.planning.central_facts import CENTRAL, MAX_CENTRAL
from docgen.planning.constraints import TOLERANCE, Bools, Floats, Grid
from docgen.planning.layout import Ints

__all__ = ["keep_implied_supporting", "move_central", "relax"]

STATED, IMPLIED = 0, 1
SUPPORTING, PASSING = 1, 2


def move_central(holds: Grid, prominence: Grid, suits: Bools) -> None:
    """Change `prominence` (rows, F) in place: central goes from rows that do not suit a fact to rows that do."""
    counts = ((holds == 1) & (prominence == CENTRAL)).sum(axis=1)
    for fact in range(holds.shape[1]):
        held = holds[:, fact] == 1
        central = prominence[:, fact] == CENTRAL
        givers = np.flatnonzero(held & central & ~suits[:, fact])
        takers = np.flatnonzero(held & ~central & suits[:, fact] & (counts < MAX_CENTRAL))
        takers = takers[np.argsort(counts[takers], kind="stable")][: len(givers)]
        givers = givers[np.argsort(-counts[givers], kind="stable")][: len(takers)]
        prominence[givers, fact], prominence[takers, fact] = prominence[takers, fact], CENTRAL
        counts[givers] -= 1
        counts[takers] += 1


def keep_implied_supporting(
    held: Bools, directness: Grid, prominence: Grid, types: Ints, first: Bools | None = None
) -> None:
    """Change one fact's `directness` (rows,) in place: implied goes from passing and central rows to supporting ones.

    Where there are not enough of these, from passing ones to central ones. Rows that are `first` change sooner (and
    alone, where the matter is only of central ones), and rows of the same type exchange if they can.
    """
    for wrong, right in ((PASSING, SUPPORTING), (PASSING, CENTRAL), (CENTRAL, SUPPORTING)):
        among = held if first is None or wrong == PASSING else held & first
        givers = np.flatnonzero(among & (directness == IMPLIED) & (prominence == wrong))
        takers = np.flatnonzero(among & (directness != IMPLIED) & (prominence == right))
        sooner = np.zeros(len(takers), dtype=bool) if first is None else first[takers]
        stocks = [_Stock(takers[sooner].tolist(), types), _Stock(takers[~sooner].tolist(), types)]
        for row in givers.tolist():
            other = next((taken for stock in stocks if (taken := stock.take(int(types[row]))) is not None), None)
            if other is None:
                break
            directness[row], directness[other] = directness[other], IMPLIED


def relax(
    held: Bools, directness: Grid, prominence: Grid, shares: tuple[Floats, Floats], done: tuple[Ints, Ints]
) -> None:
    """Change grades of one fact (rows,) in place: what is still implied in passing becomes stated, or supporting.

    As far as every grade stays within one document of its share of these and of those `done`; later documents make
    up for it.
    """
    for row in np.flatnonzero(held & (directness == IMPLIED) & (prominence == PASSING)):
        for grades, other, own, before in (
            (directness, STATED, shares[0], done[0]),
            (prominence, SUPPORTING, shares[1], done[1]),
        ):
            counts = before + np.bincount(grades[held], minlength=len(own))
            counts[grades[row]] -= 1
            counts[other] += 1
            if (np.abs(counts - own * counts.sum()) < 1 - TOLERANCE).all():
                grades[row] = other
                break


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
