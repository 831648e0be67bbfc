"""The tutorial, run command by command as it stands on the page, in an empty folder; it prints what the page shows."""

import subprocess
import sys
from pathlib import Path

import pytest

from docgen.__main__ import main
from tests.docs.tutorial_page import missing, steps


def run(command: str, patch: pytest.MonkeyPatch) -> int:
    """Carry a command out here; its exit code."""
    name, *words = command.split()
    if name != "docgen":
        done = subprocess.run(command.split(), capture_output=True, text=True, check=False)
        print(done.stdout)
        return done.returncode
    patch.setattr(sys, "argv", ["docgen", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_every_command_of_the_tutorial_does_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("docgen.cli.runs.open_report.open_in_browser", lambda _: False)
    assert len(steps()) > 12
    for command, shown in steps():
        assert run(command, monkeypatch) == 0, command
        printed = capsys.readouterr()
        lost = missing(shown, printed.out)
        assert not lost, f"{command}: {lost!r} is not in\n{printed.out}"
        assert "Error" not in printed.err, command


def test_the_check_of_the_page_can_fail() -> None:
    """Lines out of order and lines that are not there are noticed."""
    assert missing(["a b", "c ..."], "x\na   b\nc d") == ""
    assert missing(["c", "a"], "a\nc") == "a"
    assert missing(["z"], "a") == "z"
