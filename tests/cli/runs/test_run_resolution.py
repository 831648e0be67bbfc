"""From what was typed to the run that is meant: forks that go on, and servers that would not be asked."""

from pathlib import Path

import pytest

from docgen.errors import ConfigError
from docgen.files.run_folder.run_folder import RunFolder
from docgen.llm.fake import FakeLLM
from docgen.options.last_step import Step
from docgen.options.run import RunOptions
from docgen.pipeline.inputs.requested_inputs import propose
from tests.cli.runs.test_exit_codes import docgen
from tests.runs import run_job, set_up_run, small
from tests.worlds import LIGHTHOUSE, writes_well

URL = "http://127.0.0.1:9"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a finished run "r" in it."""
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "light.yaml").write_text(LIGHTHOUSE, "utf-8")
    run_job(set_up_run(tmp_path, n=5, engine="offline"), FakeLLM(writes_well))
    return tmp_path


def test_a_fork_goes_on_by_the_same_command(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However often: the fork is made once, keeps its parent and is got done."""
    run_job(set_up_run(place, run="f", base="r", n=6, engine="offline"), FakeLLM(writes_well), Step.BRAINSTORM)
    command = ("plan", "r", "--fork", "f", "--n", "6")
    assert [docgen(monkeypatch, *command) for _ in range(2)] == [0, 0], capsys.readouterr().err
    assert len(list(RunFolder(Path("output/f")).read_slots())) == 6
    assert RunFolder(Path("output/f")).read_meta()["parents"] == ["r"]
    assert RunFolder(Path("output/r")).read_meta()["config"]["n"] == 5


def test_a_fork_that_goes_on_with_other_settings_is_asked_about(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fork = set_up_run(place, run="f", base="r", n=6, engine="offline")
    run_job(fork, FakeLLM(writes_well))
    assert docgen(monkeypatch, "run", "r", "--fork", "f", "--seed", "4") == 2
    assert "--accept-changes" in capsys.readouterr().err


@pytest.mark.parametrize("made_from", ["", "f"])
def test_a_run_that_is_no_fork_of_this_one_is_left_alone(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], made_from: str
) -> None:
    """A run of its own, and a fork of a fork."""
    if made_from:
        set_up_run(place, run=made_from, base="r", n=5, engine="offline")
    set_up_run(place, run="other", base=made_from, n=5, engine="offline")
    assert docgen(monkeypatch, "run", "r", "--fork", "other") == 2
    assert "exists already" in capsys.readouterr().err


def test_a_server_is_not_ignored_by_an_offline_run(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert docgen(monkeypatch, "run", "r", "--base-url", URL) == 2
    told = capsys.readouterr().err
    assert all(word in told for word in ("--base-url", "--engine anthropic", "--accept-changes"))


def test_a_server_in_the_environment_changes_nothing_for_an_offline_run(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", URL)
    assert docgen(monkeypatch, "run", "r") == 0


def test_a_run_with_a_server_can_become_an_offline_one(place: Path) -> None:
    """Its address stays on record, and does not stand in the way."""
    run, source = RunFolder(place / "output" / "s"), place / "light.yaml"
    asked = RunOptions(**small(n=5, engine="anthropic", model="m", base_url=URL))
    propose(run, source, asked).apply()
    assert propose(run, None, RunOptions(engine="offline")).setup.config.engine == "offline"
    with pytest.raises(ConfigError):
        propose(run, None, RunOptions(engine="offline", base_url="http://127.0.0.1:10"))
