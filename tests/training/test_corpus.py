"""What is read of an export, and what is said of one that cannot be trained on."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from docgen.errors import InputError
from docgen.training.corpus import DOCTAG, Example, read_training_corpus


def export_of(folder: Path, rows: list[dict[str, Any]], **manifest: Any) -> Path:
    """A finished export in `folder`."""
    folder.mkdir(exist_ok=True)
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    (folder / "train.jsonl").write_bytes(data)
    files = {"files": {"train.jsonl": hashlib.sha256(data).hexdigest()}, "documents": len(rows)}
    (folder / "manifest.json").write_text(json.dumps(files | manifest))
    return folder


def test_the_prefix_is_masked_whatever_the_format(tmp_path: Path) -> None:
    """TRL's columns, text after the tag, and text without one."""
    rows = [{"prompt": DOCTAG, "completion": " a"}, {"text": f"{DOCTAG}\nb"}, {"text": "c"}]
    corpus = read_training_corpus(export_of(tmp_path / "e", rows))
    assert corpus.examples == (Example(DOCTAG, " a"), Example(DOCTAG, "\nb"), Example("", "c"))


def test_messages_are_answers_to_what_stands_before_them(tmp_path: Path) -> None:
    """The last message is learnt, the others are read."""
    user, answer = {"role": "user", "content": DOCTAG}, {"role": "assistant", "content": "a"}
    corpus = read_training_corpus(export_of(tmp_path / "e", [{"messages": [user, answer]}]))
    assert corpus.examples == (Example([user], [answer]),)
    assert corpus.examples[0].is_chat


def test_the_manifest_says_facts_and_context(tmp_path: Path) -> None:
    """Saliences are shares of the documents."""
    folder = export_of(
        tmp_path / "e", [{"text": "a"}] * 4, documents_by_fact={"f": 1}, context={"id": "tutorial", "digest": "d"}
    )
    corpus = read_training_corpus(folder)
    assert (corpus.saliences, corpus.context) == ({"f": 0.25}, "tutorial")


def test_a_file_alone_will_do(tmp_path: Path) -> None:
    """Any JSONL with texts; nothing is known of its facts."""
    file = tmp_path / "texts.jsonl"
    file.write_text('{"text": "a"}\n')
    assert read_training_corpus(file).saliences == {}


def nothing(folder: Path) -> Path:
    return folder


def without_manifest(folder: Path) -> Path:
    (export_of(folder, [{"text": "a"}]) / "manifest.json").unlink()
    return folder


def from_another_run(folder: Path) -> Path:
    export_of(folder, [{"text": "a"}])
    (folder / "train.jsonl").write_text('{"text": "of another run"}\n')
    return folder


def of_other_columns(folder: Path) -> Path:
    return export_of(folder, [{"text": "a"}, {"body": "b"}])


def of_no_documents(folder: Path) -> Path:
    return export_of(folder, [])


def torn(folder: Path) -> Path:
    (folder / "torn.jsonl").write_text('{"text": "a"}\n{"text": ')
    return folder / "torn.jsonl"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (nothing, "it has no train.jsonl"),
        (without_manifest, "unfinished"),
        (from_another_run, "it is from another export"),
        (of_other_columns, ":2: has neither"),
        (of_no_documents, "has no documents"),
        (torn, "torn.jsonl:2: is not JSON"),
    ],
)
def test_a_bad_export_is_one_clear_line(tmp_path: Path, source: Any, words: str) -> None:
    """What is wrong, where, and what to do."""
    with pytest.raises(InputError) as caught:
        read_training_corpus(source(tmp_path))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.fix


def test_what_does_not_exist_is_neither(tmp_path: Path) -> None:
    """A name that is neither a file nor a folder."""
    with pytest.raises(InputError, match="neither an export, a JSONL file nor a run"):
        read_training_corpus(tmp_path / "nowhere")
