"""Texts as buffers for compiled code: one block of UTF-8 and the offsets of each text. Nothing is copied."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Never

import numpy as np
import numpy.typing as npt

__all__ = ["TextBuffers", "encode", "memory_at"]

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class TextBuffers:
    """Texts in UTF-8: text i is memory[starts[i]:ends[i]].

    `memory` reaches from the first byte of any text to the last. Nothing is said about what lies between texts, so only
    texts may be read.
    """

    memory: Bytes
    starts: Ints
    ends: Ints

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def sizes(self) -> Ints:
        """Bytes of each text."""
        sizes: Ints = self.ends - self.starts
        return sizes

    def bytes_of(self, row: int) -> bytes:
        """A copy of one text."""
        return self.memory[self.starts[row] : self.ends[row]].tobytes()

    def take(self, rows: Ints) -> "TextBuffers":
        """Some of the texts."""
        return replace(self, starts=self.starts[rows], ends=self.ends[rows])

    def __reduce__(self) -> Never:
        raise TypeError("texts by address cannot go to another process; send the texts")


def encode(texts: Sequence[str]) -> TextBuffers:
    """Python strings as UTF-8, in one copy. Lone surrogates pass; they are not letters."""
    parts = [text.encode("utf-8", "surrogatepass") for text in texts]
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), ends])[:-1]
    return TextBuffers(np.frombuffer(b"".join(parts), np.uint8), starts, ends)


def memory_at(address: int, size: int, owner: object) -> Bytes:
    """A read-only array over memory that is valid while `owner` is alive, to which the array keeps a reference."""
    return np.asarray(_Memory(address, size, owner))


class _Memory:
    """Memory as numpy takes it from other libraries (its array interface)."""

    def __init__(self, address: int, size: int, owner: object) -> None:
        self.__array_interface__ = {"data": (address, True), "shape": (size,), "typestr": "|u1", "version": 3}
        self._owner = owner
