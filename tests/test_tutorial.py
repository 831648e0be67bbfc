"""The tutorial, run command by command as it stands on the page, in an empty folder; it prints what the page shows."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docgen.__main__ import main
from docgen.cli.json_keys import KEYS, ROWS

PAGE = (Path(__file__).parents[1] / "docs/tutorial.md").read_text("utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)


NAMED_KEYS = {
    "status": "status tutorial",
    "runs": "runs",
    "leakage": "audit leakage tutorial",
    "salience": "audit salience tutorial",
    "diversity": "audit diversity tutorial",
    "export": "export tutorial",
    "plan": "plan tutorial",
    "estimate": "estimate tutorial --n 9",
    "select": "select tutorial --n 5 --salience captain=0.2",
    "dedupe": "dedupe tutorial",
    "list": "context list",
    "check": "context check tutorial",
    "prompt": "prompt tutorial",
}
"""Commands whose --help names the keys of --json, as they are called here."""


def steps() -> list[tuple[str, list[str]]]:
    """Each command of the page with the lines that it is said to print."""
    parts = [part for block in BLOCKS for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if part.strip()]
    return [(part.splitlines()[0], part.splitlines()[1:]) for part in parts]


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


def missing(shown: list[str], printed: str) -> str:
    """The first piece shown, between dots, that does not follow the ones before it; spaces do not count."""
    rest = " ".join(printed.split())
    for line in shown:
        for piece in (" ".join(part.split()) for part in line.split("...")):
            if piece and piece not in rest:
                return piece
            rest = rest.partition(piece)[2] if piece else rest
    return ""


def test_every_command_of_the_tutorial_does_what_the_page_shows_and_json_has_the_keys_that_help_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("docgen.cli.runs.opening.open_in_browser", lambda _: False)
    assert len(steps()) > 12
    for command, shown in steps():
        assert run(command, monkeypatch) == 0, command
        printed = capsys.readouterr()
        lost = missing(shown, printed.out)
        assert not lost, f"{command}: {lost!r} is not in\n{printed.out}"
        assert "Error" not in printed.err, command
    for name, arguments in NAMED_KEYS.items():
        assert run(f"docgen {arguments} --json", monkeypatch) == 0
        printed_json = json.loads(capsys.readouterr().out)
        first = printed_json[0] if name in ROWS else printed_json
        named = re.sub(r"\(.*?\)|;.*", "", {**KEYS, **ROWS}[name]).split(", ")
        assert {key.strip() for key in named} - {"..."} <= first.keys(), f"--help of {name}"


def test_the_check_of_the_page_can_fail() -> None:
    """Lines out of order and lines that are not there are noticed."""
    assert missing(["a b", "c ..."], "x\na   b\nc d") == ""
    assert missing(["c", "a"], "a\nc") == "a"
    assert missing(["z"], "a") == "z"
