"""Where polars keeps its strings, by the Arrow C stream interface and no further library.

Polars holds strings as Arrow string views: 16 bytes each, (length, inlined bytes) up to 12 bytes, else (length, prefix,
buffer number, offset). See "Variable-size Binary View Layout" in the Arrow columnar format, and the Arrow C data,
C stream and PyCapsule interfaces.
"""

import ctypes
import weakref
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_int, c_int64, c_void_p
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from docgen.corpus.utf8 import Utf8

__all__ = ["utf8_of"]

INLINED, VIEW = 12, 16
"""Bytes of the longest string that lies in its view, and of a view."""


class _Schema(ctypes.Structure):
    _fields_ = (
        ("format", c_char_p), ("name", c_char_p), ("metadata", c_char_p), ("flags", c_int64), ("n_children", c_int64),
        ("children", c_void_p), ("dictionary", c_void_p), ("release", c_void_p), ("private_data", c_void_p),
    )  # fmt: skip


class _Array(ctypes.Structure):
    _fields_ = (
        ("length", c_int64), ("null_count", c_int64), ("offset", c_int64), ("n_buffers", c_int64),
        ("n_children", c_int64), ("buffers", POINTER(c_void_p)), ("children", c_void_p), ("dictionary", c_void_p),
        ("release", c_void_p), ("private_data", c_void_p),
    )  # fmt: skip


class _Stream(ctypes.Structure):
    _fields_ = (
        ("get_schema", CFUNCTYPE(c_int, c_void_p, POINTER(_Schema))),
        ("get_next", CFUNCTYPE(c_int, c_void_p, POINTER(_Array))),
        ("get_last_error", CFUNCTYPE(c_char_p, c_void_p)),
        ("release", c_void_p),
        ("private_data", c_void_p),
    )


def _release(structure: _Schema | _Array) -> None:
    if structure.release:
        CFUNCTYPE(None, c_void_p)(structure.release)(ctypes.addressof(structure))


def utf8_of(text: pl.Series) -> Utf8:
    """The strings of a String series without nulls, where they lie."""
    capsule = text.__arrow_c_stream__(None)
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = c_void_p, (ctypes.py_object, c_char_p)
    stream = _Stream.from_address(pointer(capsule, b"arrow_array_stream"))
    _check_format(stream)
    chunks: list[Any] = []
    while sum(chunk.length for chunk in chunks) < len(text):
        chunks.append(_next_chunk(stream))
    found = [_addresses(chunk) for chunk in chunks]
    empty = [np.empty(0, np.int64)]
    starts, sizes = (np.concatenate([*empty, *(part[i] for part in found)]) for i in range(2))
    memory = int(starts.min(initial=np.iinfo(np.int64).max)) if len(starts) else 0
    return Utf8(memory, starts - memory, starts - memory + sizes, chunks)


def _call(stream: _Stream, code: int) -> None:
    if code:
        raise OSError(code, (stream.get_last_error(ctypes.addressof(stream)) or b"Arrow stream failed").decode())


def _check_format(stream: _Stream) -> None:
    schema = _Schema()
    _call(stream, stream.get_schema(ctypes.addressof(stream), byref(schema)))
    layout = schema.format
    _release(schema)
    if layout != b"vu":
        raise TypeError(f"polars exports strings as {layout!r}, string views (b'vu') expected")


def _next_chunk(stream: _Stream) -> _Array:
    """The next chunk of the stream; polars keeps its memory until the object is gone."""
    array = _Array()
    _call(stream, stream.get_next(ctypes.addressof(stream), byref(array)))
    if not array.release:
        raise ValueError("the Arrow stream ended early")
    # The callback gets a copy of the structure, as the interface allows: the object itself is gone by then.
    weakref.finalize(array, _release, _Array.from_buffer_copy(array))
    return array


def _addresses(array: _Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(address, bytes) of each string of a chunk."""
    if array.length == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    # validity, views, data buffers, their lengths
    buffers = np.array([0, *(array.buffers[i] or 0 for i in range(2, array.n_buffers - 1))], np.int64)
    first = (array.buffers[1] or 0) + VIEW * array.offset
    views = np.frombuffer((ctypes.c_int32 * (4 * array.length)).from_address(first), np.int32).reshape(-1, 4)
    sizes = views[:, 0].astype(np.int64)
    inlined = sizes <= INLINED
    apart = buffers[np.where(inlined, 0, views[:, 2] + 1)] + views[:, 3]
    return np.where(inlined, first + VIEW * np.arange(array.length) + 4, apart), sizes
