"""A second process for work that is pure and heavy, so that a big job uses two cores.

Started by spawning, so that it shares nothing with the first; it leaves Ctrl-C to the first process and ends with it,
however that ends.
"""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache, partial
from types import TracebackType
from typing import Any, Generic, TypeVar

from docgen.errors import RunError

__all__ = ["Beside", "ends_with_parent", "gone", "here", "processors", "spare_core"]

Given = TypeVar("Given")
Made = TypeVar("Made")


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spare_core() -> bool:
    """Whether this process may use a second core."""
    return processors() > 1


class Beside(Generic[Given, Made]):
    """Applies the function that `build(*arguments)` makes, in a process of its own; all of it has to be picklable.

    Work is done in the order given. Raises `RunError` when the process is gone (killed, or out of memory).
    """

    def __init__(self, build: Callable[..., Callable[[Given], Made]], *arguments: object) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(1, spawn, initializer=_begin, initargs=(build, arguments))

    def submit(self, given: Given) -> "Future[Made]":
        """Begin; the future has the result."""
        try:
            return self._pool.submit(_apply, given)
        except BrokenProcessPool as error:
            raise gone() from error

    def result(self, future: "Future[Made]") -> Made:
        """What `submit` promised; waits for it."""
        try:
            return future.result()
        except BrokenProcessPool as error:
            raise gone() from error

    async def __call__(self, given: Given) -> Made:
        """The result; the event loop goes on meanwhile."""
        try:
            return await asyncio.wrap_future(self.submit(given))
        except BrokenProcessPool as error:
            raise gone() from error

    def __enter__(self) -> "Beside[Given, Made]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)


def here(function: Callable[[Given], Made]) -> Callable[[Given], Awaitable[Made]]:
    """The same for work that stays in this process."""

    async def apply(given: Given) -> Made:
        await asyncio.sleep(0)  # what came in over the network meanwhile is taken in first
        return function(given)

    return apply


def gone() -> RunError:
    """What to say when a second process was killed."""
    return RunError("a process of this run was killed", "memory", "Make room and run the same command again")


_making: list[Callable[[], Callable[[Any], Any]]] = []
"""In the second process: makes what it applies, once. An error of the making is the first piece of work's."""


def _begin(build: Callable[..., Callable[[Any], Any]], arguments: tuple[object, ...]) -> None:
    ends_with_parent()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the first process decides what is finished
    _making.append(cache(partial(build, *arguments)))


def ends_with_parent() -> None:
    """Have this process, a second one, leave Ctrl-C to the first and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _apply(given: Any) -> Any:
    return _making[0]()(given)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
