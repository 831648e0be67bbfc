"""Numba's compiler over the kernels, with its cache in a folder of docgen's own.

Numba looks for a cached kernel by the source of the file that the kernel stands in. A function of another file that is
compiled into it may change without notice, so the folder is named after the source of all kernels.
"""

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numba

from docgen.kernels.compilation.array_types import numba_type
from docgen.kernels.compilation.cache import digest_of, kernel_cache
from docgen.kernels.compilation.jit_decorators import jit

__all__ = ["compiled", "signature"]

Function = Callable[..., Any]

SOURCE = Path(__file__).parents[1]
LOADING = Lock()
"""Two threads may ask for their first kernel at the same time."""


def compiled(name: str, modules: dict[str, str]) -> Function:
    """The kernel `name`, from the cache or compiled with all others, which takes some twenty seconds.

    `modules` says in which module of this package each kernel is written. A call with arguments of other types than
    those declared raises TypeError.
    """
    with LOADING:
        folder = _cache_folder(tuple(modules.items()))
        return _compile(_source(modules[name], name), folder)


@cache
def _cache_folder(kernels: tuple[tuple[str, str], ...]) -> Path | None:
    """The folder with all kernels compiled; None where none can be made."""

    def compile_into(folder: Path) -> None:
        if sys.stderr.isatty():
            print("Compiling for this processor (once, some twenty seconds) ...", file=sys.stderr, flush=True)
        for name, module in kernels:
            _compile(_source(module, name), folder)

    compiler = (f"numba {numba.__version__}", f"llvmlite {llvmlite.__version__}")
    processor = (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    try:
        return kernel_cache((str(SOURCE), *compiler, *processor), digest_of(SOURCE), compile_into)
    except OSError:  # no room on any disk: each kernel is compiled when it is asked for
        return None


def _source(module: str, name: str) -> Function:
    source: Function = getattr(import_module(f"docgen.kernels.{module}"), name)
    return source


def _compile(source: Function, folder: Path | None) -> Function:
    with _numba_caches_in(folder):
        kernel: Function = jit(signature(source), cache=folder is not None)(source)
    return kernel


def signature(kernel: Function) -> str:
    """The types that a kernel is annotated with, in numba's notation: result(parameter, ...)."""
    hints = inspect.get_annotations(kernel)
    result = numba_type(hints.pop("return"))
    return f"{result}({', '.join(map(numba_type, hints.values()))})"


@contextmanager
def _numba_caches_in(folder: Path | None) -> Iterator[None]:
    """Numba reads its setting when a function is decorated; other code in this process keeps its own."""
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder or before)
    try:
        yield
    finally:
        config.CACHE_DIR = before
