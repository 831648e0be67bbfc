"""Checkpoints: the sizes at which segments of a plan end, so that a larger plan begins with a smaller one."""

from collections.abc import Callable, Iterable

__all__ = ["checkpoints", "plan_segments"]


def checkpoints(n: int) -> list[int]:
    """The checkpoints below n, which do not depend on n, followed by n itself.

    They are the round sizes that people ask for, and few: every segment rounds shares to whole documents and costs
    planning time. Chosen, not tuned: 10, 20, ..., 90, then 100, 150, 200, 250, 300, 400, ..., 900 and so on by decades.
    """
    tens = list(range(10, 100, 10))
    ends, scale = tens.copy(), 10
    while ends[-1] < n:
        ends += [scale * size for size in (10, 15, 20, 25, *tens[2:])]
        scale *= 10
    return [*(end for end in ends if end < n), n]


def plan_segments(ends: Iterable[int], plan_segment: Callable[[int, int], bool]) -> tuple[tuple[int, ...], bool]:
    """Plan segment after segment; `plan_segment(start, end)` returns whether its result can stand by itself.

    A segment that cannot is planned again together with what follows, at least doubling each time, so that all attempts
    together cost no more than a few plans. Returns the ends of the segments, always including the last of `ends`, and
    whether the last segment succeeded.
    """
    segment_ends: list[int] = []
    start, retry_at, succeeded, last = 0, 0, True, list(ends)[-1]
    for end in ends:
        if end < retry_at and end != last:
            continue
        succeeded = plan_segment(start, end)
        if succeeded or end == last:
            segment_ends.append(end)
            start = end
        else:
            retry_at = end + (end - start)
    return tuple(segment_ends), succeeded
