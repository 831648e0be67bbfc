# mypy: allow-untyped-defs, allow-untyped-calls, disable-error-code="call-arg"
"""Compiled search for texts that composition (NFC) may change, so that few have to be looked at in Python."""

import numpy as np

from docgen.kernels.compilation.array_types import Flags, Ints, Text
from docgen.kernels.compilation.jit_decorators import inner
from docgen.kernels.words import load_u64

__all__ = ["flag_composing"]

ASCII_BYTES = np.uint64(0x8080808080808080)
"""The highest bit of each of eight bytes, which ASCII does not set."""


@inner
def _may_compose(memory, pos, limit, inert):
    while pos < limit:
        if pos + 8 <= limit and load_u64(memory, np.uint64(pos)) & ASCII_BYTES == np.uint64(0):
            pos += 8
            continue
        lead = np.int64(memory[pos])
        pos += 1
        if lead < 0x80:
            continue
        trail = 1 if lead < 0xE0 else (2 if lead < 0xF0 else 3)
        if lead < 0xC2 or lead > 0xF4 or pos + trail > limit:
            return True
        point = lead & (0x3F >> trail)
        for i in range(trail):
            byte = np.int64(memory[pos + i])
            if byte & 0xC0 != 0x80:
                return True
            point = (point << 6) | (byte & 0x3F)
        if point >= len(inert) or not inert[point]:
            return True
        pos += trail
    return False


def flag_composing(memory: Text, starts: Ints, ends: Ints, inert: Flags, flags: Flags) -> None:
    """Set flags[i] to whether document i holds malformed UTF-8 or a character that is not ASCII and not `inert`.

    `inert` (by code point) says which characters composition leaves alone; those beyond its end it may change.
    """
    for row in range(len(starts)):
        flags[row] = _may_compose(memory, starts[row], ends[row], inert)
