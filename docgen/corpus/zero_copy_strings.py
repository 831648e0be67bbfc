"""Zero-copy access to the memory of polars' strings (Arrow C stream interface, read by nanoarrow).

Polars holds strings as Arrow string views: 16 bytes each, (length, inlined bytes) up to 12 bytes, else (length, prefix,
buffer number, offset). See "Variable-size Binary View Layout" in the Arrow columnar format.
"""

from typing import Any

import nanoarrow
import numpy as np
import numpy.typing as npt
import polars as pl

from docgen.corpus.text_buffers import TextBuffers, memory_at

__all__ = ["utf8_of"]

INLINED, VIEW = 12, 16
"""Bytes of the longest string that is stored in its view, and of a view."""

Ints = npt.NDArray[np.int64]


def utf8_of(text: pl.Series) -> TextBuffers:
    """The strings of a String series without nulls, in place."""
    stream = nanoarrow.c_array_stream(text)
    layout = stream.get_schema().format
    if layout != "vu":
        raise TypeError(f"polars exports strings as {layout!r}, string views ('vu') expected")
    chunks = [chunk for chunk in stream if len(chunk)]
    if not chunks:
        return TextBuffers(np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0, np.int64))
    starts, sizes = (np.concatenate(columns) for columns in zip(*map(_addresses, chunks), strict=True))
    first = int(starts.min())
    memory = memory_at(first, int((starts + sizes).max()) - first, owner=chunks)
    return TextBuffers(memory, starts - first, starts - first + sizes)


def _addresses(chunk: Any) -> tuple[Ints, Ints]:
    """(address, bytes) of each string of a chunk."""
    _validity, first_view, *data, _data_sizes = chunk.buffers
    rows = slice(chunk.offset, chunk.offset + len(chunk))
    views = np.asarray(chunk.view().buffer(1)).view(np.int32).reshape(-1, 4)[rows]
    sizes = views[:, 0].astype(np.int64)
    in_view = first_view + VIEW * np.arange(rows.start, rows.stop) + 4
    if not data:
        return in_view, sizes
    inlined = sizes <= INLINED
    apart = np.array(data, np.int64)[np.where(inlined, 0, views[:, 2])] + views[:, 3]
    return np.where(inlined, in_view, apart), sizes
