"""Texts as compiled code takes them: an address, and where each text starts and ends there. Nothing is copied."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Never

import numpy as np
import numpy.typing as npt

__all__ = ["Utf8", "encode"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Utf8:
    """Texts in UTF-8: text i lies at `memory` + starts[i] to `memory` + ends[i]. `owner` keeps that memory alive."""

    memory: int
    starts: Ints
    ends: Ints
    owner: object

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def sizes(self) -> Ints:
        """Bytes of each text."""
        sizes: Ints = self.ends - self.starts
        return sizes

    def bytes_of(self, row: int) -> bytes:
        """A copy of one text."""
        return ctypes.string_at(self.memory + int(self.starts[row]), int(self.ends[row] - self.starts[row]))

    def take(self, rows: Ints) -> "Utf8":
        """Some of the texts."""
        return replace(self, starts=self.starts[rows], ends=self.ends[rows])

    def __reduce__(self) -> Never:
        raise TypeError("texts by address cannot go to another process; send the texts")


def encode(texts: Sequence[str]) -> Utf8:
    """Python strings as UTF-8, in one copy. Lone surrogates pass; they are no letters."""
    parts = [text.encode("utf-8", "surrogatepass") for text in texts]
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    data = np.frombuffer(b"".join(parts), np.uint8)
    starts = np.concatenate([np.zeros(1, np.int64), ends])[:-1]
    return Utf8(data.__array_interface__["data"][0], starts, ends, data)
