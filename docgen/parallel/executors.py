"""Where the tasks of a job over partitions run: in this process, in several, or on a Ray cluster (extra: docgen[ray]).

A task is a function of its arguments, importable by name and without side effects, so that it may be run again. A job
submits tasks, hands their results on to other tasks without looking at them, and collects what it needs itself.
"""

import logging
import multiprocessing
import os
import re
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any, Protocol, Self

from docgen.errors import ConfigError, RunError, UserError
from docgen.parallel.worker import ends_with_parent, gone, processors

__all__ = ["Executor", "Inline", "Processes", "RayExecutor"]

ADDRESS = "RAY_ADDRESS"
LACKING = re.compile(r"No module named '[^']*'|cannot import name .*|Can't get attribute .*")
"""How a worker says, in one way or another, that it does not know a task's function."""
ANSWER = 10.0
"""Seconds in which a cluster's address has to accept a connection; Ray itself would wait for minutes."""


class Executor(Protocol):
    """Where tasks run."""

    def share(self, value: Any) -> Any:
        """A handle for a value that many tasks take as an argument: sent to each worker once."""

    def submit(self, function: Callable[..., Any], *arguments: Any, results: int) -> list[Any]:
        """Start function(*arguments), which returns `results` values; a handle for each. Arguments may be handles."""

    def collect(self, handles: Sequence[Any]) -> list[Any]:
        """The values behind handles; an error of their tasks is raised as what it was."""


class Inline:
    """Computes at once, in this process."""

    def share(self, value: Any) -> Any:
        """The value itself."""
        return value

    def submit(self, function: Callable[..., Any], *arguments: Any, results: int) -> list[Any]:
        """Call it."""
        found = function(*arguments)
        return list(found) if results > 1 else [found]

    def collect(self, handles: Sequence[Any]) -> list[Any]:
        """They are the values."""
        return list(handles)


class Processes:
    """Processes of this machine, one for each processor unless `workers` says otherwise. To be used in a `with`.

    Arguments are sent with every task, so they should be small. Raises `RunError` when a process is killed.
    """

    def __init__(self, workers: int | None = None) -> None:
        count, spawn = workers or processors(), multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(count, spawn, initializer=ends_with_parent)

    def share(self, value: Any) -> Any:
        """The value itself."""
        return value

    def submit(self, function: Callable[..., Any], *arguments: Any, results: int) -> list[Any]:
        """Start a task once all that it takes is known."""
        known = [self.collect([given])[0] if isinstance(given, _Result) else given for given in arguments]
        try:
            future = self._pool.submit(function, *known)
        except BrokenProcessPool as error:
            raise gone() from error
        return [_Result(future, place if results > 1 else None) for place in range(results)]

    def collect(self, handles: Sequence[Any]) -> list[Any]:
        """Wait for values."""
        try:
            return [handle.value() for handle in handles]
        except BrokenProcessPool as error:
            raise gone() from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)
        if kind is not None:  # nobody waits for what they have begun
            for worker in multiprocessing.active_children():
                worker.terminate()


@dataclass(frozen=True)
class _Result:
    """What a task returned, or the part of it at `place`."""

    future: Future[Any]
    place: int | None

    def value(self) -> Any:
        found = self.future.result()
        return found if self.place is None else found[self.place]


class RayExecutor:
    """The cluster that RAY_ADDRESS names ("auto": the one running on this machine), else a new one on this machine.

    `workers` is the size of a new one (default: a worker for each processor). Ray runs a task again, up to three times,
    whose worker was killed. Raises `ConfigError` when there is no Ray or no cluster. To be closed, or used in a `with`.
    """

    def __init__(self, workers: int | None = None) -> None:
        try:
            import ray
        except ImportError as error:
            raise ConfigError("needs Ray", "--engine ray", "Install it: pip install 'docgen[ray]'") from error
        self._ray = ray
        self._remote: dict[Callable[..., Any], Any] = {}
        self._own = not ray.is_initialized()
        if self._own:
            self._connect(workers)

    def _connect(self, workers: int | None) -> None:
        address = os.environ.get(ADDRESS, "local")
        _check_address(address)
        size: dict[str, Any] = {"num_cpus": workers} if address == "local" else {}
        with _errors_kept() as kept:
            try:
                self._ray.init(
                    address, logging_level=logging.ERROR, include_dashboard=False, log_to_driver=False, **size
                )
            except (OSError, RuntimeError, ValueError) as error:
                kept.seek(0)
                said = ": ".join(
                    filter(None, [_first_line(error), _last_reason(kept.read().decode("utf-8", "replace"))])
                )
                where = "--engine ray" if address == "local" else f"{ADDRESS}={address}"
                raise ConfigError(f"Ray does not start ({said})", where, _fix(address)) from error

    def share(self, value: Any) -> Any:
        """Put it into Ray's object store."""
        return self._ray.put(value)

    def submit(self, function: Callable[..., Any], *arguments: Any, results: int) -> list[Any]:
        """Start a task; its results stay in Ray's object store."""
        if function not in self._remote:
            self._remote[function] = self._ray.remote(function)
        handles = self._remote[function].options(num_returns=results).remote(*arguments)
        return list(handles) if results > 1 else [handles]

    def collect(self, handles: Sequence[Any]) -> list[Any]:
        """Fetch values; raises `RunError` when workers died too often, `ConfigError` when they lack docgen."""
        try:
            return list(self._ray.get(list(handles)))
        except self._ray.exceptions.RayTaskError as error:
            raise _meant(error) from error
        except self._ray.exceptions.RayError as error:
            what = f"Ray gave a task up: {type(error).__name__} ({_first_line(error)})"
            fix = "See `ray status` and the workers' memory, then run the same command again"
            raise RunError(what, "--engine ray", fix) from error

    def close(self) -> None:
        """Leave the cluster, which ends what still runs there; a cluster of our own stops."""
        if self._own:
            self._ray.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def _errors_kept() -> Iterator[IO[bytes]]:
    """Standard error goes to this file: while it connects, Ray's compiled part writes a line there every second."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept, os.fdopen(os.dup(2), "wb") as before:
        os.dup2(kept.fileno(), 2)
        try:
            yield kept
        finally:
            os.dup2(before.fileno(), 2)


def _last_reason(said: str) -> str:
    """Why the cluster was not reached, as the last line says."""
    lines = said.strip().splitlines()
    return lines[-1].rpartition("server: ")[2][:160] if lines else ""


def _check_address(address: str) -> None:
    """Whether somebody listens at host:port; other forms ("auto", "ray://...") are left to Ray."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "/" in host:
        return
    try:
        socket.create_connection((host, int(port)), ANSWER).close()
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"no cluster answers ({_first_line(error)})", f"{ADDRESS}={address}", _fix(address)
        ) from error


def _fix(address: str) -> str:
    if address == "local":
        return "Try: ray start --head"
    token = "a cluster with a token wants RAY_AUTH_MODE=token and RAY_AUTH_TOKEN"
    return f"Start one with `ray start --head`, correct {ADDRESS}, or unset it; {token}"


def _meant(error: Any) -> BaseException:
    """The error of the task itself."""
    cause: BaseException = getattr(error, "cause", None) or error
    lacking = LACKING.search(str(cause))
    if isinstance(cause, UserError) or not lacking or "docgen" not in str(cause):
        return cause
    what = f"the workers have no docgen, or another version ({lacking[0]})"
    return ConfigError(what, "--engine ray", "Install the same version on every node: pip install 'docgen[ray]'")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160].rstrip(".")
