"""Compilation of kernels by numba, once: the machine code is cached beside the source or in the user's cache."""

from collections.abc import Callable
from typing import Any

from numba import njit

__all__ = ["compiled"]


def compiled(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function for one signature, to run without the GIL.

    numba caches in NUMBA_CACHE_DIR, beside the source file, or in ~/.cache/numba. Where none of them can be written to
    it refuses; then the function is compiled anew in every process, which takes seconds but works.
    """

    def compile_it(function: Callable[..., Any]) -> Any:
        try:
            return njit(signature, nogil=True, cache=True)(function)
        except RuntimeError as error:
            if "no locator available" not in str(error):
                raise
            return njit(signature, nogil=True)(function)

    return compile_it
