"""Which documents of a stream a judge reads; without what asking it takes, so that a scan need not load that."""

from bisect import insort
from typing import Generic, TypeVar

from docgen.options.audit import JudgeMode
from docgen.records import Document
from docgen.text import digest

__all__ = ["DocumentSelector"]

T = TypeVar("T")


class DocumentSelector(Generic[T]):
    """Picks the documents to judge from a stream and keeps no others.

    A sample is the N documents whose ids have the smallest hashes with `seed`: the same ones in any order, also when
    the choices from parts are offered again as a whole, and after other documents were removed or rewritten.
    """

    def __init__(self, mode: JudgeMode, seed: int = 0) -> None:
        self._mode, self._seed, self._offered = mode, seed, 0
        self._chosen: list[tuple[str, int, T]] = []

    @property
    def chosen(self) -> list[T]:
        """The documents picked, in the order in which they came."""
        return [item for _, _, item in sorted(self._chosen, key=lambda entry: entry[1])]

    def take(self) -> list[T]:
        """The same, removed from the sampler."""
        chosen, self._chosen = self.chosen, []
        return chosen

    def offer(self, item: T, suspect: bool, document: Document) -> T | None:
        """Take the item, which represents `document`; returns one that will not be judged, if any."""
        self._offered += 1
        if self._mode.kind != "sample":
            if self._mode.kind == "all" or (self._mode.kind == "suspects" and suspect):
                self._chosen.append(("", self._offered, item))
                return None
            return item
        # The second half of the rank tells documents apart that share an id.
        seed = str(self._seed)
        rank = digest(seed, document.id, size=8) + digest(seed, document.id, document.text, size=8)
        entry = rank, self._offered, item
        if len(self._chosen) == self._mode.size and entry[:2] > self._chosen[-1][:2]:
            return item
        insort(self._chosen, entry, key=lambda other: other[:2])
        return self._chosen.pop()[2] if len(self._chosen) > self._mode.size else None
