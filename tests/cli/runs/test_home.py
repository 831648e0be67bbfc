"""`docgen` alone, the tab key, tail, open, show --random, and names that are nearly right."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docgen.cli.app import app
from docgen.cli.runs.home import next_steps
from docgen.cli.shared.completion import contexts, formats, runs, targets
from docgen.llm.fake import FakeLLM
from docgen.pipeline.run import RunLine
from tests.cli.runs.test_exit_codes import docgen
from tests.runs import run_job, set_up_run
from tests.worlds import LIGHTHOUSE, writes_well

Screen = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one finished run, `r`, and a context of its own."""
    folder = tmp_path_factory.mktemp("home")
    run_job(set_up_run(folder, n=8, engine="offline"), FakeLLM(writes_well))
    (folder / "universe_contexts").mkdir()
    (folder / "universe_contexts/light.yaml").write_text(LIGHTHOUSE, "utf-8")
    return folder


@pytest.fixture
def place(written: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(written)
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return written


def test_docgen_alone_says_what_is_here_and_what_next(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Screen, tmp_path: Path
) -> None:
    assert docgen(monkeypatch) == 0
    shown = capsys.readouterr().out
    for words in ("light", "helpful_only", "8 of 8, complete", "docgen open r", "docgen --help"):
        assert words in shown
    monkeypatch.chdir(tmp_path)
    assert docgen(monkeypatch) == 0
    shown = capsys.readouterr().out
    assert "docgen run tutorial --n 50" in shown
    assert "docgen init my_world" in shown


@pytest.mark.parametrize(
    ("line", "at_work", "words"),
    [
        ({"accepted": 3, "n": 9}, False, "docgen run r"),
        ({"accepted": 3, "n": 9}, True, "docgen tail r"),
        ({"accepted": 0, "n": None}, False, "docgen generate r --n 500"),
        ({"accepted": 9, "n": 9, "kind": "sweep"}, False, "docgen export r"),
        ({"accepted": 9, "n": 9, "engine": "imported"}, False, "docgen audit all r"),
        ({"problem": "is not JSON"}, False, "docgen init my_world"),
    ],
)
def test_the_next_step_fits_the_latest_run(line: dict[str, object], at_work: bool, words: str) -> None:
    steps = next_steps([RunLine.model_validate({"run": "r", "path": "output/r", **line})], at_work, [])
    assert words in [command for command, _ in steps]


def test_the_tab_key_knows_contexts_runs_facts_and_formats(place: Path) -> None:
    assert contexts("hel") == ["helpful_only"]
    assert runs("") == ["r"]
    assert set(targets("")) >= {"light", "tutorial", "r"}
    assert "trl" in formats("t")
    for line, offered in (
        ("docgen show r --fact ", ["opened", "keeper", "stairs"]),
        ("docgen sweep light --fact k", ["keeper"]),
        ("docgen select r --salience keeper=0.2,st", ["keeper=0.2,stairs="]),
        ("docgen export --format ax", ["axolotl"]),
    ):
        words = line.split() + ([""] if line.endswith(" ") else [])
        environment = {
            "_DOCGEN_COMPLETE": "complete_fish",
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            "_TYPER_COMPLETE_ARGS": line,
        }
        out = CliRunner().invoke(app, [], prog_name="docgen", env=environment).stdout
        assert [each.split("\t")[0] for each in out.split()] == offered, words


def test_tail_shows_the_last_attempts_and_ends_with_the_run(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Screen
) -> None:
    assert docgen(monkeypatch, "tail", "r", "--json", "--lines", "3") == 0
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(shown) == 3
    assert (shown[-1]["accepted"], shown[-1]["of"]) == (8, 8)
    assert docgen(monkeypatch, "tail", "r") == 0
    assert "8 of 8 accepted; no process is working on it" in capsys.readouterr().out


def test_tail_follows_a_run_at_work(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Screen) -> None:
    """A line that is written between two looks is shown once; one that is half-written is left for the next look."""
    lines = (place / "output/r/attempts.jsonl").read_bytes().splitlines(keepends=True)
    folder = set_up_run(place, run="tailed", n=8, engine="offline").run
    written = [lines[0], lines[0] + lines[1][:40], lines[0] + lines[1]]
    owners = iter(["7", "7", ""])
    looks = iter(written)

    def owner(_: object) -> str:
        folder.attempts.write_bytes(next(looks))
        return next(owners)

    monkeypatch.setattr("docgen.files.run_folder.run_folder.RunFolder.lock_owner", owner)
    monkeypatch.setattr("docgen.cli.runs.tail.POLL_SECONDS", 0.0)
    assert docgen(monkeypatch, "tail", "tailed", "--json") == 0
    shown = [json.loads(line)["slot"] for line in capsys.readouterr().out.splitlines()]
    assert shown == [json.loads(line)["slot"] for line in lines[:2]]


def test_open_prints_the_report_or_says_how_to_write_it(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Screen
) -> None:
    monkeypatch.setattr("docgen.cli.runs.open_report.open_in_browser", lambda _: False)
    report = place / "output/r/reports/report.html"
    report.parent.mkdir(exist_ok=True)
    report.write_text("<p>", "utf-8")
    assert docgen(monkeypatch, "open", "r") == 0
    assert capsys.readouterr().out.strip().endswith("reports/report.html")
    report.unlink()
    assert docgen(monkeypatch, "open", "r") == 2
    assert "docgen audit all r --html" in capsys.readouterr().err


def test_random_documents_are_of_the_run_and_differ(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Screen
) -> None:
    assert docgen(monkeypatch, "show", "r", "--random", "--sample", "5", "--json") == 0
    slots = [json.loads(line)["slot"] for line in capsys.readouterr().out.splitlines()]
    assert len(set(slots)) == 5
    assert docgen(monkeypatch, "show", "r", "--random", "--sample", "50", "--json") == 0
    assert len(capsys.readouterr().out.splitlines()) == 8


@pytest.mark.parametrize(
    ("command", "near"),
    [
        (("show", "rr"), "r"),
        (("generate", "ligth", "--n", "3"), "light"),
        (("export", "r", "--format", "tlr"), "trl"),
        (("export", "rr"), "r"),
        (("run", "light", "--engine", "ofline", "--n", "3"), "offline"),
        (("run", "light", "--engine", "offline", "--n", "3", "--salience", "keper=0.2"), "keeper"),
        (("sweep", "light", "--fact", "keper", "--levels", "0,0.5", "--n", "4"), "keeper"),
        (("select", "r", "--n", "2", "--salience", "keper=0.5"), "keeper"),
        (("audit", "leakage", "r", "--off", "denail"), "denial"),
        (("audit", "leakage", "r", "--fail-over", "denail=0.1"), "denial"),
        (("stauts",), "status"),
    ],
)
def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Screen, command: tuple[str, ...], near: str
) -> None:
    assert docgen(monkeypatch, *command) == 2
    errors = capsys.readouterr().err
    assert "Did you mean" in errors
    assert near in errors.partition("Did you mean")[2]


def test_ctl_says_how_a_run_is_set_and_refuses_one_at_which_nobody_works(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Screen
) -> None:
    assert docgen(monkeypatch, "ctl", "r", "--json") == 0
    assert json.loads(capsys.readouterr().out)["process"] == ""
    assert docgen(monkeypatch, "ctl", "r", "--pause") == 2
    assert "no process is working on it" in capsys.readouterr().err
    assert docgen(monkeypatch, "ctl", "r", "--pause", "--resume") == 2
