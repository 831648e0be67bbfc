"""What the model is made of, tested where the model itself is not installed."""

import math
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from docgen.embedding.minilm import _gelu, _tensors
from docgen.errors import InputError


def test_weights_are_read_by_name_without_what_is_not_a_weight(tmp_path: Path) -> None:
    weight = np.arange(6, dtype=np.float32).reshape(2, 3)
    save_file({"layer.weight": weight, "position_ids": np.arange(3)}, tmp_path / "model.safetensors")
    tensors = _tensors(tmp_path / "model.safetensors")
    assert list(tensors) == ["layer.weight"]
    assert np.array_equal(tensors["layer.weight"], weight)


@pytest.mark.parametrize("content", [None, b"", b"\0" * 7, b"\xff" * 100, (2).to_bytes(8, "little") + b"{"])
def test_a_file_that_is_not_one_of_weights_is_a_user_error(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "model.safetensors"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match="not the weights of the model"):
        _tensors(file)


def test_the_activation_is_x_times_the_normal_distribution_function() -> None:
    x = np.linspace(-6, 6, 130, dtype=np.float32)[:, None]
    expected = [value * (1 + math.erf(value / math.sqrt(2))) / 2 for value in x[:, 0].tolist()]
    assert _gelu(x.copy())[:, 0] == pytest.approx(np.array(expected), abs=1e-6)
