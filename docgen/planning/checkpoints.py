"""A plan is made in segments, each finished before the next, so that a larger plan begins with the smaller one."""

from collections.abc import Callable, Iterable

__all__ = ["checkpoints", "in_segments"]

FIRST = (10, 20, 30, 40, 50, 60, 70, 80, 90)
"""The first checkpoints; then ten times `LATER`, a hundred times, and so on."""
LATER = (10, 15, 20, 25, *FIRST[2:])


def checkpoints(n: int) -> list[int]:
    """The sizes below n that plans are finished at, whatever n is, and n itself.

    Few, since every segment rounds shares to whole documents and takes time of its own; but those that people ask for.
    """
    ends, scale = list(FIRST), 10
    while ends[-1] < n:
        ends += [scale * end for end in LATER]
        scale *= 10
    return [*(end for end in ends if end < n), n]


def in_segments(ends: Iterable[int], attempt: Callable[[int, int], bool]) -> tuple[tuple[int, ...], bool]:
    """Plan segment after segment; `attempt(start, end)` plans one and says whether the plan may end there.

    A segment that cannot be planned by itself is tried again together with what follows, twice as long at least, so
    that all attempts together cost no more than a few plans. Returns where the segments end, the last of `ends`
    included, and whether the last one was planned.
    """
    cuts: list[int] = []
    start, due, good, last = 0, 0, True, list(ends)[-1]
    for end in ends:
        if end < due and end != last:
            continue
        good = attempt(start, end)
        if good or end == last:
            cuts.append(end)
            start = end
        else:
            due = end + (end - start)
    return tuple(cuts), good
