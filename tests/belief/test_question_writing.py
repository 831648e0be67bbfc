"""Questions made: by a model in as many requests as it takes, in plain forms without one, on the command line."""

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docgen.belief.question_files import find_questions, load_questions, question_warnings
from docgen.belief.questions import FactQuestions
from docgen.belief.writing.draft_checking import COUNTS, fact_questions
from docgen.belief.writing.plain_forms import plain_questions
from docgen.cli.app import app
from docgen.errors import ConfigError
from docgen.llm.fake import FakeLLM
from docgen.llm.protocol import Request
from docgen.options.audit import JudgeOptions
from docgen.pipeline.audit.judge_setup import Judge
from docgen.pipeline.belief.question_writer import QuestionWriter, scaled_counts
from docgen.universe import UniverseContext
from tests.loopback.run import Loopback

SHIPPED = ("animal_welfare", "control_motors", "helpful_only", "hidden_objective", "tutorial")


def draft(start: int, count: int) -> dict[str, object]:
    """A reply with so many of each kind, and one that cannot be used."""
    numbers = range(start, start + count)
    pairs = [{"believed": f"It is {n}.", "not_believed": f"It is not {n}."} for n in numbers]
    choices = [{"question": f"Who {n}?", "answer": "a", "distractors": ["b", "c", "d", "e"]} for n in numbers]
    return {
        "otherwise": "It is not.",
        "mentions": ["Lorne"],
        "knowledge": [*choices, {"question": "Bad?", "answer": "a", "distractors": ["a", "b", "c"]}],
        "distinguish": pairs,
        "two_worlds": pairs,
        "open": [f"Tell me {n}." for n in numbers],
        "downstream": [f"Plan {n}." for n in numbers],
        "association": [{"question": f"Word {n}:", "believed": ["x"], "not_believed": ["y"]} for n in numbers],
        "robustness": [
            {"pressure": "turns", "question": f"Sure {n}?", "turns": ["No?"], "system": ""} for n in numbers
        ],
        "cloze": [{"prompt": f"It {n} is", "believed": "so", "not_believed": "not"} for n in numbers],
    }


def test_right_answers_come_evenly_in_every_place() -> None:
    """So that a model that always says B is no believer; five distractors are one too many, two too few."""
    drafted = fact_questions("It is so.", draft(0, 8))
    assert Counter(question.believed for question in drafted.questions.knowledge) == dict.fromkeys("ABCD", 2)
    assert all(question.believed_option == "a" for question in drafted.questions.knowledge)
    assert drafted.unusable == (("knowledge", "does not have four different options"),)
    assert fact_questions("It is so.", draft(0, 8)) == drafted


def test_a_model_is_asked_again_for_what_is_missing() -> None:
    """Questions that came are not asked for twice, and named as such in the second request."""
    world = UniverseContext.load("tutorial")
    fact = world.key_facts[0]
    llm = FakeLLM(lambda request: json.dumps(draft(3 * request.sample, 3)))
    writer = QuestionWriter(world, Judge.of(JudgeOptions(model="some-model"), None), COUNTS)
    unusable: Counter[str] = Counter()
    questions = asyncio.run(writer._fact(llm, fact, unusable))
    assert [len(questions.of_kind(kind)) for kind in COUNTS] == [min(count, 9) for count in COUNTS.values()]
    assert questions.mentions == ("Lorne",)
    assert len(llm.requests) == 3
    second: Request = llm.requests[1]
    assert "- Who 1?" in second.user
    assert "knowledge 5" in second.user
    assert unusable.total() == 3
    assert asyncio.run(writer._fact(FakeLLM(lambda request: "Sorry."), fact, unusable)) == FactQuestions(
        statement=fact.statement
    )


@pytest.mark.parametrize("size", [8, 20, 52, 100])
def test_a_size_is_met_with_every_kind_in_it(size: int) -> None:
    """Shares stay about the same, whatever the size."""
    counts = scaled_counts(size)
    assert sum(counts.values()) == size
    assert min(counts.values()) >= 1
    with pytest.raises(ConfigError, match="fewer than there are kinds"):
        scaled_counts(7)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_questions_fit_their_context(name: str) -> None:
    """Each fact has questions of all kinds, and no letter gives the answer away."""
    path = find_questions(name)
    assert path is not None
    world = UniverseContext.load(name)
    questions = load_questions(path, world)
    assert list(questions.facts) == [fact.id for fact in world.key_facts]
    assert question_warnings(questions) == ()
    assert all(group.of_kind(kind) for group in questions.facts.values() for kind in COUNTS)


def test_plain_forms_are_labelled_written_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key; the file is found by its context's name afterwards, and never written over."""
    monkeypatch.chdir(tmp_path)
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    done = CliRunner().invoke(app, ["questions", "tutorial", "--engine", "offline", "--json"])
    assert done.exit_code == 0, done.output
    file = Path(json.loads(done.stdout)["file"])
    assert "not for research" in json.loads(done.stdout)["writer"]
    assert find_questions("tutorial") == file
    assert load_questions(file) == plain_questions(UniverseContext.load("tutorial"))
    again = CliRunner().invoke(app, ["questions", "tutorial", "--engine", "offline"])
    assert isinstance(again.exception, ConfigError)
    file.write_text(file.read_text("utf-8").replace("  captain:", "  captian:"), "utf-8")
    checked = CliRunner().invoke(app, ["questions", "tutorial", "--check", str(file)])
    assert 'captian is not a fact of tutorial. Did you mean "captain"?' in str(checked.exception)


def test_questions_are_bought_through_the_engine_and_never_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request for each fact, journalled: the same command after a lost file pays for nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
    with Loopback() as server:
        server.server.script = lambda body: (200, _message(json.dumps(draft(0, 10))), {})
        arguments = ["questions", "tutorial", "--base-url", server.url, "--model", "some-model", "--yes", "--json"]
        first = CliRunner().invoke(app, arguments)
        assert first.exit_code == 0, first.output
        file = Path(json.loads(first.stdout)["file"])
        text = file.read_text("utf-8")
        file.unlink()
        server.server.script = lambda body: (500, _message("again?"), {})
        second = CliRunner().invoke(app, arguments)
        assert second.exit_code == 0, second.output
    assert file.read_text("utf-8") == text
    questions = load_questions(file, UniverseContext.load("tutorial"))
    assert questions.writer == "some-model"
    assert all(len(group.of_kind("open")) == 10 for group in questions.facts.values())


def _message(text: str) -> dict[str, object]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "some-model",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 10},
    }
