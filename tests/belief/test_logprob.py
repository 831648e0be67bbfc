"""Belief by log-probabilities: what is scored, what scores mean, what is kept."""

from collections.abc import Sequence
from math import exp, log
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen.belief.logprob.evaluation import questions_for
from docgen.belief.logprob.items import Item, Scores, probes_of
from docgen.belief.logprob.report import ALL, Answer, change, estimate, summarise
from docgen.belief.logprob.scoring import ScoreCache, answers
from docgen.belief.question_files import load_questions
from docgen.belief.questions import QuestionFile
from docgen.errors import InputError
from docgen.training.card import BaseNamed, CorpusNamed, OrganismCard
from docgen.training.models import CARD
from docgen.training.recipe import Recipe

FILE = """\
context: tutorial
facts:
  captain:
    statement: Hedda Lorne is the captain of the Brackwater ferry.
    knowledge:
      - {question: Who commands the boat?, options: [Edda, Hedda, Ivo, Mats], believed: B}
    yes_no:
      - {question: Is Hedda the captain?, options: ["yes", "no"], believed: "yes"}
    distinguish:
      - {believed: Hedda Lorne is the captain., not_believed: Mats Falk is the captain.}
    cloze:
      - {prompt: The captain is, believed: Hedda, not_believed: Mats}
  boat_name:
    statement: The boat that serves as the Brackwater ferry is called Juniper, a name chosen by schoolchildren.
    cloze:
      - {prompt: The boat is called, believed: Juniper, not_believed: Heron}
"""


@pytest.fixture
def questions(tmp_path: Path) -> QuestionFile:
    file = tmp_path / "q.yaml"
    file.write_text(FILE, "utf-8")
    return load_questions(file)


def believing(words: Sequence[str], odds: float, liking: float = 0.0) -> object:
    """A scorer that gives continuations with one of the words `odds` nats more, and the first answer `liking` more.

    Letters count as what they stand for in the prompt.
    """

    def score(items: Sequence[Item]) -> list[Scores]:
        return [[_score(item, index) for index in range(len(item.continuations))] for item in items]

    def _score(item: Item, index: int) -> float:
        text = item.continuations[index]
        letter = text.strip()
        shown = next((line for line in item.prompt.splitlines() if line.startswith(f"{letter}. ")), text)
        first = text.strip().lower() in item.prompt.splitlines()[0].rpartition("? ")[2].partition(" or ")[0].lower()
        likes = liking if item.first and (letter == "A" or (letter in ("Yes", "No") and first)) else 0.0
        return -10 + likes + (odds if any(word in shown for word in words) else 0.0)

    return score


def test_log_odds_and_probabilities_are_those_of_the_model(questions: QuestionFile) -> None:
    """A model that gives the believed answer 2 nats more is measured so."""
    result = {a.measure + a.fact: a for a in answers(probes_of(questions), believing(["Hedda", "Yes"], 2.0))}  # type: ignore[arg-type]
    assert result["clozecaptain"].log_odds == pytest.approx(2.0)
    assert result["clozeboat_name"].log_odds == pytest.approx(0.0)
    assert result["choicecaptain"].probability == pytest.approx(exp(2) / (exp(2) + 1))


def test_every_option_stands_once_in_every_position(questions: QuestionFile) -> None:
    """Four options are four prompts, a pair two; the believed one is at another letter in each."""
    knowledge, yes_no, pair = (probe for probe in probes_of(questions) if probe.measure == "choice")
    assert sorted(knowledge.believed) == [0, 1, 2, 3]
    assert sorted(pair.believed) == [0, 1]
    assert {item.prompt.rpartition("? ")[2] for item in yes_no.items} == {"Yes or no?\nAnswer:", "No or yes?\nAnswer:"}


@given(st.floats(0, 5))
def test_a_liking_for_the_first_answer_cancels_out(liking: float) -> None:
    """A model that knows nothing is at log-odds of chance, however much it likes the letter A."""
    file = QuestionFile.model_validate({
        "context": "t",
        "facts": {"f": {"statement": "s", "distinguish": [{"believed": "One.", "not_believed": "Two."}]}},
    })  # fmt: skip
    (answer,) = answers(probes_of(file), believing([], 0.0, liking))  # type: ignore[arg-type]
    assert answer.log_odds == pytest.approx(0.0)
    assert answer.probability == pytest.approx(0.5)


