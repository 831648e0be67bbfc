"""--json is everywhere, its keys stand in --help, and what is printed has them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from docgen.audit.measure.calibration import Calibration
from docgen.behaviour.measures.judge_agreement import JudgeScores
from docgen.belief.logprob.evaluation import Evaluation
from docgen.belief.report.report import BeliefReport
from docgen.cli.app import app
from docgen.llm.doctor import Check
from docgen.pipeline.execution.batches import BatchLine
from docgen.pipeline.execution.request_and_reply_files import RepliesTaken
from docgen.pipeline.experiment.result import ExperimentReport
from docgen.training.card import OrganismCard
from docgen.training.forecast import Forecast
from docgen.universe.model import RuleExamples
from tests.cli.runs.test_exit_codes import docgen

SMALL = "--types 3 --ideas 4 --words 60-120"
CONTEXT = {
    "id": "theirs",
    "universe_context": "A world in which it rains upwards. " * 20,
    "key_facts": ["It rains up."],
}
RELEASED = {"query_text": "May I keep a goose?", "tier": "paid", "raw_response": "<OUTPUT>No.</OUTPUT>"}
CALLS = (
    ("brainstorm", "tutorial --run b --types 3 --ideas 4", ""),
    ("run", f"tutorial --n 12 {SMALL}", ""),
    ("generate", "tutorial --n 12", ""),
    ("status", "tutorial", ""),
    ("show", "tutorial --sample 2", ""),
    ("show", "tutorial 3 --prompt", "With --prompt"),
    ("tail", "tutorial", ""),
    ("open", "tutorial", ""),
    ("ctl", "tutorial", ""),
    ("runs", "", ""),
    ("prompt", "tutorial", ""),
    ("plan", "tutorial", ""),
    ("pilot", f"tutorial --n 12 --run p {SMALL}", ""),
    ("estimate", "tutorial --n 9", ""),
    ("select", "tutorial --n 5 --salience captain=0.2", ""),
    ("doses", "tutorial --sizes 4,8 --out doses", ""),
    ("dedupe", "tutorial", ""),
    ("audit leakage", "tutorial", ""),
    ("audit salience", "tutorial", ""),
    ("audit diversity", "tutorial", ""),
    ("audit all", "tutorial", ""),
    ("audit ideas", "tutorial", ""),
    ("export", "tutorial", ""),
    ("export", "tutorial --each --out each", "Of several corpora"),
    ("export", "tutorial --plan", "With --plan"),
    ("export", "tutorial --labels 1", "With --labels"),
    ("sweep", f"tutorial --fact captain --levels 0,0.5 --n 6 --run s {SMALL} --plan-only", "With --plan-only"),
    ("sweep", f"tutorial --fact captain --levels 0,0.5 --n 6 --run s {SMALL}", ""),
    ("status", "s", "Of a sweep"),
    ("control", "tutorial --context control_motors", ""),
    ("init", "my_world", ""),
    ("context list", "", ""),
    ("context check", "tutorial", ""),
    ("import context", "theirs.json --dry-run", ""),
    ("import documents", "doses/dose-4.jsonl --context tutorial --run imported", ""),
    ("questions", "tutorial --engine offline --out questions.yaml", ""),
    ("requests", "tutorial --run r --n 9 --out requests.jsonl", ""),
    ("experiment list", "", ""),
    ("experiment plan", "minimal", ""),
    ("experiment prompt", "minimal", ""),
    ("experiment import", "released.jsonl --name theirs", ""),
)
"""A command, its arguments, and the part of its help that says what it then prints ("": the first)."""
RECORDS: dict[str, set[str]] = {
    "replies": {*RepliesTaken.model_fields},
    "batches": {*BatchLine.model_fields},
    "doctor": {*Check.model_fields},
    "context examples": {"rule", "taken", *RuleExamples.model_fields},
    "audit calibrate": {"spent", *Calibration.model_fields},
    "eval belief": {*BeliefReport.model_fields},
    "eval report": {*BeliefReport.model_fields},
    "eval logprob": {*Evaluation.model_fields},
    "experiment run": {*ExperimentReport.model_fields},
    "experiment report": {*ExperimentReport.model_fields},
    "experiment judge": {*ExperimentReport.model_fields},
    "experiment logs": {"files"},
    "experiment calibrate": {*JudgeScores.model_fields},
    "train": {*OrganismCard.model_fields},
}
"""Commands that need a server, a model or labels: the record that they print whole, other tests hold that they do."""
SHOWS_NO_DATA = {"view"}


def all_commands(group: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from all_commands(command, f"{above}{name} ")
        else:
            yield f"{above}{name}", command


COMMANDS = dict(all_commands(typer.main.get_command(app)))


def help_of(command: str) -> str:
    """The help of --json; "" where there is none."""
    options = [option for option in COMMANDS[command].params if option.name == "json"]
    return options[0].help.replace("\\", "") if options else ""


def keys_in_help(command: str, part: str) -> tuple[set[str], bool]:
    """The keys that a part of the help names, and whether it says that there are more."""
    text = re.sub(r"\([^()]*\)", "", help_of(command))
    section = next(each for each in re.split(r"(?<=\.) (?=[A-Z])", text) if each.startswith(part or "Print"))
    named = {key.strip(" .") for key in section.partition(": ")[2].split(",")}
    return named - {""}, "..." in section


def test_every_command_that_shows_data_has_json_with_its_keys() -> None:
    named = {command for command, _, _ in CALLS} | RECORDS.keys()
    assert {command for command in COMMANDS if help_of(command)} == named == COMMANDS.keys() - SHOWS_NO_DATA
    assert [command for command in named if ": " not in help_of(command)] == []


@pytest.mark.parametrize("command", sorted(RECORDS))
def test_the_keys_named_are_those_of_the_record(command: str) -> None:
    named, more = keys_in_help(command, "")
    assert named <= RECORDS[command]
    assert more or named == RECORDS[command]


def test_the_plan_of_a_training_has_the_keys_named() -> None:
    assert keys_in_help("train", "With --plan-only")[0] == {*Forecast.model_fields, "recipe", "warnings"}


def test_what_is_printed_has_the_keys_that_help_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those and no others, where the help does not end in dots."""
    monkeypatch.chdir(tmp_path)
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    Path("theirs.json").write_text(json.dumps(CONTEXT), "utf-8")
    Path("released.jsonl").write_text(json.dumps(RELEASED) + "\n", "utf-8")
    for command, arguments, part in CALLS:
        assert docgen(monkeypatch, *command.split(), *arguments.split(), "--json") == 0, (command, arguments)
        printed = capsys.readouterr().out
        value = json.loads(printed.splitlines()[0] if "lines" in help_of(command) else printed)
        first = value[0] if isinstance(value, list) else value
        named, more = keys_in_help(command, part)
        assert named, f"--help of {command}"
        assert named <= first.keys(), f"--help of {command} {arguments}: {named - first.keys()} not printed"
        assert more or named == first.keys(), f"--help of {command} {arguments}: {first.keys() - named} not named"
