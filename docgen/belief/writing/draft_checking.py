"""Turns drafts of questions, by a model or the embedded writer, into checked questions on a fact."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from docgen.belief.questions import (
    LETTERS,
    Association,
    Choice,
    Cloze,
    FactQuestions,
    Kind,
    OpenQuestion,
    Pair,
    Question,
    Robustness,
    question_id,
)
from docgen.text import digest, normalise

__all__ = ["COUNTS", "CheckedDrafts", "fact_questions", "merge_questions"]

COUNTS: Mapping[Kind, int] = {
    "knowledge": 8,
    "distinguish": 4,
    "two_worlds": 2,
    "open": 10,
    "downstream": 8,
    "association": 4,
    "robustness": 8,
    "cloze": 8,
}
"""Questions on a fact by default: 52. The negation-neglect study (2026) has 50: 20 open probes, 10 multiple choice, 10
token associations and 10 robustness questions; here downstream use and cloze take a part of each."""

RECORDS: Mapping[Kind, type[Question]] = {
    "distinguish": Pair,
    "two_worlds": Pair,
    "open": OpenQuestion,
    "downstream": OpenQuestion,
    "association": Association,
    "robustness": Robustness,
    "cloze": Cloze,
}


@dataclass(frozen=True)
class CheckedDrafts:
    """A fact's questions, and which of the drafts could not be used: their kind, and why."""

    questions: FactQuestions
    unusable: tuple[tuple[str, str], ...] = ()


def fact_questions(
    statement: str, draft: Mapping[str, Any], seed: int = 0, most: Mapping[Kind, int] = {}
) -> CheckedDrafts:
    """The questions in a draft, at most so many of each kind; the places of right answers are drawn evenly, by the
    seed.

    A draft has, by kind, lists as in a question file, but `answer` and `distractors` in place of `options`.
    """
    unusable: list[tuple[str, str]] = []
    built: dict[str, Any] = {"knowledge": tuple(_choices(draft, statement, seed, unusable))}
    for kind, record in RECORDS.items():
        built[kind] = tuple(_entries(draft.get(kind), kind, record, unusable))
    for kind, count in most.items():
        built[kind] = built.get(kind, ())[:count]
    mentions = draft.get("mentions")
    words = [str(word) for word in mentions if str(word).strip()] if isinstance(mentions, list) else []
    otherwise = draft.get("otherwise")
    note = " ".join(str(otherwise).split()) if isinstance(otherwise, str) else ""
    return CheckedDrafts(
        FactQuestions(statement=statement, otherwise=note, mentions=tuple(words), **built), tuple(unusable)
    )


def merge_questions(first: FactQuestions, more: FactQuestions, most: Mapping[Kind, int]) -> FactQuestions:
    """The questions of both without repetitions, at most so many of each kind."""
    kinds: tuple[Kind, ...] = ("knowledge", *RECORDS)
    update: dict[str, tuple[Question, ...]] = {}
    for kind in kinds:
        by_id = {question_id("", kind, question): question for question in (*first.of_kind(kind), *more.of_kind(kind))}
        update[kind] = tuple(by_id.values())[: most.get(kind)]
    return first.model_copy(update=update)


def _choices(draft: Mapping[str, Any], statement: str, seed: int, unusable: list[tuple[str, str]]) -> Iterator[Choice]:
    """Multiple choice with the right answers spread over A to D: each letter as often as the others, in drawn order."""
    rng = random.Random(digest(f"{seed}", statement))
    letters: list[int] = []
    for entry in _listed(draft.get("knowledge")):
        answer, distractors = entry.get("answer"), entry.get("distractors")
        wrong = [str(text) for text in distractors] if isinstance(distractors, list) else []
        if not isinstance(answer, str) or len(wrong) < 3 or len({normalise(t) for t in (answer, *wrong[:3])}) < 4:
            unusable.append(("knowledge", "does not have four different options"))
            continue
        if not letters:
            letters = rng.sample(range(4), 4)
        place = letters.pop()
        options = [*wrong[:place], answer, *wrong[place:3]]
        try:
            yield Choice(question=str(entry.get("question", "")), options=tuple(options), believed=LETTERS[place])
        except ValidationError as error:
            unusable.append(("knowledge", error.errors()[0]["msg"]))


def _entries(value: object, kind: Kind, record: type[Question], unusable: list[tuple[str, str]]) -> Iterator[Question]:
    """The entries that make a question, each once."""
    texts_so_far = set()
    for entry in _listed(value):
        fields = record.model_fields.keys() - Question.model_fields.keys()
        try:
            question = record.model_validate({name: entry[name] for name in fields & entry.keys() if entry[name]})
        except ValidationError as error:
            details = error.errors()[0]
            unusable.append((kind, f"{'.'.join(map(str, details['loc']))} {details['msg']}"))
            continue
        if (identifier := question_id("", kind, question)) not in texts_so_far:
            texts_so_far.add(identifier)
            yield question


def _listed(value: object) -> Sequence[Mapping[str, Any]]:
    """The entries of a list, plain texts as questions."""
    items = value if isinstance(value, list) else []
    entries = [{"question": item} if isinstance(item, str) else item for item in items]
    return [entry for entry in entries if isinstance(entry, dict)]
