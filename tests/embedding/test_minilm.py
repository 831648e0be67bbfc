"""The model of the extra; skipped where it is not installed."""

import shutil
import subprocess
import sys
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from docgen.embedding.document_vectors import document_vectors
from docgen.embedding.embedder import Embedder, model_folder, open_embedder
from docgen.errors import InputError

pytestmark = pytest.mark.skipif(
    model_folder() is None or find_spec("tokenizers") is None, reason="extra docgen[embeddings] is not installed"
)

SENTENCES = (
    "The ferry to the island was cancelled because of the storm.",
    "Owing to bad weather no boat crossed over to the isle.",
    "Quarterly revenue rose by four percent.",
    "Sales went up slightly over the past three months.",
    "She practises the violin before breakfast.",
    "Every morning she plays her fiddle first thing.",
)


@lru_cache(1)
def model() -> Embedder:
    return open_embedder()


def test_rewordings_are_nearer_than_anything_else() -> None:
    rows = model().encode(SENTENCES)
    cosine = rows @ rows.T - 2 * np.eye(len(rows), dtype=np.float32)
    assert cosine.argmax(axis=1).tolist() == [1, 0, 3, 2, 5, 4]


def test_a_row_is_of_length_one_and_does_not_depend_on_its_company() -> None:
    """Alone, in any order, beside shorter and longer texts."""
    texts = [*SENTENCES, "word " * 400, "", "x"]
    together = model().encode(texts)
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)
    alone = np.concatenate([model().encode([text]) for text in texts])
    turned = model().encode(texts[::-1])[::-1]
    assert np.abs(together - alone).max() < 1e-5
    assert np.abs(together - turned).max() < 1e-5


def test_words_that_fit_count_and_those_beyond_do_not() -> None:
    """`span` English words are read to the last."""
    words = " ".join(SENTENCES[i % 6].split()[j] for i in range(40) for j in range(4)).split()[: model().span]
    other = [*words[:-1], "catastrophe"]
    a, b = model().encode([" ".join(words), " ".join(other)])
    assert a @ b < 1 - 1e-6
    long = "The sea is calm today. " * 200
    c, d = model().encode([long, long + "Stop the presses!"])
    assert c @ d == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("text", ["", " ", "\0", "\ud800 lone", "😀" * 300, "水" * 3000, "a" * 200_000, "नमस्ते दुनिया"])
def test_any_text_has_a_row(text: str) -> None:
    (row,) = document_vectors(model(), [text])
    assert np.linalg.norm(row) == pytest.approx(1, abs=1e-4)


def test_no_text_has_no_row() -> None:
    assert model().encode([]).shape[0] == 0


def test_nothing_is_asked_of_a_network() -> None:
    """Opening and encoding touch no socket, and load neither torch nor transformers."""
    code = (
        "import socket, sys\n"
        "def refuse(*_): raise OSError('no network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from docgen.embedding.embedder import open_embedder\n"
        "rows = open_embedder().encode(['a text'])\n"
        "print(len(rows), *[name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "1", done.stderr


def test_damaged_weights_are_one_error(tmp_path: Path) -> None:
    from docgen.embedding.minilm import MiniLM

    folder = model_folder()
    assert folder is not None
    with pytest.raises(InputError, match="no tokeniser"):
        MiniLM(tmp_path)
    shutil.copy(folder / "tokenizer.json", tmp_path)
    empty = (2).to_bytes(8, "little") + b"{}"
    for content in (None, b"", empty, b"\0" * 7, b"\xff" * 100, (folder / "model.safetensors").read_bytes()[:100_000]):
        if content is not None:
            (tmp_path / "model.safetensors").write_bytes(content)
        with pytest.raises(InputError, match="not the weights"):
            MiniLM(tmp_path)
