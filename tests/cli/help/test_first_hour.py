"""What a stranger meets first: help, prompts, wide and narrow screens, misspelt names, a pilot's verdict."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from docgen.cli.app import app
from tests.cli.runs.test_exit_codes import docgen
from tests.cli.runs.writers import enter_key
from tests.loopback import Loopback
from tests.runs import attempts, set_up_run
from tests.universe.test_example_warnings import ERUPTION
from tests.worlds import LIGHTHOUSE


def help_of(*names: str, columns: int = 200) -> str:
    return CliRunner().invoke(app, [*names, "--help"], env={"COLUMNS": str(columns)}).stdout


def commands(group: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    found: list[tuple[tuple[str, ...], Any]] = []
    for name, command in group.commands.items():
        found += commands(command, (*path, name)) if hasattr(command, "commands") else [((*path, name), command)]
    return found


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("run",), "[default: 40]"),
        (("generate",), "[default: 300-900]"),
        (("control",), "[default: RUN-control]"),
        (("dedupe",), "docgen[embeddings]"),
        (("dedupe",), "docgen[ray]"),
        (("audit", "leakage"), "docgen[ray]"),
    ],
)
def test_what_stands_in_brackets_is_not_taken_for_markup(names: tuple[str, ...], words: str) -> None:
    assert words in help_of(*names)


def test_every_flag_that_changes_a_run_says_its_default() -> None:
    """Of all commands: what may be left out without a default in its help is a choice of what is shown or written."""
    group = typer.main.get_command(app)
    free = {"config", "fork", "run", "out", "context", "limit", "verify", "judge_model"}
    for path, command in commands(group):
        for option in command.params:
            named = option.param_type_name == "option" and option.default is None and not option.required
            if named and path in {("run",), ("generate",), ("pilot",)} and option.name not in free | {"help"}:
                assert "default" in option.help, (path, option.name)


def test_help_fills_its_lines_at_any_width() -> None:
    lines = help_of("control", columns=80).splitlines()
    assert all(len(line) <= 80 for line in lines)
    start = next(i for i, line in enumerate(lines) if "One fact of the other universe" in line)
    assert all(len(line.strip()) > 55 for line in lines[start : start + 2]), "no line breaks of the source"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "light.yaml").write_text(LIGHTHOUSE, "utf-8")
    return tmp_path


SMALL = ("--types", "2", "--ideas", "4", "--words", "60-90", "--quiet")


def test_prompts_are_shown_before_anything_is_asked_and_after(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With their tokens; the prompt of a document, refills included, is the one that was sent, to the byte."""
    assert docgen(monkeypatch, "prompt", "light.yaml", "--json") == 0
    stages = {each["stage"]: each for each in json.loads(capsys.readouterr().out)}
    assert list(stages) == ["types", "ideas", "document", "judge_document"]
    assert all(each["tokens"]["system"] > 100 for each in stages.values())
    assert "<assigned_fact" in stages["document"]["user"]
    assert not (place / "output").exists()
    with Loopback() as server:
        enter_key(monkeypatch, server)
        run = ("run", "light.yaml", "--run", "r", "--n", "3", *SMALL, "--yes", "--verify", "0")
        assert docgen(monkeypatch, *run) in (0, 1)
    capsys.readouterr()
    from docgen.pipeline.run import Run

    made = attempts(Run("r").setup)
    for slot in {attempt.slot for attempt in made}:
        assert docgen(monkeypatch, "show", "r", str(slot), "--prompt", "--json") == 0
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert len(lines) == sum(attempt.slot == slot for attempt in made)
        assert all(line["as_sent"] for line in lines)
    assert docgen(monkeypatch, "show", "r", "0", "--prompt") == 0
    assert "tokens in total" in capsys.readouterr().out


