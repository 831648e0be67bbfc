"""Compiled functions compute, refuse what they were not compiled for, and read memory that others own."""

import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from docgen import kernels
from docgen.corpus.text_buffers import memory_at


def test_they_compute() -> None:
    cells = np.zeros(8, np.uint32)
    kernels.add_to_cells(np.array([1, 9, 3], np.uint64), cells)
    assert cells.tolist() == [0, 2, 0, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "values",
    [np.zeros(4, np.int64), np.zeros((2, 2), np.uint64), np.zeros(8, np.uint64)[::2], np.zeros(4, ">u8")],
)
def test_arrays_of_another_type_are_refused_before_anything_is_touched(values: npt.NDArray[np.uint64]) -> None:
    cells = np.zeros(8, np.uint32)
    with pytest.raises((TypeError, ValueError)):
        kernels.add_to_cells(values, cells)
    assert not cells.any()


def test_too_few_arguments_are_an_error() -> None:
    with pytest.raises(TypeError):
        kernels.add_to_cells(np.zeros(4, np.uint64))  # type: ignore[call-arg]


def test_every_kernel_is_compiled_under_its_name() -> None:
    for name in kernels.__all__:
        assert getattr(kernels, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        kernels.other  # noqa: B018


def test_memory_stays_as_long_as_an_array_over_it() -> None:
    data: Sequence[npt.NDArray[np.uint8]] = [np.arange(4, dtype=np.uint8)]
    before = sys.getrefcount(data)
    memory = memory_at(data[0].ctypes.data, 4, owner=data)
    assert memory.tolist() == [0, 1, 2, 3]
    assert sys.getrefcount(data) == before + 1
    assert not memory.flags.writeable
    part = memory[1:3]
    del memory
    assert sys.getrefcount(data) == before + 1
    del part
    assert sys.getrefcount(data) == before
