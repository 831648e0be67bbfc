"""Measures one contestant from within its own process; standard library only, as it runs in the peers' venvs too."""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["Prompts", "contestant", "count_tokens_by_words", "resident"]

SYSTEM = (
    "You write documents from inside a fictional world. " + "The world has rules, and the documents keep them. " * 60
)
USER = "Write document {number} of this run: an internal memo of 300 words about the archive, dated and signed."


class Prompts:
    """The same prompts for every contestant."""

    system = SYSTEM

    @staticmethod
    def user(number: int) -> str:
        """The user's part of request `number`."""
        return USER.format(number=number)


def resident() -> int:
    """Resident memory now, in kB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def contestant(run: Callable[[str, int, int, Path], int], version: str) -> None:
    """Call `run(url, n, concurrency, folder)`, which returns how many replies it got; print what that took as JSON."""
    url, n, concurrency, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    before, cpu, start = resident(), _cpu(), time.perf_counter()
    replies = run(url, n, concurrency, folder)
    seconds = time.perf_counter() - start
    row = {
        "version": version,
        "replies": replies,
        "seconds": seconds,
        "cpu": _cpu() - cpu,
        "grown_kb": resident() - before,
        "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "disk": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
    }
    print("RESULT " + json.dumps(row), flush=True)


def count_tokens_by_words() -> None:
    """Give tiktoken an encoding that needs no download; cheaper than the real one, to the peer's advantage."""
    import tiktoken

    class Words:
        def encode(self, text: str, **_: object) -> list[str]:
            return text.split()

    tiktoken.get_encoding = lambda _: Words()


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
