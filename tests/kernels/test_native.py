"""Compiled functions are called with what they were declared for, and start without the compiler."""

import subprocess
import sys

import numpy as np
import numpy.typing as npt
import pytest

from docgen import kernels


def test_they_compute() -> None:
    cells = np.zeros(8, np.uint32)
    kernels.add_to_cells(np.array([1, 9, 3], np.uint64), cells)
    assert cells.tolist() == [0, 2, 0, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "values",
    [np.zeros(4, np.int64), np.zeros((2, 2), np.uint64), np.zeros(8, np.uint64)[::2], np.zeros(4, ">u8")],
)
def test_arrays_of_another_kind_are_refused_before_anything_is_touched(values: npt.NDArray[np.uint64]) -> None:
    cells = np.zeros(8, np.uint32)
    with pytest.raises(TypeError, match="add_to_cells: values is"):
        kernels.add_to_cells(values, cells)
    assert not cells.any()


def test_too_few_arguments_are_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        kernels.add_to_cells(np.zeros(4, np.uint64))  # type: ignore[call-arg]


def test_the_compiler_is_not_needed_once_compiled() -> None:
    """Importing numba takes longer than a small job."""
    code = (
        "import sys; from docgen.dedupe.index import near_duplicates\n"
        "print(near_duplicates(['one two', 'one two'], ngram=1)[1].jaccard, 'numba' in sys.modules)"
    )
    near_first = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert near_first.stdout.split()[0] == "1.0"
    again = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert again.stdout == "1.0 False\n"
