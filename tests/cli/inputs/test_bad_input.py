"""Whatever is wrong with contexts, settings, flags, runs and files: one clear line, exit code 2, nothing written."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docgen.__main__ import main
from docgen.llm.fake import FakeLLM
from tests.cli.inputs.broken import CONFIGS, CONTEXTS, FLAGS, FOLDERS, OFFLINE, USAGE, Case
from tests.runs import run_job, set_up_run
from tests.worlds import LIGHTHOUSE, writes_well

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run "r" in it."""
    made = tmp_path_factory.mktemp("finished")
    run_job(set_up_run(made, n=20, engine="offline"), FakeLLM(writes_well))
    return made / "output"


@pytest.fixture
def place(tmp_path: Path, finished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a good context and a run of it."""
    for name in [name for name in os.environ if name.startswith("ANTHROPIC_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished, tmp_path / "output")
    (tmp_path / "good.yaml").write_text(LIGHTHOUSE.replace("id: lighthouse", "id: good"), "utf-8")
    return tmp_path


def prepare(place: Path, case: Case) -> None:
    for name, content in (case.files or {}).items():
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    if case.spoil:
        case.spoil(place / "output" / "r")


def snapshot(place: Path) -> dict[str, bytes]:
    """Every file with its content; locks say who held them last, which is no result."""
    files = (path for path in sorted(place.rglob("*")) if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(place)): path.read_bytes() for path in files}


def run_here(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["docgen", *command])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def name_of(case: Case) -> str:
    return case.name.replace(" ", "-")


@pytest.mark.parametrize("case", [*CONTEXTS, *CONFIGS, *FLAGS, *FOLDERS], ids=name_of)
def test_one_line_exit_2_nothing_written(
    case: Case, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(place, case)
    before = snapshot(place)
    code = run_here(case.command, monkeypatch)
    out, errors = capsys.readouterr()
    told = [line for line in errors.splitlines() if not line.startswith(("Latest run:", "Expected"))]
    told = [
        line for line in told if "continues with its own copy of the context" not in line
    ]  # its file was not copied
    told = [line for line in told if not line.startswith("       ") or ".yaml:" not in line]  # of a context
    assert (code, len(told)) == (2, 1), errors
    assert told[0].startswith("Error: ")
    assert all(word in told[0] for word in case.says), told[0]
    assert len(told[0]) < 900
    assert out == ""
    assert snapshot(place) == before


@pytest.mark.parametrize("case", USAGE, ids=name_of)
def test_wrong_usage_is_told_by_the_command_line_itself(
    case: Case, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(place)
    code = run_here(case.command, monkeypatch)
    _, errors = capsys.readouterr()
    assert code == 2
    assert "─ Error ─" in errors
    assert all(word in errors for word in case.says), errors
    assert "Traceback" not in errors
    assert snapshot(place) == before


@pytest.mark.parametrize("command", [("status",), ("show",), ("export",), ("run",), ("generate",)])
def test_without_any_run_it_says_how_to_begin(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_here(command, monkeypatch) == 2
    assert "docgen run" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_place_that_cannot_be_written_to_is_one_line(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(place / "output")
    (place / "output").write_text("a file where the folder should be")
    assert run_here(("run", "good.yaml", *OFFLINE), monkeypatch) == 2
    errors = capsys.readouterr().err
    assert len(errors.splitlines()) == 1
    assert errors.startswith("Error: output")


@pytest.mark.parametrize("case", [CONTEXTS[0]], ids=name_of)
def test_the_same_as_a_command_of_its_own(case: Case, place: Path) -> None:
    prepare(place, case)
    before = snapshot(place)
    command = [sys.executable, "-m", "docgen", *case.command]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert snapshot(place) == before


def test_key_is_never_told(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever goes wrong, and in everything that is written."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-very-secret")
    url = "http://127.0.0.1:9"
    run_here(("run", "good.yaml", "--n", "2", "--base-url", url, "--model", "mine", "--max-cost", "1"), monkeypatch)
    out, errors = capsys.readouterr()
    written = b"".join(snapshot(place).values())
    assert "sk-very-secret" not in out + errors
    assert b"sk-very-secret" not in written


def test_json_stays_json_when_a_run_is_looked_at(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["docgen", "status", "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert json.loads(capsys.readouterr().out)["accepted"] == 20
