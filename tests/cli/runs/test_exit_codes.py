"""How a command ends: exit code, what it says, and JSON that is nothing but JSON."""

import json
import sys
from pathlib import Path

import pytest

from docgen.__main__ import main
from docgen.llm.fake import FakeLLM
from tests.loopback import Loopback, Options
from tests.runs import run_job, set_up_run
from tests.worlds import LIGHTHOUSE, spoils, writes_well


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "light.yaml").write_text(LIGHTHOUSE, "utf-8")
    return tmp_path


def docgen(monkeypatch: pytest.MonkeyPatch, *command: str) -> int:
    monkeypatch.setattr(sys, "argv", ["docgen", *command])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_complete_run_ends_with_0(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_job(set_up_run(place, n=10, engine="offline"), FakeLLM(writes_well))
    assert docgen(monkeypatch, "run", "r") == 0
    assert "10 of 10 documents accepted - complete" in capsys.readouterr().out


def test_run_short_of_n_ends_with_1_and_says_why(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = lambda r: spoils(r, "too_long") if r.stage == "document" and r.variables["seed"] % 2 else writes_well(r)  # noqa: E731
    run_job(set_up_run(place, n=10, engine="offline", max_attempts=1, words=(60, 60)), FakeLLM(reply))
    assert docgen(monkeypatch, "run", "r") == 1
    told = capsys.readouterr().out
    assert "slots empty after all attempts" in told
    assert "too_long" in told
    assert "--max-attempts" in told


@pytest.mark.parametrize(
    ("command", "goes_on"),
    [
        (("audit", "leakage", "light.jsonl", "--context", "light.yaml"), True),
        (("dedupe", "light.jsonl"), True),
        (("show", "r"), False),
    ],
)
def test_ctrl_c_at_any_moment_has_a_word_on_how_to_go_on(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    goes_on: bool,
) -> None:
    """Also where nothing is in flight yet: while a corpus is read, a file looked for."""

    def pressed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    (place / "light.jsonl").write_text('{"text": "A light."}\n', "utf-8")
    monkeypatch.setattr(Path, "stat", pressed)
    assert docgen(monkeypatch, *command) == 130
    monkeypatch.undo()
    errors = capsys.readouterr().err
    assert errors.splitlines()[-1].startswith("Interrupted.")
    assert ("same command again" in errors) == goes_on


def test_json_is_one_object_on_standard_output(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_job(set_up_run(place, n=10, engine="offline"), FakeLLM(writes_well))
    for command in (("run", "r", "--json"), ("status", "r", "--json"), ("status", "--json")):
        assert docgen(monkeypatch, *command) == 0
        assert json.loads(capsys.readouterr().out)["accepted"] == 10


@pytest.mark.parametrize(
    ("options", "key", "says"),
    [
        (Options(), "bad", "ANTHROPIC_API_KEY"),
        (Options(models=("other",)), "k", "--model"),
        (Options(spend_limit=0), "k", "limit"),
    ],
)
def test_stopped_run_ends_with_1_and_one_line(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: Options,
    key: str,
    says: str,
) -> None:
    """The reason, what to do, and never the key."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", key * 9 if key == "k" else key)
    with Loopback(options) as server:
        command = ("run", "light.yaml", "--n", "5", "--base-url", server.url, "--yes", "--quiet", "--types", "3")
        assert docgen(monkeypatch, *command) == 1
    out, errors = capsys.readouterr()
    assert (out, len(errors.splitlines())) == ("", 1), errors
    assert errors.startswith("Stopped: ")
    assert says in errors
    assert "kkkkkkkkk" not in errors


def test_money_is_not_spent_unasked(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Loopback() as server:
        command = ("run", "light.yaml", "--n", "5", "--base-url", server.url)
        assert docgen(monkeypatch, *command) == 2
        assert server.served == []
    assert "--yes" in capsys.readouterr().err
    assert not (place / "output").exists()


@pytest.mark.parametrize("command", ["run", "plan", "generate", "brainstorm", "estimate", "pilot"])
def test_a_directness_that_cannot_be_met_is_refused_before_the_brainstorm_is_paid_for(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """`stated` in a --config file: nothing is sent and nothing written, whichever command reads it."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    with Loopback() as server:
        (place / "c.toml").write_text(f'n = 5\nbase-url = "{server.url}"\n[stated]\nopened = 1.5\n', "utf-8")
        asked = () if command == "estimate" else ("--yes",)
        assert docgen(monkeypatch, command, "light.yaml", "--config", "c.toml", *asked) == 2
        assert server.served == []
    assert "opened is given the share 1.5" in capsys.readouterr().err
    assert not (place / "output").exists()
