"""The decorators that compile kernels, and the functions that kernels call."""

from functools import partial
from typing import Any

from numba import njit

__all__ = ["inner", "jit"]

jit: Any = partial(njit, nogil=True, error_model="numpy")
"""Compiled code releases Python's lock; division by zero gives infinity, as in numpy, not a Python error."""

inner = jit()
"""For functions that only kernels call: compiled into each of them."""
