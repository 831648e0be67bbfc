"""Where in a file each of millions of keys is, in 24 bytes for each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["KeyIndex"]

KEYS_PER_MERGE = 1 << 16
"""New keys that are collected before they are sorted in. Chosen: 10 MB of them; a million keys are sorted in sixteen
times."""
KEY_BYTES = 16
"""The size of `Request.key`, a digest, in two halves of eight."""
SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


class KeyIndex:
    """From keys of 16 bytes to whole numbers below 2**63; a key keeps its first number.

    Keys of another length are possible, at the cost of a dictionary.
    """

    def __init__(self) -> None:
        self._new: dict[bytes, int] = {}
        self._odd: dict[bytes, int] = {}
        self._arrays: _Arrays | None = None  # loading numpy takes a command longer than reading a small journal

    def __len__(self) -> int:
        return (0 if self._arrays is None else len(self._arrays.numbers)) + len(self._new) + len(self._odd)

    def get(self, key: bytes) -> int | None:
        """The number of a key; None if it is unknown."""
        if len(key) != KEY_BYTES:
            return self._odd.get(key)
        number = self._new.get(key)
        if number is not None or self._arrays is None:
            return number
        return self._arrays.find(key)

    def add(self, key: bytes, number: int) -> None:
        """Add a key, unless it is known."""
        if self.get(key) is not None:
            return
        (self._new if len(key) == KEY_BYTES else self._odd)[key] = number
        if len(self._new) >= KEYS_PER_MERGE:
            self._sort_in()

    def __iter__(self) -> Iterator[bytes]:
        """All keys, in the order of their numbers."""
        self._sort_in()
        if self._arrays is not None:
            yield from self._arrays.keys()
        yield from self._odd

    def _sort_in(self) -> None:
        if self._new:
            self._arrays = _merged(self._arrays, self._new)
            self._new.clear()


@dataclass(frozen=True)
class _Arrays:
    """Keys as two halves each, sorted by both, and their numbers."""

    heads: "npt.NDArray[np.uint64]"
    tails: "npt.NDArray[np.uint64]"
    numbers: "npt.NDArray[np.int64]"

    def keys(self) -> Iterator[bytes]:
        """In the order of their numbers."""
        import numpy as np

        pairs = np.stack([self.heads, self.tails], axis=1).astype(">u8")
        for row in np.argsort(self.numbers):
            yield pairs[row].tobytes()

    def find(self, key: bytes) -> int | None:
        """The number of a key of 16 bytes; None if it is unknown."""
        import numpy as np

        head, tail = (np.uint64(int.from_bytes(part, "big")) for part in (key[:8], key[8:]))
        low, high = (int(np.searchsorted(self.heads, head, side)) for side in SIDES)
        at = low + int(np.searchsorted(self.tails[low:high], tail))
        return int(self.numbers[at]) if at < high and self.tails[at] == tail else None


def _merged(old: _Arrays | None, new: dict[bytes, int]) -> _Arrays:
    import numpy as np

    pairs = np.frombuffer(b"".join(new), ">u8").reshape(-1, 2).astype(np.uint64)
    heads, tails = pairs[:, 0], pairs[:, 1]
    numbers = np.fromiter(new.values(), np.int64, len(new))
    if old is not None:
        heads, tails = np.concatenate([old.heads, heads]), np.concatenate([old.tails, tails])
        numbers = np.concatenate([old.numbers, numbers])
    order = np.lexsort((tails, heads))
    return _Arrays(heads[order], tails[order], numbers[order])
