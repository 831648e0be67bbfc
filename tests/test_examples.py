"""The scripts in examples/ run as they stand, and are as short as the page says."""

import ast
from pathlib import Path

import pytest

from tests.e2e.forked_commands import CommandForker

ROOT = Path(__file__).parents[1]
SHOWS = {
    "generate": "d0000049",
    "audit_texts": "prompt_leak",
    "near_duplicates": "text 2 repeats text 0",
    "select_and_export": "40 documents, 4 with electric_drive; targets met: True",
    "own_engine": "10 documents from 13 requests to fake",
}
MOST_LINES = 15


def code_lines(file: Path) -> int:
    """Lines that hold code: neither blank, nor a comment, nor the docstring."""
    text = file.read_text("utf-8")
    docstrings = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node)
        for line in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    }
    lines = enumerate(text.splitlines(), 1)
    return sum(bool(line.strip()) and number not in docstrings for number, line in lines)


def test_every_example_is_tried() -> None:
    assert sorted(SHOWS) == sorted(file.stem for file in (ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("name", SHOWS)
def test_example_runs_as_it_stands(name: str, tmp_path: Path, forker: CommandForker) -> None:
    """In an empty folder, without a key, and with nothing on standard error."""
    place, out, errors = tmp_path / "place", tmp_path / "out.txt", tmp_path / "errors.txt"
    place.mkdir()
    script = str(ROOT / "examples" / f"{name}.py")
    code = forker.start([], place, errors=errors, module=script, out=out).wait(60)
    assert (code, errors.read_text("utf-8")) == (0, "")
    assert SHOWS[name] in out.read_text("utf-8")


@pytest.mark.parametrize("name", SHOWS)
def test_example_is_short(name: str) -> None:
    """Under 15 lines of code, and a corpus in 4, the loop that prints it left out."""
    count = code_lines(ROOT / "examples" / f"{name}.py")
    assert count <= MOST_LINES
    if name == "generate":
        assert count - 1 == 4
