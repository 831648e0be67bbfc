"""The table of commands is what lets a command start without loading the others."""

import subprocess
import sys

import pytest
from typer.main import get_command

from docgen.cli.app import COMMANDS, app, command_line

WHOLE = get_command(app)
NAMES = sorted({name for row in COMMANDS for name in row.names})


def test_the_table_names_every_command() -> None:
    assert sorted(WHOLE.commands) == NAMES  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_a_command_on_its_own_is_the_command_in_the_whole_line(name: str) -> None:
    """It has the same parameters and, where it is a group, the same commands."""
    alone = get_command(command_line(name)).commands[name]  # type: ignore[attr-defined]
    whole = WHOLE.commands[name]  # type: ignore[attr-defined]
    assert [parameter.name for parameter in alone.params] == [parameter.name for parameter in whole.params]
    assert list(getattr(alone, "commands", [])) == list(getattr(whole, "commands", []))


def test_a_name_that_is_no_command_gets_the_whole_line() -> None:
    """So that help lists everything and a misspelt command is answered with the nearest one."""
    assert sorted(get_command(command_line("statsu")).commands) == NAMES  # type: ignore[attr-defined]


def test_one_command_loads_no_other() -> None:
    code = "import sys, docgen.cli.app as a; a.command_line('ctl'); print([m for m in sys.modules if 'cli.' in m])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "docgen.cli.runs.ctl" in loaded
    assert "docgen.cli.generate" not in loaded
