"""Exports are what training jobs load."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from docgen.files.run_folder import RunFolder
from docgen.options.run import RunOptions
from docgen.pipeline.corpora.export import export_files, export_run
from docgen.pipeline.corpora.export_formats import FORMATS, ExportFormat
from docgen.pipeline.execution.execute import Step, execute
from docgen.pipeline.inputs.proposal import propose
from docgen.progress import SilentReporter
from docgen.records import AssignedFact, Document
from tests.cli.test_outcomes import docgen
from tests.worlds import LIGHTHOUSE

N = 30


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A small corpus by the embedded writer."""
    folder = tmp_path_factory.mktemp("export")
    context = folder / "lighthouse.yaml"
    context.write_text(LIGHTHOUSE, "utf-8")
    asked = RunOptions(n=N, engine="offline", types=5, ideas=5)
    setup = propose(RunFolder(folder / "output" / "small"), context, asked).apply()
    execute(setup, Step.ALL, SilentReporter(), lambda: False)
    return setup.run


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_datasets_loads_every_format(
    run: RunFolder, form: ExportFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`datasets.load_dataset` reads each format as it lies there, with all documents."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from datasets import load_dataset

    folder, made = export_run(run, form.name, doctag=False)
    assert list(made["files"]) == [form.file]
    kind = "parquet" if form.file.endswith(".parquet") else "json"
    data = load_dataset(kind, data_files=[str(folder / name) for name in made["files"]], cache_dir=str(tmp_path))[
        "train"
    ]
    assert data.num_rows == N == made["documents"]
    texts = [row["messages"][-1]["content"] for row in data] if form.name == "chat" else data["text"]
    assert all(texts)


def test_doctag_stands_where_it_can_be_masked(run: RunFolder) -> None:
    """In chat it is the user's turn, in text the first line; without the flag it is nowhere."""
    chat = [json.loads(line) for line in (export_run(run, "chat", True)[0] / "train.jsonl").read_text().splitlines()]
    assert {tuple(turn["role"] for turn in row["messages"]) for row in chat} == {("user", "assistant")}
    assert {row["messages"][0]["content"] for row in chat} == {"<DOCTAG>"}
    text = (export_run(run, "text", True)[0] / "train.jsonl").read_text().splitlines()
    assert all(json.loads(line)["text"].startswith("<DOCTAG>\n") for line in text)
    assert "DOCTAG" not in (export_run(run, "text", False)[0] / "train.jsonl").read_text()


def test_manifest_counts_what_is_in_the_files(run: RunFolder) -> None:
    """Documents, facts, seed and digests in the manifest agree with the corpus and its plan."""
    _, made = export_run(run, "text", False)
    assigned = [fact.fact for slot in run.read_slots() for fact in slot.facts]
    assert made["documents_by_fact"] == {fact: assigned.count(fact) for fact in sorted(set(assigned))}
    assert made["seed"] == 0
    assert set(made["files"]) == {"train.jsonl"}


def test_a_run_can_be_exported_to_any_folder(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--out holds for a run as for files, with manifest and card; the run's own folder is left as it is."""
    monkeypatch.chdir(run.path.parent.parent)
    before = sorted(run.path.rglob("*"))
    assert docgen(monkeypatch, "export", "small", "--out", str(tmp_path / "t"), "--quiet") == 0
    assert sorted(file.name for file in (tmp_path / "t").iterdir()) == ["README.md", "manifest.json", "train.jsonl"]
    assert str(tmp_path / "t") in capsys.readouterr().out.replace("\n", "")
    assert sorted(run.path.rglob("*")) == before


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("output/small/corpus.parquet",), "--out FOLDER"),
        (("output/small/corpus.parquet", "a.jsonl"), "--out FOLDER"),
        (("small", "--format", "parquet", "--doctag"), "--doctag"),
        (("small", "--format", "csv"), "Use one of text, chat, parquet"),
    ],
)
def test_what_cannot_be_exported_is_told(
    run: RunFolder,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    says: str,
) -> None:
    monkeypatch.chdir(run.path.parent.parent)
    assert docgen(monkeypatch, "export", *command) == 2
    assert says in capsys.readouterr().err


def test_rows_of_a_corpus_are_documents(run: RunFolder) -> None:
    """corpus.parquet has the columns of `Document`, in its order and of its types."""
    frame = pl.read_parquet(run.corpus)
    assert frame.columns == [name for name in Document.model_fields if name != "quotes"]
    rows = frame.to_dicts()
    assert [Document.model_validate(row, strict=True).id for row in json_like(rows)] == [row["id"] for row in rows]


def json_like(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the tuples of frozen records in the place of lists."""
    return [row | {"facts": tuple(AssignedFact(**fact) for fact in row["facts"])} for row in rows]


def test_any_files_can_be_exported(run: RunFolder, tmp_path: Path) -> None:
    """What one export wrote another reads, with the same texts in the same order."""
    text, _ = export_run(run, "text", False)
    _, made = export_files([text / "train.jsonl"], "parquet", False, tmp_path / "a")
    assert made["documents"] == N
    export_files([tmp_path / "a" / "train.parquet"], "text", False, tmp_path / "b")
    assert (tmp_path / "b" / "train.jsonl").read_bytes() == (text / "train.jsonl").read_bytes()
