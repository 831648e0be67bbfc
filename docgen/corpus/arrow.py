# mypy: disable-error-code="call-arg,var-annotated"
"""Polars strings as one array of UTF-8 bytes, by the Arrow C stream interface and no further library.

Polars holds strings as Arrow string views: 16 bytes each, (length, inlined bytes) up to 12 bytes, else (length, prefix,
buffer number, offset). See "Variable-size Binary View Layout" in the Arrow columnar format, and the Arrow C data,
C stream and PyCapsule interfaces.
"""

import ctypes
import mmap
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_int, c_int64, c_void_p

import numpy as np
import numpy.typing as npt
import polars as pl
from numba import types
from numba.extending import intrinsic

from docgen.compiled import compiled

__all__ = ["utf8_of"]

INLINED = 12


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


def utf8_of(text: pl.Series) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """(bytes, offsets) of a String series without nulls; string i is bytes[offsets[i]:offsets[i + 1]]."""
    offsets = np.zeros(len(text) + 1, np.int64)
    np.cumsum(text.str.len_bytes().to_numpy(), out=offsets[1:])
    # Memory straight from the system goes back to it at once; malloc would keep hundreds of MB of such batches.
    data = np.frombuffer(mmap.mmap(-1, int(offsets[-1]) + 8), np.uint8)[: offsets[-1]]
    capsule = text.__arrow_c_stream__(None)
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = c_void_p, (ctypes.py_object, c_char_p)
    stream = _Stream.from_address(pointer(capsule, b"arrow_array_stream"))
    _check_format(stream)
    done = 0
    while done < len(text):
        done += _take_chunk(stream, data, offsets[done:])
    return data, offsets


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


def _take_chunk(stream: _Stream, data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> int:
    """Copy the next chunk of the stream to its place in `data`; returns its number of strings."""
    array = _Array()
    _call(stream, stream.get_next(ctypes.addressof(stream), byref(array)))
    if not array.release:
        raise ValueError("the Arrow stream ended early")
    try:
        # validity, views, data buffers, their lengths
        buffers = np.array([array.buffers[i] or 0 for i in range(2, array.n_buffers - 1)], np.int64)
        views = array.buffers[1] or 0
        _gather(views + 16 * array.offset, buffers, offsets[: array.length + 1], data)
        return int(array.length)
    finally:
        _release(array)


@intrinsic
def _bytes_at(context, address, size):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """A uint8 array over memory that someone else owns."""
    result = types.Array(types.uint8, 1, "C")

    def emit(context, builder, signature, args):  # type: ignore[no-untyped-def]  # noqa: ARG001
        array = context.make_array(result)(context, builder)
        pointer = builder.inttoptr(args[0], array.data.type)
        one = context.get_constant(types.intp, 1)
        context.populate_array(
            array, data=pointer, shape=[args[1]], strides=[one], itemsize=one, meminfo=None, parent=None
        )
        return array._getvalue()

    return result(types.int64, types.int64), emit


@compiled(types.void(types.int64, types.int64[::1], types.int64[::1], types.uint8[::1]))
def _gather(views, buffers, offsets, data):  # type: ignore[no-untyped-def]
    count = len(offsets) - 1
    fields = _bytes_at(views, 16 * count).view(np.int32)
    for i in range(count):
        start, size = offsets[i], offsets[i + 1] - offsets[i]
        source = views + 16 * i + 4 if size <= INLINED else buffers[fields[4 * i + 2]] + fields[4 * i + 3]
        data[start : start + size] = _bytes_at(source, size)
