"""What reaches a terminal or a pipe: no control characters of foreign texts, whole ids, and no fuss about `| head`."""

import io
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from docgen.cli.shared.console import _Cleaning, _Screen, table
from docgen.llm.fake import FakeLLM
from tests.runs import run_job, set_up_run
from tests.worlds import writes_well

ROOT = Path(__file__).parents[2]
ANY = st.text(st.characters(categories=["Cc", "Ll", "Po", "Ps", "Pe"]), max_size=40)


def screen(width: int | None = None, terminal: bool = False) -> tuple[_Screen, io.StringIO]:
    out = io.StringIO()
    made = _Screen(file=out, width=width, force_terminal=terminal, color_system=None, highlight=False)
    made.push_render_hook(_Cleaning())
    return made, out


@given(ANY, st.booleans())
def test_no_text_takes_control_of_the_terminal(text: str, terminal: bool) -> None:
    """However it is printed: as it is, as a title, as a heading, as a cell."""
    console, out = screen(width=60, terminal=terminal)
    console.print(Text(text))
    console.print(text, markup=False)
    console.print(table([text, "n"], [[text, "1"]], right=("n",), title=text))
    assert {char for char in out.getvalue() if unicodedata.category(char) == "Cc"} <= {"\n", "\t"}


@given(st.text(st.sampled_from("[]/abc red\\"), max_size=30))
def test_a_cell_is_no_markup(text: str) -> None:
    console, out = screen(width=100)
    console.print(table(["id"], [[f"<{text}>"]]))
    assert f"<{text}>" in out.getvalue()


@pytest.mark.parametrize("width", [40, 80])
def test_where_room_is_short_nothing_is_cut(width: int) -> None:
    console, out = screen(width)
    ids = [f"msgbatch_{'0123456789' * 5}{i}" for i in range(3)]
    console.print(table(["batch", "requests", "results"], [[i, "10,000", "9,999 succeeded, 1 errored"] for i in ids]))
    joined = "".join(line[: line.find("  ")] if "  " in line else line for line in out.getvalue().splitlines())
    assert "…" not in out.getvalue()
    assert all(each in joined.replace(" ", "") for each in ids)


def test_titles_and_captions_have_the_width_of_the_screen_not_of_the_columns() -> None:
    console, out = screen(80)
    title, caption = (
        "Written by the embedded writer: for trying out, not for research",
        "two of three had nothing to say",
    )
    console.print(table(["fact", "n"], [["a", "1"]], title=title, caption=caption))
    assert [line.rstrip() for line in out.getvalue().splitlines()] == [title, "fact  n", "a     1", caption]


@pytest.mark.parametrize("line", ["x" * 250, "a warning of many words " * 30, "警告：" * 200])
def test_in_a_pipe_a_line_stays_a_line(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    console, out = screen()
    console.print(line, markup=False, style="yellow")
    assert out.getvalue() == line + "\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("terminal")
    run_job(set_up_run(made, n=200), FakeLLM(writes_well))
    return made


def piped(place: Path, *command: str) -> tuple[int, str]:
    """The exit code and standard error of a command whose reader reads a little and goes."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "docgen", *command], cwd=place, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    assert process.stderr
    process.stdout.read(10)
    process.stdout.close()
    errors = process.stderr.read().decode()
    process.stderr.close()
    return process.wait(), errors


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_reader_that_goes_early_is_no_error(place: Path, flags: tuple[str, ...]) -> None:
    """`docgen show | head`: more than a pipe holds is printed, exit code 0, not a word."""
    assert piped(place, "show", "r", "--sample", "200", *flags) == (0, "")


def test_ids_that_look_like_markup_are_shown(tmp_path: Path) -> None:
    """dedupe --show, with ids and texts of a corpus that somebody else made."""
    text = " ".join(f"word{i}" for i in range(60)) + " \x1b[2J\x07\x9b31m [/] [red]"
    rows = [{"id": name, "text": f"{name} {text}"} for name in ("[/]", "[red]x\x1b]0;title\x07")]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    command = [sys.executable, "-m", "docgen", "dedupe", "c.jsonl", "--show", "1", "--quiet"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    out = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert "removed [red]x" in out
    assert "kept [/]" in out
    assert {char for char in out if unicodedata.category(char) == "Cc"} <= {"\n"}
