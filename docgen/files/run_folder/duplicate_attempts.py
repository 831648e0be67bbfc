"""Attempts that are twice in attempts.jsonl, as after copying the file into itself: counted, and read once."""

import re
from collections.abc import Iterator
from pathlib import Path

from docgen.files.append_log import read_lines

__all__ = ["count_repeated", "first_of_each"]

ATTEMPT = re.compile(rb'\{"slot":(\d+),"number":(\d+),"verdict":"(\w+)"')


MOST_SLOTS = 100_000_000
"""The most slots that a plan can have (`RunConfig.n`); an attempt with a higher number is not docgen's."""


def count_repeated(attempts: Path) -> int:
    """How many lines repeat an earlier attempt."""
    attempts_so_far = _Seen()
    return sum(attempts_so_far.again(line) for _, line in read_lines(attempts))


def first_of_each(attempts: Path) -> Iterator[bytes]:
    """The lines without those that repeat an earlier attempt."""
    attempts_so_far = _Seen()
    for _, line in read_lines(attempts):
        if not attempts_so_far.again(line):
            yield line + b"\n"


class _Seen:
    """The attempts so far, in a byte for each slot and attempt number; lines that are not attempts are kept whole."""

    def __init__(self) -> None:
        self._slots: dict[tuple[bytes, bytes], bytearray] = {}
        self._others: set[bytes] = set()

    def again(self, line: bytes) -> bool:
        """Whether the line is an attempt seen before; it counts as seen from now on."""
        match = ATTEMPT.match(line)
        slot = int(match[1]) if match else MOST_SLOTS
        if match is None or slot >= MOST_SLOTS:
            is_repeated = line in self._others
            self._others.add(line)
            return is_repeated
        slots = self._slots.setdefault((match[2], match[3]), bytearray())
        if slot >= len(slots):
            slots.extend(bytes(slot + 1 - len(slots)))
        is_repeated, slots[slot] = bool(slots[slot]), 1
        return is_repeated
