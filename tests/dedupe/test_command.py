"""The command: reads files and runs, prints a screen or JSON, one line for bad input."""

import json
import sys
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner, Result

from docgen.cli.corpora import dedupe
from docgen.errors import ConfigError, InputError, RunError
from tests.dedupe.corpora import planted, prose, write_jsonl


def invoke(*arguments: object) -> Result:
    app = typer.Typer()
    dedupe.register(app)
    app.command()(lambda: None)
    return CliRunner().invoke(app, ["dedupe", *map(str, arguments)])


def refused(kind: type[Exception], *arguments: object) -> str:
    result = invoke(*arguments)
    assert isinstance(result.exception, kind)
    return str(result.exception)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_jsonl(tmp_path / "corpus.jsonl", planted())


def test_json_is_the_report(corpus: Path) -> None:
    report = json.loads(invoke(corpus, "--json").stdout)
    assert report["documents"] == report["kept"] + report["removed"]
    assert report["settings"]["bands"] == 20


def test_the_screen_shows_counts_and_pairs_side_by_side(corpus: Path) -> None:
    output = invoke(corpus, "--show", 2).stdout
    assert "documents:" in output
    assert output.count("removed ") >= 2
    assert "Jaccard 0." in output


def test_out_gets_both_files(corpus: Path, tmp_path: Path) -> None:
    assert invoke(corpus, "--out", tmp_path / "out", "--keep", "best", "--best-by", "score").exit_code == 0
    kept, removed = (pl.read_parquet(tmp_path / "out" / f"{name}.parquet") for name in ("kept", "removed"))
    assert kept.height + removed.height == len(planted())
    assert set(removed["kept_id"]) <= set(kept["id"])


def test_several_files_and_globs_are_one_corpus(tmp_path: Path) -> None:
    for i in range(3):
        write_jsonl(tmp_path / f"{i}.jsonl", [{"text": prose(1)}, {"text": prose(i + 10)}])
    report = json.loads(invoke(tmp_path / "0.jsonl", tmp_path / "[12].jsonl", "--json").stdout)
    assert (report["documents"], report["removed"]) == (6, 2)


def test_bad_input_is_one_error(corpus: Path, tmp_path: Path) -> None:
    assert "neither a file, a folder nor a run" in refused(RunError, tmp_path / "missing")
    assert "no column 'body'" in refused(InputError, corpus, "--text-column", "body")
    assert "threshold" in refused(ConfigError, corpus, "--threshold", 3)
    assert "no column 'key'" in refused(InputError, corpus, "--by", "key")
    assert "keep rule" in refused(ConfigError, corpus, "--keep", "shortest")
    assert "is not an engine" in refused(ConfigError, corpus, "--engine", "dask")
    assert not (tmp_path / "out").exists()


def test_an_index_grows_from_file_to_file(tmp_path: Path) -> None:
    for i in range(2):
        write_jsonl(
            tmp_path / f"{i}.jsonl", [{"id": f"{i}a", "text": prose(1)}, {"id": f"{i}b", "text": prose(i + 10)}]
        )
    first = json.loads(invoke(tmp_path / "0.jsonl", "--index", tmp_path / "seen", "--json").stdout)
    second = json.loads(invoke(tmp_path / "1.jsonl", "--against", tmp_path / "seen", "--json").stdout)
    assert (first["removed"], second["removed"]) == (0, 1)


def test_the_error_without_ray_says_how_to_install_it(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert "pip install 'docgen[ray]'" in refused(ConfigError, corpus, "--engine", "ray")
