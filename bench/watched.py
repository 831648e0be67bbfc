"""A Ray cluster on this machine of whose workers the peak memory is kept."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from docgen.parallel.executors import RayExecutor

__all__ = ["Watched", "apart", "peak"]

T = TypeVar("T")


class Watched(RayExecutor):
    """`peaks()`: the most megabytes that each worker process held, pages shared with Ray's object store included."""

    def __init__(self, workers: int, folder: Path) -> None:
        root = str(Path(__file__).resolve().parent.parent)
        os.environ.pop("RAY_ADDRESS", None)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        super().__init__(workers)
        self._folder = folder

    def submit(self, function: Callable[..., Any], *arguments: Any, results: int) -> list[Any]:
        """Start it, and look at the worker's memory at its end."""
        return super().submit(noting, self._folder, function, *arguments, results=results)

    def peaks(self) -> list[float]:
        """One for each worker, the largest first."""
        return sorted((float(file.read_text()) for file in self._folder.iterdir()), reverse=True)


def noting(folder: Path, function: Callable[..., Any], *arguments: Any) -> Any:
    """The function's value; leaves the peak so far of this process in the folder."""
    result = function(*arguments)
    (folder / str(os.getpid())).write_text(str(peak()))
    return result


def peak() -> float:
    """The most megabytes that this process held (Linux)."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def apart(function: Callable[..., T], *arguments: Any) -> T:
    """The function's value, worked out in a new process, whose peak is its own."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(function, *arguments).result()
