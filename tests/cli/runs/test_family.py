"""A family of corpora is a thing of its own: in runs, status and export, and wherever one corpus is asked for."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.runs.test_exit_codes import docgen
from tests.worlds import LIGHTHOUSE

SMALL = ("--n", "10", "--types", "2", "--ideas", "4", "--words", "60-90", "--engine", "offline", "--quiet")
LEVELS = {"keeper-salience-0": 0.0, "keeper-salience-0.5": 0.5}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sweep "fam" of two levels, and the run "one" with its control."""
    folder = tmp_path_factory.mktemp("families")
    (folder / "light.yaml").write_text(LIGHTHOUSE, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
            patch.delenv(name, raising=False)
        levels = ("--fact", "keeper", "--levels", "0,0.5", "--run", "fam")
        assert docgen(patch, "sweep", "light.yaml", *levels, *SMALL) == 0
        assert docgen(patch, "run", "light.yaml", "--run", "one", *SMALL) == 0
        assert docgen(patch, "control", "one", "--context", "tutorial", "--quiet") == 0
    return folder


@pytest.fixture
def place(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder as the current one."""
    shutil.copytree(begun, tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    return tmp_path / "place"


def test_status_of_a_sweep_is_about_its_corpora(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also of one whose index is lost: it is read off the folders."""
    (place / "output" / "fam" / "family.json").unlink()
    assert docgen(monkeypatch, "status", "fam", "--json") == 0
    family = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row for row in family["corpora"]}
    assert {name: row["level"] for name, row in rows.items()} == LEVELS
    assert [row["documents"] for row in rows.values()] == [10, 10]
    assert [row["shares"]["keeper"] for row in rows.values()] == [0.0, 0.5]
    assert [row["at_least"]["keeper"] for row in rows.values()] == [0.0, 0.5]
    assert all((place / "output" / "fam" / row["file"]).is_file() for row in rows.values())
    assert docgen(monkeypatch, "status", "fam") == 0
    screen = capsys.readouterr().out
    assert "2 of 2 corpora written - complete" in screen
    assert "by wording" in screen
    assert screen.rstrip().endswith("docgen view fam")
    assert "unfinished" not in screen
    assert "embedded writer" in screen


def test_runs_counts_the_documents_of_a_whole_sweep(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert docgen(monkeypatch, "runs", "--json") == 0
    lines = {line["run"]: line for line in json.loads(capsys.readouterr().out)}
    kinds = {name: (line["kind"], line["corpora"], line["accepted"], line["n"]) for name, line in lines.items()}
    assert kinds == {"fam": ("sweep", 2, 20, 20), "one": ("run", 1, 10, 10), "one-control": ("control", 1, 10, 10)}


@pytest.mark.parametrize("form", ["text", "parquet"])
def test_export_of_a_sweep_names_each_file_by_its_level_and_lists_them(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    assert docgen(monkeypatch, "export", "fam", "--format", form, "--out", "training", "--json") == 0
    assert json.loads(capsys.readouterr().out) == json.loads((place / "training" / "index.json").read_text())
    index = json.loads((place / "training" / "index.json").read_text())
    files = [Path(row["file"]) for row in index["corpora"]]
    assert {file.stem: row["level"] for file, row in zip(files, index["corpora"], strict=True)} == LEVELS
    assert all((place / "training" / file).is_file() for file in files)
    assert "embedded writer" in index["writer"]
    assert index["documents"] == 20


def test_export_of_a_sweep_that_is_not_finished_names_the_corpus(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(place / "output" / "fam" / "levels" / "keeper-salience-0.5")
    assert docgen(monkeypatch, "status", "fam") == 0
    assert "1 of 2 corpora written - unfinished" in capsys.readouterr().out
    assert docgen(monkeypatch, "export", "fam") == 2
    assert "keeper-salience-0.5" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ("generate", "fam", "--n", "12"),
        ("run", "fam"),
        ("plan", "fam"),
        ("show", "fam"),
        ("audit", "salience", "fam"),
        ("open", "fam"),
        ("dedupe", "fam"),
        ("select", "fam", "--salience", "keeper=0.2", "--n", "5", "--out", "x.jsonl"),
    ],
)
def test_what_is_for_one_corpus_names_those_of_a_sweep_and_writes_none(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    assert docgen(monkeypatch, *command) == 2
    words = capsys.readouterr().err
    assert "sweep of 2 corpora" in words
    assert "fam/keeper-salience-0.5" in words
    assert "docgen view fam compares the levels" in words
    if command[0] in ("audit", "open"):
        assert f"docgen {' '.join(command)}/keeper-salience-0.5" in words
    assert not (place / "output" / "fam" / "corpus.parquet").exists()
    assert not (place / "output" / "fam" / "attempts.jsonl").exists()


def test_a_level_goes_by_its_short_name(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert docgen(monkeypatch, "status", "fam/keeper-salience-0.5") == 0
    assert "10 of 10" in capsys.readouterr().out


def test_a_control_says_whose_it_is_and_who_plays_whom(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert docgen(monkeypatch, "status", "one-control") == 0
    assert "Matched control of one" in capsys.readouterr().out
    index = json.loads((place / "output" / "one-control" / "family.json").read_text())
    original, control = index["corpora"]
    played = {theirs: control["shares"][mine] for theirs, mine in index["plays"].items()}
    assert played == {fact: share for fact, share in original["shares"].items() if share}
    folder = place / "output" / "one-control"
    assert (folder / original["file"]).samefile(place / "output" / "one" / "corpus.parquet")


def test_doses_have_an_index_too(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert docgen(monkeypatch, "doses", "one", "--sizes", "2,5", "--out", "cut") in (0, 1)
    index = json.loads((place / "cut" / "index.json").read_text())
    assert [(row["size"], row["file"]) for row in index["corpora"]] == [(2, "dose-2.jsonl"), (5, "dose-5.jsonl")]
    assert all(set(row["shares"]) >= {"keeper"} for row in index["corpora"])


def test_a_control_may_have_a_cap_and_an_engine_of_its_own(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A paid engine without a key is refused before anything is written."""
    paid = ("--engine", "anthropic", "--max-cost", "1")
    assert docgen(monkeypatch, "control", "one", "--context", "tutorial", "--run", "other", *paid) == 2
    assert "no API key" in capsys.readouterr().err
    assert not (place / "output" / "other").exists()


def test_an_estimate_says_that_a_run_of_the_embedded_writer_is_free(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert docgen(monkeypatch, "estimate", "one") == 0
    assert "This run is free" in capsys.readouterr().out
    assert docgen(monkeypatch, "estimate", "one", "--model", "claude-haiku-5-5") == 0
    assert "This run is free" not in capsys.readouterr().out
