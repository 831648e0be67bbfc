"""Attempts that are in attempts.jsonl twice, as after copying the file into itself."""

import re
from collections.abc import Iterator
from pathlib import Path

from docgen.files.append_log import read_lines

__all__ = ["count_repeated", "first_of_each"]

ATTEMPT = re.compile(rb'\{"slot":(\d+),"number":(\d+),"verdict":"(\w+)"')


def count_repeated(attempts: Path) -> int:
    """How many lines repeat an earlier attempt."""
    seen, repeated = set[tuple[bytes, ...]](), 0
    for _, line in read_lines(attempts):
        key = _slot_and_number(line)
        repeated += key in seen
        seen.add(key)
    return repeated


def first_of_each(attempts: Path) -> Iterator[bytes]:
    """The lines without those that repeat an earlier attempt."""
    seen = set[tuple[bytes, ...]]()
    for _, line in read_lines(attempts):
        key = _slot_and_number(line)
        if key not in seen:
            seen.add(key)
            yield line + b"\n"


def _slot_and_number(line: bytes) -> tuple[bytes, ...]:
    """What tells one attempt from another; the line itself where it is not an attempt as docgen writes them."""
    match = ATTEMPT.match(line)
    return match.groups() if match else (line,)