def test_a_pilot_says_what_the_rest_will_cost(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Accepted, rejected and why, dollars a document, the projected total; and it counts to its own number."""
    with Loopback() as server:
        enter_key(monkeypatch, server)
        command = ("pilot", "light.yaml", "--run", "p", "--n", "300", "--documents", "3", *SMALL[:-1], "--yes")
        assert docgen(monkeypatch, *command) in (0, 1)
    out, errors = capsys.readouterr()
    assert " of 3 accepted, in " in out
    assert "Cost of an accepted document: $0.0" in out
    assert "To come: " in out
    assert "documents: 3/3" in errors
    assert "/300" not in errors.replace("plan: 300/300", "")


def test_show_refuses_a_misspelt_name_with_the_nearest(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_run(place, run="r", n=4)
    for flag, name, near in (("--fact", "keper", "keeper"), ("--reason", "trunkated", "truncated")):
        assert docgen(monkeypatch, "show", "r", flag, name) == 2
        words = capsys.readouterr().err
        assert f'Did you mean "{near}' in words
        assert words.rstrip().endswith("?")


@pytest.mark.parametrize("columns", [None, 80, 70])
def test_screens_fit_their_width_and_cut_no_name(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: int | None
) -> None:
    """A frame in a pipe is no wider than a page; a name goes on in the next line after a joint, never inside a word."""
    text = LIGHTHOUSE.replace("id: keeper", "id: keeper_of_the_lighthouse_at_harrow_point")
    (place / "light.yaml").write_text(text.replace("[keeper", "[keeper_of_the_lighthouse_at_harrow_point"), "utf-8")
    run = ("run", "light.yaml", "--run", "r", "--n", "4", *SMALL, "--engine", "offline")
    assert docgen(monkeypatch, *run) == 0
    if columns:
        monkeypatch.setenv("COLUMNS", str(columns))
    capsys.readouterr()
    for command in (("show", "r"), ("status", "r"), ("context", "check", "light.yaml"), ("audit", "salience", "r")):
        assert docgen(monkeypatch, *command) == 0
        lines = capsys.readouterr().out.splitlines()
        words = {word for line in lines for word in line.split()}
        assert not words & {"lightho", "keepe", "harro", "salien", "labelle", "wordin"}
        widest = max(len(line.rstrip()) for line in lines if line.startswith(("╭", "│", "fact ")))
        assert widest <= (columns or 100), command


def test_context_check_has_its_warnings_as_json(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert docgen(monkeypatch, "context", "check", "light.yaml") == 0
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning: ")]
    assert docgen(monkeypatch, "context", "check", "light.yaml", "--json") == 0
    told = json.loads(capsys.readouterr().out)["warnings"]
    assert len(told) == len(shown) > 0


def test_a_plan_says_in_json_what_its_brainstorm_cost(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Loopback() as server:
        enter_key(monkeypatch, server)
        plan = ("plan", "light.yaml", "--run", "p", "--n", "20", "--types", "2", "--ideas", "4", "--yes", "--json")
        assert docgen(monkeypatch, *plan) == 0
    assert json.loads(capsys.readouterr().out)["spent"] > 0


def test_the_context_that_init_writes_passes_its_check(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert docgen(monkeypatch, "init", "my_world") == 0
    assert docgen(monkeypatch, "context", "check", "my_world") == 0
    assert "valid" in capsys.readouterr().out


def test_what_one_reader_of_yaml_takes_the_checks_take_too(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A question mark before a bracket is no text to one of the two YAML parsers; it must not end in a traceback."""
    text = LIGHTHOUSE.replace("key_facts:\n", "banned_statements: [Was it dark?, Who wound it?]\nkey_facts:\n")
    (place / "light.yaml").write_text(text, "utf-8")
    for flags in ((), ("--json",)):
        assert docgen(monkeypatch, "context", "check", "light.yaml", *flags) in (0, 2)
    assert "Traceback" not in capsys.readouterr().err


def test_a_run_without_a_rejected_attempt_says_so_and_is_no_error(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_run(place, run="r", n=4)
    assert docgen(monkeypatch, "show", "r", "--rejected") == 0
    assert "No attempt of r was rejected" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["view", "export"])
def test_a_licence_may_be_spelt_either_way(name: str) -> None:
    """--help shows one spelling; the other is not refused as an unknown flag."""
    assert "--license" in help_of(name)
    assert "--licence" not in help_of(name)
    result = CliRunner().invoke(app, [name, "nothing-here", "--licence", "MIT"])
    assert "No such option" not in result.output
    assert "nothing-here" in str(result.exception)


@pytest.mark.parametrize(("role", "is_noted"), [("", True), ("public: true, ", False)])
def test_before_anything_is_bought_a_world_without_roles_is_shown_its_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], role: str, is_noted: bool
) -> None:
    """Of a new run only: the same run again says nothing of it."""
    text = ERUPTION.format(late="statement: A wall of tiles was built.").replace(
        "salience: 0.6", f"{role}salience: 0.6"
    )
    (tmp_path / "v.yaml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    with Loopback() as server:
        enter_key(monkeypatch, server)
        for again in (False, True):
            assert docgen(monkeypatch, "brainstorm", "v.yaml", "--types", "1", "--ideas", "1", "--max-cost", "1") == 0
            noted = " ".join(capsys.readouterr().err.split())
            assert ("erupted says what most other facts build on" in noted) == (is_noted and not again)
