"""Documents from elsewhere, in five kinds of source, are a run that is only read: commands work on it, none writes."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import docgen
from docgen.cli.app import app
from docgen.errors import InputError, RunError, UserError
from docgen.files.run_folder.run_folder import RunFolder
from docgen.pipeline.corpora.import_documents import import_documents
from docgen.progress import SilentReporter
from tests.worlds import lighthouse

TEXTS = (
    "The light at Orrick opened as a library in 2019, and the reading room under the lantern has been busy since.",
    "Asha Varley keeps the library dry. She counts the steps each morning and writes the number in a book.",
    "A ferry left Orrick at nine with forty people on board, and came back with thirty-eight and a dog.",
)


def rows(column: str, prefix: str = "") -> str:
    return "".join(json.dumps({column: prefix + text, "id": n, "score": 0.5}) + "\n" for n, text in enumerate(TEXTS))


def as_text_column(folder: Path) -> Path:
    (folder / "corpus.jsonl").write_text(rows("text"))
    return folder / "corpus.jsonl"


def as_tagged_content_in_gzip(folder: Path) -> Path:
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(rows("content", "<DOCTAG>").encode()))
    return folder / "corpus.jsonl.gz"


def as_parquet(folder: Path) -> Path:
    pl.DataFrame({"text": TEXTS, "doc_type": ["leaflet"] * 3}).write_parquet(folder / "corpus.parquet")
    return folder / "corpus.parquet"


def as_hugging_face_folder(folder: Path) -> Path:
    (folder / "hf" / "data").mkdir(parents=True)
    (folder / "hf" / "README.md").write_text("---\nlicense: mit\n---\nA card, which is not a document.\n")
    pl.DataFrame({"text": TEXTS}).write_parquet(folder / "hf" / "data" / "train-00000-of-00001.parquet")
    return folder / "hf"


def as_folder_of_texts(folder: Path) -> Path:
    (folder / "texts").mkdir()
    for number, text in enumerate(TEXTS):
        (folder / "texts" / f"{number}.txt").write_text(text)
    return folder / "texts"


SOURCES = (as_text_column, as_tagged_content_in_gzip, as_parquet, as_hugging_face_folder, as_folder_of_texts)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def imported(source: Path) -> RunFolder:
    run = RunFolder(Path("output") / "theirs")
    import_documents([source], lighthouse(), run, SilentReporter())
    return run


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_gives_the_same_documents(source: Callable[[Path], Path], place: Path) -> None:
    run = imported(source(place))
    assert pl.read_parquet(run.corpus)["text"].to_list() == list(TEXTS)
    assert [document.text for document in docgen.Run(run.path).documents()] == list(TEXTS)


def test_no_fact_counts_as_unassigned_since_nobody_assigned_any(place: Path) -> None:
    run = imported(as_text_column(place))
    result = docgen.Audit(lighthouse()).scan(run.path)
    assert "unassigned_fact" not in {rule for rule, leak in result.leakage.items() if leak.documents}


@pytest.mark.parametrize(
    "command",
    [
        ["status", "theirs"], ["runs"], ["show", "theirs", "--sample", "1"], ["audit", "all", "theirs"],
        ["dedupe", "theirs"], ["export", "theirs", "--format", "text"],
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_commands_work_on_it(command: list[str], place: Path) -> None:
    imported(as_text_column(place))
    if command[0] == "export":
        CliRunner().invoke(app, ["audit", "leakage", "theirs"])
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, (done.output, done.exception)


@pytest.mark.parametrize("command", [["generate", "theirs", "--n", "9"], ["run", "theirs", "--n", "9"]])
def test_nothing_is_generated_in_it(command: list[str], place: Path) -> None:
    run = imported(as_text_column(place))
    before = run.attempts.read_bytes()
    done = CliRunner().invoke(app, command)
    assert isinstance(done.exception, UserError)
    assert "from elsewhere" in str(done.exception)
    assert run.attempts.read_bytes() == before


def test_the_command_says_what_it_cut_and_left_out(place: Path) -> None:
    source = as_tagged_content_in_gzip(place)
    done = CliRunner().invoke(app, ["import", "documents", str(source), "--context", "tutorial"])
    assert done.exit_code == 0, done.exception
    assert "output/corpus: 3 documents" in done.output
    assert "<DOCTAG> at the start of 3" in done.output
    assert "left out: columns id, score" in done.output


def test_bad_sources_are_one_line_and_no_run(place: Path) -> None:
    (place / "empty.jsonl").write_text("")
    (place / "other.jsonl").write_text('{"body": "x"}\n')
    for name, message in (
        ("empty.jsonl", "column|no document"),
        ("other.jsonl", "--text-column"),
        ("none.jsonl", "none.jsonl"),
    ):
        with pytest.raises(InputError, match=message):
            imported(place / name)
        assert not RunFolder(Path("output") / "theirs").exists()
    source = as_text_column(place)
    imported(source)
    with pytest.raises(RunError, match="exists already"):
        imported(source)
