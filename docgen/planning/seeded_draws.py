"""Stateless seeded draws: every draw is a function of what it is for, so no draw depends on another."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from docgen.text import digest

__all__ = ["Bits", "key_of", "mix", "radical_inverse"]

Bits: TypeAlias = npt.NDArray[np.uint64]


def key_of(*parts: str | int) -> int:
    """A 64-bit key from names and numbers, the same on every machine."""
    return int(digest(*(f"{type(part).__name__}:{part}" for part in parts), size=8), 16)


def mix(key: int | Bits, numbers: npt.ArrayLike) -> Bits:
    """64 well-mixed bits for each number under its key (SplitMix64 with its constants, Steele et al. 2014)."""
    keys = np.asarray(key, dtype=np.uint64)
    with np.errstate(over="ignore"):
        z = np.asarray(numbers).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + keys
        z ^= z >> np.uint64(30)
        z *= np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> np.uint64(27)
        z *= np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return z


def radical_inverse(numbers: npt.ArrayLike) -> Bits:
    """The 32 low bits of each number in reverse order: van der Corput's sequence, as integers below 2**32."""
    x = np.asarray(numbers).astype(np.uint64) & np.uint64(0xFFFFFFFF)
    for shift, mask in ((1, 0x55555555), (2, 0x33333333), (4, 0x0F0F0F0F), (8, 0x00FF00FF), (16, 0x0000FFFF)):
        x = ((x >> np.uint64(shift)) & np.uint64(mask)) | ((x & np.uint64(mask)) << np.uint64(shift))
    return x
