"""Decides which of a fact's documents get which of its grades. The shares stay as they are.

A fact is central where the document's type and ideas suit it, and most documents have two central facts at most.
Readers miss a fact that is only implied, in a single clause (implied and passing), and a document can hardly be about
what it never says (implied and central), so implied facts are supporting as far as the shares allow.
"""

from collections import defaultdict

import numpy as np

from docgen.planning.constraints import TOLERANCE, Bools, Floats, Grid
from docgen.planning.slot_layout import Ints

__all__ = ["CENTRAL", "MAX_CENTRAL", "keep_implied_supporting", "limit_central_facts", "move_central", "relax_grades"]

MAX_CENTRAL = 2
"""Chosen: a document of a few hundred words can be about two facts, hardly about three."""
STATED, IMPLIED = 0, 1
"""Grades of directness, numbered as the columns of `Constraints.directness` are."""
CENTRAL, SUPPORTING, PASSING = 0, 1, 2
"""Grades of prominence, numbered as the columns of `Constraints.prominence` are."""


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


def move_central(holds: Grid, prominence: Grid, suits: Bools) -> None:
    """Move central grades in `prominence` (rows, F), in place, from rows that do not suit a fact to rows that do.

    `holds` and `suits` (rows, F) say which rows have a fact, and which would suit it as their central one.
    """
    counts = ((holds == 1) & (prominence == CENTRAL)).sum(axis=1)
    for fact in range(holds.shape[1]):
        has_fact = holds[:, fact] == 1
        central = prominence[:, fact] == CENTRAL
        givers = np.flatnonzero(has_fact & central & ~suits[:, fact])
        takers = np.flatnonzero(has_fact & ~central & suits[:, fact] & (counts < MAX_CENTRAL))
        takers = takers[np.argsort(counts[takers], kind="stable")][: len(givers)]
        givers = givers[np.argsort(-counts[givers], kind="stable")][: len(takers)]
        prominence[givers, fact], prominence[takers, fact] = prominence[takers, fact], CENTRAL
        counts[givers] -= 1
        counts[takers] += 1


def keep_implied_supporting(
    has_fact: Bools, directness: Grid, prominence: Grid, types: Ints, first: Bools | None = None
) -> None:
    """Move implied grades in one fact's `directness` (rows,), in place, from passing and central to supporting rows.

    If there are too few supporting rows, those left over go from passing rows to central ones. Rows in `first` are
    preferred, and central rows exchange with supporting ones only within `first`; then rows of the same type are.
    """
    for source, target in ((PASSING, SUPPORTING), (PASSING, CENTRAL), (CENTRAL, SUPPORTING)):
        candidates = has_fact if first is None or source == PASSING else has_fact & first
        givers = np.flatnonzero(candidates & (directness == IMPLIED) & (prominence == source))
        takers = np.flatnonzero(candidates & (directness != IMPLIED) & (prominence == target))
        preferred = np.zeros(len(takers), dtype=bool) if first is None else first[takers]
        queues = [_RowQueue(takers[preferred].tolist(), types), _RowQueue(takers[~preferred].tolist(), types)]
        for row in givers.tolist():
            other = next((taker for queue in queues if (taker := queue.take(int(types[row]))) is not None), None)
            if other is None:
                break
            directness[row], directness[other] = directness[other], IMPLIED


def relax_grades(
    has_fact: Bools, directness: Grid, prominence: Grid, shares: tuple[Floats, Floats], finished: tuple[Ints, Ints]
) -> None:
    """Change grades of one fact (rows,), in place: rows still implied in passing become stated or supporting.

    A row changes only if every grade stays within one document of its share, counted over these rows and the documents
    `finished` before; later documents make up for the difference.
    """
    for row in np.flatnonzero(has_fact & (directness == IMPLIED) & (prominence == PASSING)):
        for grades, other_grade, grade_shares, before in (
            (directness, STATED, shares[0], finished[0]),
            (prominence, SUPPORTING, shares[1], finished[1]),
        ):
            counts = before + np.bincount(grades[has_fact], minlength=len(grade_shares))
            counts[grades[row]] -= 1
            counts[other_grade] += 1
            if (np.abs(counts - grade_shares * counts.sum()) < 1 - TOLERANCE).all():
                grades[row] = other_grade
                break


class _RowQueue:
    """Rows to be taken one at a time, of a given type while any are left."""

    def __init__(self, rows: list[int], types: Ints) -> None:
        self._all, self._taken = iter(rows), set[int]()
        self._of_type: dict[int, list[int]] = defaultdict(list)
        for row in reversed(rows):
            self._of_type[int(types[row])].append(row)

    def take(self, kind: int) -> int | None:
        """The next row of type `kind`, or of any type if that has run out; None when no row is left."""
        same_type = self._of_type[kind]
        while same_type and same_type[-1] in self._taken:
            same_type.pop()
        row = same_type.pop() if same_type else next((row for row in self._all if row not in self._taken), None)
        if row is not None:
            self._taken.add(row)
        return row
