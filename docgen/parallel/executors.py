"""Executors for jobs over partitions: this process, a process pool, or a Ray cluster (extra: docgen[ray]).

A task is a pure function, importable by name, so that it can be rerun. A job submits tasks, passes the handles of their
results to other tasks, and collects the values that it needs itself.
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
from docgen.parallel.worker import available_cpus, prepare_worker, worker_killed

__all__ = ["Executor", "InlineExecutor", "ProcessExecutor", "RayExecutor"]

ADDRESS = "RAY_ADDRESS"


class Executor(Protocol):
    """Runs tasks somewhere and returns handles to their results."""

    def share(self, value: Any) -> Any:
        """A handle for a value that many tasks take as an argument; sent to each worker once."""

    def submit(self, function: Callable[..., Any], *arguments: Any, results: int) -> list[Any]:
        """Start function(*arguments), which returns `results` values; one handle each. Arguments may be handles."""

    def collect(self, handles: Sequence[Any]) -> list[Any]:
        """Wait for the values behind handles. Raises a task's own error if it failed."""


class InlineExecutor:
    """Runs each task at once, in this process."""

    def share(self, value: Any) -> Any:
        """The value itself."""
        return value

    def submit(self, function: Callable[..., Any], *arguments: Any, results: int) -> list[Any]:
        """Call the function; the handles are its values."""
        value = function(*arguments)
        return list(value) if results > 1 else [value]

    def collect(self, handles: Sequence[Any]) -> list[Any]:
        """The handles, which are the values."""
        return list(handles)


class ProcessExecutor:
    """A pool of processes on this machine, one per CPU by default; a context manager.

    Arguments are sent with every task, so keep them small. Raises `RunError` when a process is killed.
    """

    def __init__(self, workers: int | None = None) -> None:
        count, spawn = workers or available_cpus(), multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(count, spawn, initializer=prepare_worker)

    def share(self, value: Any) -> Any:
        """The value itself."""
        return value

    def submit(self, function: Callable[..., Any], *arguments: Any, results: int) -> list[Any]:
        """Start a task, after waiting for the handles among its arguments."""
        values = [self.collect([value])[0] if isinstance(value, _Result) else value for value in arguments]
        try:
            future = self._pool.submit(function, *values)
        except BrokenProcessPool as error:
            raise worker_killed() from error
        return [_Result(future, index if results > 1 else None) for index in range(results)]

    def collect(self, handles: Sequence[Any]) -> list[Any]:
        """Wait for the values."""
        try:
            return [handle.value() for handle in handles]
        except BrokenProcessPool as error:
            raise worker_killed() from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)
        if kind is not None:  # nobody will collect what is still running
            for worker in multiprocessing.active_children():
                worker.terminate()


@dataclass(frozen=True)
class _Result:
    """Handle to a task's return value, or to the item at `index` of it."""

    future: Future[Any]
    index: int | None

    def value(self) -> Any:
        value = self.future.result()
        return value if self.index is None else value[self.index]


class RayExecutor:
    """The Ray cluster at RAY_ADDRESS ("auto": the one running on this machine), else a new one on this machine.

    `workers` is the size of a new one, by default one worker per CPU. Ray reruns a task whose worker was killed up to
    three times. Raises `ConfigError` when Ray is not installed or the cluster cannot be reached. Close it, or use it as
    a context manager.
    """

    def __init__(self, workers: int | None = None) -> None:
        try:
            import ray
        except ImportError as error:
            raise ConfigError("Ray is not installed", "--engine ray", "Run: pip install 'docgen[ray]'") from error
        self._ray = ray
        self._remote: dict[Callable[..., Any], Any] = {}
        self._own = not ray.is_initialized()
        if not self._own:
            return
        address = os.environ.get(ADDRESS, "local")
        _check_address(address)
        size: dict[str, Any] = {"num_cpus": workers} if address == "local" else {}
        with _captured_stderr() as stderr:
            try:
                self._ray.init(
                    address, logging_level=logging.ERROR, include_dashboard=False, log_to_driver=False, **size
                )
            except (OSError, RuntimeError, ValueError) as error:
                stderr.seek(0)
                lines = stderr.read().decode("utf-8", "replace").strip().splitlines()
                reason = lines[-1].rpartition("server: ")[2][:160] if lines else ""  # why it could not be reached
                detail = ": ".join(filter(None, [_first_line(error), reason]))
                where = "--engine ray" if address == "local" else f"{ADDRESS}={address}"
                raise ConfigError(f"Ray does not start ({detail})", where, _fix(address)) from error

    def share(self, value: Any) -> Any:
        """Put the value into Ray's object store."""
        return self._ray.put(value)

    def submit(self, function: Callable[..., Any], *arguments: Any, results: int) -> list[Any]:
        """Start a task; its results stay in Ray's object store."""
        if function not in self._remote:
            self._remote[function] = self._ray.remote(function)
        handles = self._remote[function].options(num_returns=results).remote(*arguments)
        return list(handles) if results > 1 else [handles]

    def collect(self, handles: Sequence[Any]) -> list[Any]:
        """Fetch the values. Raises `RunError` when workers died too often, `ConfigError` when they lack docgen."""
        try:
            return list(self._ray.get(list(handles)))
        except self._ray.exceptions.RayTaskError as error:
            raise _task_error(error) from error
        except self._ray.exceptions.RayError as error:
            what = f"Ray gave up a task: {type(error).__name__} ({_first_line(error)})"
            fix = "Check `ray status` and the workers' memory, then run the same command again"
            raise RunError(what, "--engine ray", fix) from error

    def close(self) -> None:
        """Disconnect, which ends the tasks still running; a cluster that was started here is shut down."""
        if self._own:
            self._ray.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def _captured_stderr() -> Iterator[IO[bytes]]:
    """A file that receives standard error: while connecting, Ray's C++ core writes a line there every second."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as captured, os.fdopen(os.dup(2), "wb") as original:
        os.dup2(captured.fileno(), 2)
        try:
            yield captured
        finally:
            os.dup2(original.fileno(), 2)


def _check_address(address: str) -> None:
    """Raise `ConfigError` unless something listens at host:port; other forms ("auto", "ray://...") are left to Ray."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "/" in host:
        return
    try:
        socket.create_connection((host, int(port)), timeout=10.0).close()  # Ray itself would wait for minutes
    except (OSError, OverflowError) as error:
        what = f"no cluster answers ({_first_line(error)})"
        raise ConfigError(what, f"{ADDRESS}={address}", _fix(address)) from error


def _fix(address: str) -> str:
    if address == "local":
        return "Try: ray start --head"
    token = "a cluster with a token needs RAY_AUTH_MODE=token and RAY_AUTH_TOKEN"
    return f"Start one with `ray start --head`, correct {ADDRESS}, or unset it; {token}"


def _task_error(error: Any) -> BaseException:
    """The task's own error; `ConfigError` if the worker could not import the task."""
    cause: BaseException = getattr(error, "cause", None) or error
    import_error = re.search(r"No module named '[^']*'|cannot import name .*|Can't get attribute .*", str(cause))
    if isinstance(cause, UserError) or not import_error or "docgen" not in str(cause):
        return cause
    what = f"docgen is missing on the workers, or is another version ({import_error[0]})"
    return ConfigError(what, "--engine ray", "Install the same version on every node: pip install 'docgen[ray]'")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160].rstrip(".")
