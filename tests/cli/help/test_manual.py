"""The manual is in step with the commands."""

import subprocess
import sys
from pathlib import Path

MANUAL = Path(__file__).parents[3] / "docs" / "commands.md"


def test_manual_lists_every_command_with_its_help() -> None:
    """docs/commands.md is the help of every command; regenerate it: python -m docgen.cli.manual > docs/commands.md."""
    page = subprocess.run(
        [sys.executable, "-m", "docgen.cli.manual"], capture_output=True, check=True, encoding="utf-8"
    )
    assert MANUAL.read_text("utf-8") == page.stdout


def test_help_of_every_command_teaches_by_an_example() -> None:
    """Each command of the manual has a synopsis and describes every option."""
    for section in MANUAL.read_text("utf-8").split("\n## ")[1:]:
        assert "**Usage**" in section
        lines = [line for line in section.splitlines() if line.startswith("* `-")]
        assert all(": " in line for line in lines), section.splitlines()[0]
