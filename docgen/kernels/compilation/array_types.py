"""The array types of kernels' parameters: for mypy what numpy has, for numba how it reads them.

A kernel is compiled once, for the types that it is annotated with; `numba_type` turns an annotation into numba's
notation (`uint64[:, ::1]`: two dimensions, rows one after the other in memory).
"""

from typing import Annotated, Any, get_args

import numpy as np
import numpy.typing as npt

__all__ = [
    "Bytes",
    "Flags",
    "Floats",
    "HashTable",
    "Hashes",
    "IntTable",
    "Ints",
    "PlaceTable",
    "Places",
    "Text",
    "WordTable",
    "Words",
    "numba_type",
]

Text = Annotated[npt.NDArray[np.uint8], "Array(uint8, 1, 'C', readonly=True)"]
"""Memory that belongs to somebody else, in which texts lie."""
Bytes = Annotated[npt.NDArray[np.uint8], "uint8[::1]"]
Flags = Annotated[npt.NDArray[np.bool_], "boolean[::1]"]
Floats = Annotated[npt.NDArray[np.float64], "float64[::1]"]
Ints = Annotated[npt.NDArray[np.int64], "int64[::1]"]
IntTable = Annotated[npt.NDArray[np.int64], "int64[:, ::1]"]
Places = Annotated[npt.NDArray[np.int32], "int32[::1]"]
PlaceTable = Annotated[npt.NDArray[np.int32], "int32[:, ::1]"]
Words = Annotated[npt.NDArray[np.uint32], "uint32[::1]"]
WordTable = Annotated[npt.NDArray[np.uint32], "uint32[:, ::1]"]
Hashes = Annotated[npt.NDArray[np.uint64], "uint64[::1]"]
HashTable = Annotated[npt.NDArray[np.uint64], "uint64[:, ::1]"]

SCALARS = {int: "int64", float: "float64", bool: "boolean", None: "void"}


def numba_type(annotation: Any) -> str:
    """How numba writes the type of an annotation, e.g. "int64[::1]" for `Ints`."""
    return SCALARS[annotation] if annotation in SCALARS else str(get_args(annotation)[1])
