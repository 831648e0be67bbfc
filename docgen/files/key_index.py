"""Where in a file each of millions of keys stands, in 24 bytes for each."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["KeyIndex"]

TOGETHER = 1 << 16
"""New keys kept apart before they are sorted in. Chosen: 10 MB of them; a million keys are sorted in sixteen times."""
KEY_BYTES = 16
SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


class KeyIndex:
    """From keys of 16 bytes to whole numbers below 2**63; a key that is there keeps its first number.

    Keys of another length are kept too, at a dictionary's price.
    """

    def __init__(self) -> None:
        self._new: dict[bytes, int] = {}
        self._odd: dict[bytes, int] = {}
        self._heads = np.empty(0, np.uint64)
        self._tails = np.empty(0, np.uint64)
        self._numbers = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._numbers) + len(self._new) + len(self._odd)

    def get(self, key: bytes) -> int | None:
        """The number of a key; None if it is not there."""
        if len(key) != KEY_BYTES:
            return self._odd.get(key)
        number = self._new.get(key)
        return self._sorted(key) if number is None else number

    def add(self, key: bytes, number: int) -> None:
        """Add a key, unless it is there."""
        if self.get(key) is not None:
            return
        (self._new if len(key) == KEY_BYTES else self._odd)[key] = number
        if len(self._new) >= TOGETHER:
            self._sort_in()

    def __iter__(self) -> Iterator[bytes]:
        """All keys, in the order of their numbers."""
        self._sort_in()
        pairs = np.stack([self._heads, self._tails], axis=1).astype(">u8")
        for row in np.argsort(self._numbers):
            yield pairs[row].tobytes()
        yield from self._odd

    def _sorted(self, key: bytes) -> int | None:
        head, tail = (np.uint64(int.from_bytes(part, "big")) for part in (key[:8], key[8:]))
        low, high = (int(np.searchsorted(self._heads, head, side)) for side in SIDES)
        at = low + int(np.searchsorted(self._tails[low:high], tail))
        return int(self._numbers[at]) if at < high and self._tails[at] == tail else None

    def _sort_in(self) -> None:
        if not self._new:
            return
        pairs = np.frombuffer(b"".join(self._new), ">u8").reshape(-1, 2).astype(np.uint64)
        heads, tails = np.concatenate([self._heads, pairs[:, 0]]), np.concatenate([self._tails, pairs[:, 1]])
        order = np.lexsort((tails, heads))
        self._heads, self._tails = heads[order], tails[order]
        self._numbers = _joined(self._numbers, self._new)[order]
        self._new.clear()


def _joined(numbers: npt.NDArray[np.int64], new: dict[bytes, int]) -> npt.NDArray[np.int64]:
    return np.concatenate([numbers, np.fromiter(new.values(), np.int64, len(new))])
