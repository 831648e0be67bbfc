"""Arranges the examples of an export: splits, what is mixed in, the shuffled order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docgen.exporting.dataset.documents import Documents
from docgen.exporting.dataset.examples import Example, with_prefix
from docgen.exporting.dataset.mix import Candidates, Mixed
from docgen.exporting.dataset.order import balanced_order, worst_window
from docgen.exporting.dataset.split import validation_rows, validation_size
from docgen.exporting.export_options import ExportOptions

__all__ = ["WINDOW", "Layout", "Part", "arrange_examples"]

Ints = npt.NDArray[np.int64]
WINDOW = 100
"""Documents in the window whose balance the manifest reports."""


@dataclass(frozen=True)
class Part:
    """One split: numbers of examples in their order, own documents first in the numbering, then each mix."""

    name: str
    numbers: Ints
    tokens: int


@dataclass(frozen=True)
class Layout:
    """All examples of an export; `longest` is the most tokens that one has.

    `worst` is the largest deviation of a fact in any window of the training split.
    """

    documents: Documents
    drawn: tuple[tuple[Candidates, Mixed], ...]
    parts: tuple[Part, ...]
    tokens: Ints
    longest: int
    worst: float

    def examples(self, part: Part, options: ExportOptions, chat: bool) -> Iterator[Example]:
        """The examples of a split, in the form to write."""
        for number in part.numbers.tolist():
            yield with_prefix(self.example(number), options, chat)

    def example(self, number: int) -> Example:
        """The example of this number, without prefix or turns."""
        number = int(number)
        if number < len(self.documents):
            return self.documents.example(number)
        number -= len(self.documents)
        for candidates, mixed in self.drawn:
            if number < len(mixed.places):
                return candidates.example(candidates.unique[mixed.places[number]])
            number -= len(mixed.places)
        raise IndexError(number)


def arrange_examples(
    documents: Documents,
    drawn: Sequence[tuple[Candidates, Mixed]],
    options: ExportOptions,
    clusters: Ints | None,
) -> Layout:
    """Split and order the examples. `clusters`, from `near_clusters`, are needed for a validation split.

    What is mixed in is always shuffled in, and split in the same proportion as the documents.
    """
    grid, own = _grid(documents, drawn), len(documents)
    mixed_in = [candidates.tokens[place] for candidates, mixed in drawn for place in mixed.places]
    tokens = np.concatenate([documents.tokens, np.array(mixed_in, dtype=np.int64)])
    held_out = np.zeros(len(tokens), dtype=bool)
    size = validation_size(options.validation, own)
    if size and clusters is not None:
        held_out[:own] = validation_rows(balanced_order(documents.holds, options.seed), clusters, size)
        first = own
        for _, mixed in drawn:
            count = len(mixed.places)
            held_out[first + count - round(count * size / own) : first + count] = True
            first += count
    parts, worst = [], 0.0
    for name, rows in (("train", np.flatnonzero(~held_out)), ("validation", np.flatnonzero(held_out))):
        if name == "train" or len(rows):
            order = balanced_order(grid[rows], options.seed) if options.shuffle or drawn else np.arange(len(rows))
            parts.append(Part(name, rows[order], int(tokens[rows].sum())))
            worst = worst_window(grid[parts[0].numbers], WINDOW)
    return Layout(documents, tuple(drawn), tuple(parts), tokens, int(tokens.max(initial=0)), worst)


def _grid(documents: Documents, drawn: Sequence[tuple[Candidates, Mixed]]) -> npt.NDArray[np.uint8]:
    """(examples, facts + sources): which has which fact, and which comes from which source."""
    own, facts = documents.holds.shape
    counts = [len(mixed.places) for _, mixed in drawn]
    grid = np.zeros((own + sum(counts), facts + len(counts)), dtype=np.uint8)
    grid[:own, :facts] = documents.holds
    first = own
    for place, count in enumerate(counts):
        grid[first : first + count, facts + place] = 1
        first += count
    return grid
