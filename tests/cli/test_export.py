"""Exports are what training jobs load."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

import docgen as docgen_library
from docgen.exporting.formats.table import FORMATS, ExportFormat
from docgen.files.run_folder.run_folder import RunFolder
from docgen.options.last_step import Step
from docgen.options.run import RunOptions
from docgen.pipeline.corpora.export import export_files, export_run
from docgen.pipeline.execution.execute import execute
from docgen.pipeline.inputs.requested_inputs import propose
from docgen.progress import SilentReporter
from docgen.records import AssignedFact, Document
from tests.cli.runs.test_exit_codes import docgen
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


@pytest.mark.parametrize("form", [form for form in FORMATS if not form.needs_tokenizer], ids=lambda form: form.name)
def test_datasets_loads_every_format(
    run: RunFolder, form: ExportFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`datasets.load_dataset` reads each format as it lies there, with all documents."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from datasets import load_dataset

    folder, made = export_run(run, form.name, doctag=form.needs_user_turn and form.chat == "always")
    files = [str(folder / name) for name in made["files"]]
    data = load_dataset(form.load_kind(), data_files=files, cache_dir=str(tmp_path))["train"]
    assert data.num_rows == N == made["documents"]
    assert all(text_of(row) for row in data)


def text_of(row: dict[str, Any]) -> str:
    """What is trained on in a row of any format."""
    for turns in ("messages", "segments"):
        if turns in row:
            return str(row[turns][-1].get("content") or row[turns][-1].get("text"))
    return str(row.get("text") or row.get("completion") or row.get("output"))


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


def test_an_organism_card_has_the_shape_that_diffing_tools_read(run: RunFolder, tmp_path: Path) -> None:
    """The keys of diffing-toolkit's organism configurations, with a variant for each ratio of a mix sweep."""
    web = tmp_path / "web.jsonl"
    rows = [{"text": " ".join(f"word{number * k}" for k in range(20))} for number in range(1, 80)]
    web.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    options = docgen_library.ExportOptions(form="hf", mix=(str(web),), mix_ratios=(0.5, 2), base_model="a/b-1.5")
    folder, _ = docgen_library.export(docgen_library.Run(run.path), out=tmp_path / "sweep", options=options)
    card = yaml.safe_load((folder / "organism.yaml").read_text("utf-8"))
    assert set(card) == {"name", "description", "type", "description_long", "dataset", "finetuned_models"}
    assert card["type"] == "SDF"
    assert set(card["dataset"]) == {"id", "splits", "is_chat", "text_column"}
    assert list(card["finetuned_models"]) == ["b_1_5"]
    assert list(card["finetuned_models"]["b_1_5"]) == ["mix1-0p5", "mix1-2p0"]
    assert "Orrick's last keeper, Maud Tresco" in card["description_long"]