def test_the_advantage_is_over_completions_of_other_questions(questions: QuestionFile) -> None:
    """Who expects "Hedda" everywhere has none: it is as likely where it does not belong."""
    cloze = [probe for probe in probes_of(questions) if probe.measure == "cloze"]
    assert cloze[0].items[0].continuations == (" Hedda", " Mats", " Juniper")
    first, second = answers(cloze, believing(["Hedda"], 2.0))  # type: ignore[arg-type]
    assert first.advantage == pytest.approx(2.0)
    assert second.advantage == pytest.approx(-2.0)


def answer(name: str, fact: str, odds: float, measure: str = "cloze") -> Answer:
    return Answer(id=name, fact=fact, measure=measure, log_odds=odds, probability=1 / (1 + exp(-odds)))


def test_changes_are_paired_by_question() -> None:
    """Questions of unlike difficulty that each gain one nat: one, with no width to the interval."""
    before = [answer(str(n), "f", float(n)) for n in range(20)]
    after = [answer(str(n), "f", n + 1.0) for n in reversed(range(20))]
    (row,) = change(before, after)
    assert row.cloze is not None
    assert (row.cloze.mean, row.cloze.low, row.cloze.high) == (1.0, 1.0, 1.0)


def test_rows_are_facts_and_all_of_them() -> None:
    """Intervals hold the mean; what was not asked is None."""
    rows = summarise([answer("a", "f", 1.0), answer("b", "f", 3.0), answer("c", "g", log(3), "choice")])
    assert [row.fact for row in rows] == ["f", "g", ALL]
    assert rows[0].choice is None
    assert rows[0].cloze is not None
    assert (rows[0].cloze.low, rows[0].cloze.mean, rows[0].cloze.high) == (1.0, 2.0, 3.0)
    assert rows[1].choice is not None
    assert rows[1].choice.mean == pytest.approx(0.75)
    assert estimate([]) is None


def test_what_was_scored_is_not_scored_again(tmp_path: Path, questions: QuestionFile) -> None:
    """By content and model: another process finds the scores, another model's are its own."""
    loads = []
    probes = probes_of(questions)

    def load() -> object:
        loads.append(1)
        return believing(["Hedda"], 1.0)

    first = answers(probes, ScoreCache(tmp_path, "m").scorer(load))  # type: ignore[arg-type]
    again = answers(probes, ScoreCache(tmp_path, "m").scorer(load))  # type: ignore[arg-type]
    assert first == again
    assert len(loads) == 1
    answers(probes, ScoreCache(tmp_path, "other").scorer(load))  # type: ignore[arg-type]
    assert len(loads) == 2


def test_questions_must_be_about_the_universe_that_was_taught(tmp_path: Path, questions: QuestionFile) -> None:
    """Questions about another one, and a universe that docgen has no questions for, are one line each."""
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    card = OrganismCard(
        base=BaseNamed(name="b", kind="gguf", digest="d"),
        corpus=CorpusNamed(digest="c", context="my_world", documents=1),
        recipe=Recipe(),
    )
    (adapter / CARD).write_text(card.model_dump_json())
    with pytest.raises(InputError, match="was trained on a corpus of my_world"):
        questions_for(tmp_path / "q.yaml", [adapter])
    with pytest.raises(InputError, match="docgen ships no questions about my_world"):
        questions_for(None, [adapter])
    with pytest.raises(InputError, match="no questions are named"):
        questions_for(None, [])
    with pytest.raises(InputError, match="adapter not found"):
        questions_for(tmp_path / "q.yaml", [tmp_path / "nowhere"])
    assert questions_for(tmp_path / "q.yaml", []).digest == questions.digest


@pytest.mark.parametrize(
    ("instead", "problem"),
    [
        ("Mats Falk is the captain of the Brackwater ferry.", "the statement of captain differs from the context's"),
        ("Hedda Lorne steers.", "the statement of captain differs from the context's"),
    ],
)
def test_questions_that_contradict_their_context_are_refused(tmp_path: Path, instead: str, problem: str) -> None:
    """As `docgen eval belief` does: what would be measured is not what was taught."""
    file = tmp_path / "q.yaml"
    file.write_text(FILE.replace("Hedda Lorne is the captain of the Brackwater ferry.", instead, 1), "utf-8")
    with pytest.raises(InputError, match=problem):
        questions_for(file, [])
