"""Attempts that are in attempts.jsonl twice, as after copying the file into itself."""

import re
from collections.abc import Iterator
from pathlib import Path

from docgen.files.append_log import read_lines

__all__ = ["count_repeated", "first_of_each"]

ATTEMPT = re.compile(rb'\{"slot":(\d+),"number":(\d+),"verdict":"(\w+)"')


MOST_SLOTS = 100_000_000
"""The most that a plan can have (`RunConfig.n`); a higher number is not an attempt of docgen's."""


def count_repeated(attempts: Path) -> int:
    """How many lines repeat an earlier attempt."""
    seen = _Seen()
    return sum(seen.again(line) for _, line in read_lines(attempts))


def first_of_each(attempts: Path) -> Iterator[bytes]:
    """The lines without those that repeat an earlier attempt."""
    seen = _Seen()
    for _, line in read_lines(attempts):
        if not seen.again(line):
            yield line + b"\n"


class _Seen:
    """The attempts so far, in a byte for each slot and attempt's number; lines that are not attempts, whole."""

    def __init__(self) -> None:
        self._slots: dict[tuple[bytes, bytes], bytearray] = {}
        self._others: set[bytes] = set()

    def again(self, line: bytes) -> bool:
        """Whether the line is an attempt that was there before; from now on it was."""
        match = ATTEMPT.match(line)
        slot = int(match[1]) if match else MOST_SLOTS
        if match is None or slot >= MOST_SLOTS:
            known = line in self._others
            self._others.add(line)
            return known
        slots = self._slots.setdefault((match[2], match[3]), bytearray())
        if slot >= len(slots):
            slots.extend(bytes(slot + 1 - len(slots)))
        known, slots[slot] = bool(slots[slot]), 1
        return known
