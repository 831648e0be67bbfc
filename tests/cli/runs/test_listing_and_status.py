"""Looking at runs: which there are, how they stand, and what cannot be asked."""

import json
from pathlib import Path

import pytest

from docgen.llm.fake import FakeLLM
from tests.cli.runs.test_exit_codes import docgen
from tests.runs import run_job, set_up_run
from tests.worlds import writes_well


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs, "old" with 5 documents and "new", whose documents are not begun."""
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    run_job(set_up_run(tmp_path, run="old", n=5), FakeLLM(writes_well))
    set_up_run(tmp_path, run="new", n=7)
    return tmp_path


def test_runs_lists_every_run_with_its_count(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert docgen(monkeypatch, "runs", "--json") == 0
    found = {line["run"]: line for line in json.loads(capsys.readouterr().out)}
    assert {name: (line["accepted"], line["n"]) for name, line in found.items()} == {"old": (5, 5), "new": (0, 7)}
    assert {line["context"] for line in found.values()} == {"lighthouse"}
    assert docgen(monkeypatch, "runs") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["run", "kind", "context", "engine", "accepted", "of", "when"]
    assert {line.split()[0] for line in lines[1:]} == {"old", "new"}


def test_runs_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert docgen(monkeypatch, "runs", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert docgen(monkeypatch, "runs") == 0
    assert "docgen run" in capsys.readouterr().out


@pytest.mark.parametrize("spoilt", ["{", "{}", "[]", "\x00"])
def test_one_broken_run_hides_no_other(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], spoilt: str
) -> None:
    """The latest run that can be read is shown, and a note says which was passed over; named, it is refused."""
    (place / "output" / "new" / "run.json").write_text(spoilt)
    assert docgen(monkeypatch, "status") == 0
    out, errors = capsys.readouterr()
    assert "5 of 5" in out
    assert "new/run.json" in errors
    assert docgen(monkeypatch, "runs") == 0
    assert "new/run.json" in capsys.readouterr().out
    assert docgen(monkeypatch, "status", "new") == 2


def test_a_broken_run_is_never_silently_left_for_another_when_money_may_be_spent(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`docgen generate` goes on with the latest run or with none."""
    (place / "output" / "new" / "run.json").write_text("{")
    assert docgen(monkeypatch, "generate") == 2
    assert "new/run.json" in capsys.readouterr().err


@pytest.mark.parametrize("change", [("--n", "50"), ("--model", "m"), ("--salience", "opened=0.1"), ("--context", "x")])
def test_changes_mean_nothing_to_status_without_explain(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], change: tuple[str, str]
) -> None:
    assert docgen(monkeypatch, "status", "old", *change) == 2
    assert change[0] in (told := capsys.readouterr().err)
    assert "--explain" in told


@pytest.mark.parametrize("doc", ["²", "٣", "d²", "9" * 5000, "-1", "d", ""])
def test_a_document_that_is_none_is_one_line(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], doc: str
) -> None:
    assert docgen(monkeypatch, "show", "old", "--", doc) == 2
    assert "is not a document" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["status", "show", "estimate", "export", "batches"])
def test_quiet_says_nothing_but_the_result(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (place / "output" / "new" / "run.json").unlink()
    assert docgen(monkeypatch, command, "--quiet") == 0
    out, errors = capsys.readouterr()
    assert errors == ""
    assert out


def test_cancelling_where_there_are_no_batches_needs_no_key(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert docgen(monkeypatch, "batches", "old", "--cancel") == 0
    assert "no message batches" in capsys.readouterr().out
