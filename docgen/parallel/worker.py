"""A worker process for pure, CPU-bound work, so that a big job uses two cores.

It is spawned, so that it shares nothing with the parent; it leaves Ctrl-C to the parent and exits with it, however the
parent ends.
"""

import asyncio
import gc
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

__all__ = ["WorkerProcess", "available_cpus", "has_spare_core", "in_this_process", "prepare_worker", "worker_killed"]

GC_THRESHOLD = 20_000
"""Objects made before Python looks for cycles among them, as in the command line (docgen/cli/__init__.py). With
Python's 700 looking took 0.3 s of a worker's 7 in a scan of 50,000 documents."""

Input = TypeVar("Input")
Output = TypeVar("Output")


def available_cpus() -> int:
    """How many CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def has_spare_core() -> bool:
    """Whether this process may use a second core."""
    return available_cpus() > 1


class WorkerProcess(Generic[Input, Output]):
    """Runs the function that `build(*arguments)` returns, in a process of its own. Everything must be picklable.

    Items are processed in the order submitted. Raises `RunError` when the process is killed (by hand, or out of
    memory); an error of `build` is raised by the first item.
    """

    def __init__(self, build: Callable[..., Callable[[Input], Output]], *arguments: object) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(1, spawn, initializer=_initialise, initargs=(build, arguments))

    def submit(self, item: Input) -> "Future[Output]":
        """Start one item."""
        try:
            return self._pool.submit(_process, item)
        except BrokenProcessPool as error:
            raise worker_killed() from error

    def result(self, future: "Future[Output]") -> Output:
        """Wait for the result of a future from `submit`."""
        try:
            return future.result()
        except BrokenProcessPool as error:
            raise worker_killed() from error

    async def __call__(self, item: Input) -> Output:
        """The result for one item; the event loop keeps running meanwhile."""
        try:
            return await asyncio.wrap_future(self.submit(item))
        except BrokenProcessPool as error:
            raise worker_killed() from error

    def __enter__(self) -> "WorkerProcess[Input, Output]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)


def in_this_process(function: Callable[[Input], Output]) -> Callable[[Input], Awaitable[Output]]:
    """The async form of `function`, for jobs too small for a worker process."""

    async def apply(item: Input) -> Output:
        await asyncio.sleep(0)  # lets the event loop take in what arrived over the network meanwhile
        return function(item)

    return apply


def worker_killed() -> RunError:
    """The error for a worker process that was killed."""
    return RunError("a process of this run was killed", "memory", "Make room and run the same command again")


_function: list[Callable[[], Callable[[Any], Any]]] = []
"""In the worker: builds the function on first use, so that an error of `build` reaches the parent with an item."""


def _initialise(build: Callable[..., Callable[[Any], Any]], arguments: tuple[object, ...]) -> None:
    prepare_worker()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the parent decides when work is finished
    _function.append(cache(partial(build, *arguments)))


def _process(item: Any) -> Any:
    return _function[0]()(item)


def prepare_worker() -> None:
    """Make this worker ignore Ctrl-C, which the parent handles, exit with the parent, and rarely look for garbage."""

    def wait_for_parent() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    gc.set_threshold(GC_THRESHOLD, 20, 20)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=wait_for_parent, daemon=True).start()
