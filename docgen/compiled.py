"""Compilation of kernels by numba, once: the machine code is cached beside the source or in the user's cache."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["compiled", "without_blas"]

BLAS = "scipy.linalg.cython_blas"


def compiled(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function for one signature, to run without the GIL.

    numba caches in NUMBA_CACHE_DIR, beside the source file, or in ~/.cache/numba. Where none of them can be written to
    it refuses; then the function is compiled anew in every process, which takes seconds but works.
    """

    from numba import njit

    def compile_it(function: Callable[..., Any]) -> Any:
        try:
            return njit(signature, nogil=True, cache=True)(function)
        except RuntimeError as error:
            if "no locator available" not in str(error):
                raise
            return njit(signature, nogil=True)(function)

    return compile_it


@contextmanager
def without_blas() -> Iterator[None]:
    """Import numba without SciPy's linear algebra, for a program that is ours alone.

    numba loads all of scipy.linalg to see whether there is a BLAS, a third of its start-up, and none of our kernels
    multiplies matrices. In this process `np.dot` will then not compile, so libraries must leave this alone.
    """
    if BLAS in sys.modules or "numba" in sys.modules:
        yield
        return
    sys.modules[BLAS] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[BLAS]
