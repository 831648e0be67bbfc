"""How every function of this package's sources is compiled when another one calls it."""

from numba import njit

__all__ = ["inner"]

inner = njit(nogil=True, error_model="numpy")
"""Division by zero gives infinity, as in numpy, instead of a Python error that compiled code would have to carry."""
