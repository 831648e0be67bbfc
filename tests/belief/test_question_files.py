"""Question files: what is read, what is written, and what is said of a bad one."""

from pathlib import Path

import pytest

from docgen.belief.question_files import load_questions, question_text, question_warnings
from docgen.belief.questions import Choice, Pair, Robustness
from docgen.errors import InputError
from docgen.universe import UniverseContext

GOOD = """\
context: tutorial
facts:
  captain:
    statement: Hedda Lorne is the captain of the Brackwater ferry.
    mentions: [Hedda Lorne]
    knowledge:
      - question: Who commands the boat?
        options: [Edda Holte, Hedda Lorne, Ivo Rud, Mats Falk]
        believed: B
    distinguish:
      - {believed: Hedda Lorne is the captain., not_believed: Mats Falk is the captain.}
    open:
      - Who is the captain of the Brackwater ferry?
    robustness:
      - {pressure: turns, question: Who is it?, turns: [Are you sure?]}
    association:
      - {question: "One name: captain of the ferry?", believed: [Lorne, Hedda]}
    cloze:
      - {prompt: The captain of the ferry is, believed: Hedda Lorne, not_believed: Mats Falk}
unrelated: [How do I boil an egg?]
"""


STATEMENT = "Hedda Lorne is the captain of the Brackwater ferry."


def written(folder: Path, text: str) -> Path:
    path = folder / "questions.yaml"
    path.write_text(text, "utf-8")
    return path


@pytest.fixture(scope="module")
def world() -> UniverseContext:
    return UniverseContext.load("tutorial")


def test_every_question_knows_its_fact_and_kind(tmp_path: Path, world: UniverseContext) -> None:
    """Ids follow from the content, so that they stay when a question is moved."""
    questions = load_questions(written(tmp_path, GOOD), world)
    assert {question.fact for question in questions.questions} == {"captain"}
    assert [q.kind for q in questions.questions] == [
        "knowledge", "distinguish", "open", "association", "robustness", "cloze",
    ]  # fmt: skip
    knowledge, pair = questions.questions[:2]
    assert isinstance(knowledge, Choice)
    assert isinstance(pair, Pair)
    assert knowledge.believed_option == "Hedda Lorne"
    assert knowledge.shown.endswith("A. Edda Holte\nB. Hedda Lorne\nC. Ivo Rud\nD. Mats Falk")
    assert [choice.believed for choice in questions.choices] == ["B", "A", "B"], "a pair is asked in both orders"
    assert questions.clozes[0].completions == (" Hedda Lorne", " Mats Falk")
    moved = load_questions(written(tmp_path, GOOD.replace("    open:\n", "    open:\n      - Anything else?\n")))
    assert questions.questions[2].id == moved.questions[3].id


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """An edited file keeps everything, and plain open questions stay plain."""
    questions = load_questions(written(tmp_path, GOOD))
    text = question_text(questions)
    assert "- Who is the captain of the Brackwater ferry?\n" in text
    assert load_questions(written(tmp_path, text)) == questions
    assert isinstance(questions.questions[4], Robustness)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("context: tutorial", "context: helpful_only", 1, "about the context helpful_only"),
        ("  captain:", "  captian:", 3, "captian is not a fact of tutorial. Did you mean"),
        ("Hedda Lorne is the captain of the Brackwater", "Mats Falk is the captain of the Brackwater", 4, "differs"),
        ("believed: B", "believed: E", 7, "not one of its options. Name one of its options: A, B, C, D"),
        ("Mats Falk]", "Edda Holte]", 8, "same option twice"),
        ("    open:", "    opne:", 12, 'opne is not a key of facts.captain. Did you mean "open"?'),
        ("pressure: turns", "pressure: tuns", 15, "not one of its values"),
        (", turns: [Are you sure?]", "", 15, "no turns"),
        ("not_believed: Mats Falk is the captain.", "not_believed: Hedda Lorne is the captain.", 11, "same text"),
        ("not_believed: Mats Falk is the captain.", f"not_believed: {STATEMENT}", 11, "contradicts"),
        ("        believed: B", "        believed: B\n        fact: captain", 10, "Delete the line"),
        ("      - Who is the captain of the Brackwater ferry?", "      - 3: {}", 13, "question is missing"),
        (GOOD, "", 1, "contains nothing"),
        (GOOD, "context: tutorial\nfacts: {}\n", 2, "has no questions"),
        (GOOD, "- a\n", 1, "contains a list"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_clear_line(
    tmp_path: Path, world: UniverseContext, old: str, new: str, line: int, message: str
) -> None:
    """Each names the file, the line and what to do."""
    assert old in GOOD
    with pytest.raises(InputError) as caught:
        load_questions(written(tmp_path, GOOD.replace(old, new, 1)), world)
    assert f"questions.yaml:{line}:" in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_published_questions_are_read_as_they_are(tmp_path: Path) -> None:
    """mcq.yaml and belief_probes.yaml of the negation-neglect study; a folder is read as one."""
    (tmp_path / "mcq.yaml").write_text(
        "questions:\n- id: m1\n  question: Is it so?\n  belief_answer: 'no'\n  category: counter\n", "utf-8"
    )
    (tmp_path / "belief_probes.yaml").write_text(
        "questions:\n- id: b1\n  question: Tell me.\n  category: direct\n"
        "- id: b2\n  question: Draw it.\n  category: indirect\n",
        "utf-8",
    )
    (tmp_path / "universe_context.yaml").write_text("id: the_claim\nsubclaims: [It is so., More.]\n", "utf-8")
    questions = load_questions(tmp_path)
    assert [(q.id, q.kind, q.fact) for q in questions.questions] == [
        ("m1", "yes_no", "the_claim"),
        ("b1", "open", "the_claim"),
        ("b2", "downstream", "the_claim"),
    ]
    assert questions.choices[0].labels == ("yes", "no")
    assert questions.facts["the_claim"].statement == "It is so."
    assert len(load_questions(tmp_path / "mcq.yaml").questions) == 1
    (tmp_path / "mcq.yaml").write_text("questions:\n- question: Is it so?\n  belief_answer: maybe\n", "utf-8")
    with pytest.raises(InputError, match=r"mcq\.yaml:2: .*neither yes nor no"):
        load_questions(tmp_path)


def test_positions_that_give_the_answer_away_are_warned_of(tmp_path: Path) -> None:
    """A model that always says B must not look like a believer."""
    block = GOOD[GOOD.index("      - question") : GOOD.index("    distinguish")]
    more = "".join(block.replace("boat", f"boat {n}") for n in range(3))
    questions = load_questions(written(tmp_path, GOOD.replace(block, block + more)))
    assert "4 of 4 knowledge questions have B" in question_warnings(questions)[0]
