"""Reads and writes question files, and checks them against their context."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from docgen.belief.published_questions import read_published
from docgen.belief.questions import (
    Association,
    Choice,
    Cloze,
    FactQuestions,
    Kind,
    OpenQuestion,
    Pair,
    QuestionFile,
    Robustness,
)
from docgen.errors import ContextError, InputError
from docgen.files.resources import shipped_folder
from docgen.files.text_files import read_text
from docgen.text import normalise
from docgen.universe.error_messages import Problem, suggestion, translate
from docgen.universe.field_types import IDENTIFIER
from docgen.universe.model import KeyFact, UniverseContext
from docgen.universe.strict_yaml import MAX_BYTES, Location, YamlSource, read_yaml

__all__ = [
    "asked_texts",
    "check_against",
    "find_questions",
    "is_question_file",
    "load_questions",
    "question_text",
    "question_warnings",
]

ENTRIES: dict[Kind, type[BaseModel]] = {
    "knowledge": Choice,
    "yes_no": Choice,
    "distinguish": Pair,
    "two_worlds": Pair,
    "open": OpenQuestion,
    "downstream": OpenQuestion,
    "association": Association,
    "robustness": Robustness,
    "cloze": Cloze,
}
SNIFFED_BYTES = 4_000
"""Bytes at the start of a file within which its first keys are."""
YEAR = re.compile(r"\b\d{4}\b")


def load_questions(path: str | Path, context: UniverseContext | None = None) -> QuestionFile:
    """Read and check a question file; with `context`, against it too.

    `path` may also be an mcq.yaml or a belief_probes.yaml as published with the negation-neglect study, or a folder
    that holds them. Raises `InputError` for the first problem by line, with the number of further ones.
    """
    path = Path(path)
    if path.is_dir():
        return _checked(read_published(path, _read_yaml), None, context)
    source = _read_yaml(path)
    if not isinstance(source.data, dict):
        content = "nothing" if source.data is None else "a list" if isinstance(source.data, list) else "plain text"
        raise InputError(f"the file contains {content}, not questions", f"{path}:1", "Begin with a line context: NAME")
    if isinstance(source.data.get("questions"), list) and "facts" not in source.data:
        return _checked(read_published(path, _read_yaml), source, context)
    try:
        questions = QuestionFile.model_validate(source.data)
    except ValidationError as error:
        raise _first(translate(error, source.data, _section), source) from error
    return _checked(questions, source, context)


def find_questions(context: str) -> Path | None:
    """The question file of a context's name: in the working folder's universe_contexts/questions, or shipped."""
    for root in (Path("universe_contexts"), shipped_folder("universe_contexts")):
        path = root / "questions" / f"{context}.yaml"
        if IDENTIFIER.fullmatch(context) and path.is_file():
            return path
    return None


def question_text(questions: QuestionFile) -> str:
    """A question file as YAML text; reading it gives an equal one. Open questions are plain texts."""
    import yaml

    values: dict[str, Any] = questions.model_dump(mode="json", exclude_defaults=True)
    for fact in values["facts"].values():
        for kind in ("open", "downstream"):
            if kind in fact:
                fact[kind] = [entry["question"] if len(entry) == 1 else entry for entry in fact[kind]]
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=116)


def check_against(questions: QuestionFile, context: UniverseContext) -> list[Problem]:
    """Where the questions contradict the context: questions of another context, unknown facts, changed statements,
    wrong keys."""
    return list(_against(questions, context))


def is_question_file(path: Path) -> bool:
    """Whether a file looks like one of docgen's question files, judging by its first lines."""
    try:
        with path.open("rb") as file:
            head = file.read(SNIFFED_BYTES)
    except OSError:
        return False
    return all(re.search(rf"(?m)^{key}:".encode(), head) for key in ("context", "facts"))


def asked_texts(questions: QuestionFile) -> tuple[str, ...]:
    """What a model is asked, each text once, without answers: what a corpus must not contain.

    The beginnings of cloze sentences are left out, since any statement of a fact uses them.
    """
    texts = [getattr(question, "question", "") for question in questions.questions if not isinstance(question, Cloze)]
    return tuple(dict.fromkeys(text for text in texts if text))


def question_warnings(questions: QuestionFile) -> tuple[str, ...]:
    """What the author may want to change, a line each."""
    warnings = list[str]()
    for identifier, group in questions.facts.items():
        if len(group.knowledge) >= 4:  # of fewer, more than half may have one label by chance
            places = Counter(question.believed for question in group.knowledge)
            label, most = places.most_common(1)[0]
            if most > len(group.knowledge) / 2:
                what = f"{most} of {len(group.knowledge)} knowledge questions have {label} as believed"
                warnings.append(f"{identifier}: {what}")
        if odd := sum(len(question.options) != 4 for question in group.knowledge):
            what = f"{odd} knowledge questions do not have four options, so that chance is not 1 in 4"
            warnings.append(f"{identifier}: {what}")
    return tuple(warnings)


def _checked(questions: QuestionFile, source: YamlSource | None, context: UniverseContext | None) -> QuestionFile:
    problems = [*_inner(questions), *(_against(questions, context) if context else ())]
    if problems:
        raise _first(problems, source or YamlSource("questions", None, {(): 1}))
    return questions


def _inner(questions: QuestionFile) -> Iterator[Problem]:
    """What is wrong with a file whose fields are valid individually."""
    if not questions.questions:
        yield Problem(("facts",), "the file has no questions about facts", "Write some, or use docgen questions")
    first: dict[str, Location] = {}
    placed = iter(questions.questions)
    for fact, group in questions.facts.items():
        for kind in ENTRIES:
            for number, entry in enumerate(group.of_kind(kind)):
                at: Location = ("facts", fact, kind, number)
                for field in ("fact", "kind"):
                    if field in entry.model_fields_set:
                        what = f"{_name(at)} has {field}, which follows from the question's place in the file"
                        yield Problem((*at, field), what, "Delete the line")
                if first.setdefault(next(placed).id, at) != at:
                    yield Problem(at, f"{_name(at)} repeats another question", "Delete one, or give it another id")


def _against(questions: QuestionFile, context: UniverseContext) -> Iterator[Problem]:
    if questions.context != context.id:
        what = f"the questions are about the context {questions.context}, not about {context.id}"
        yield Problem(("context",), what, f"Give the question file of {context.id}")
        return
    facts = {fact.id: fact for fact in context.key_facts}
    for identifier, group in questions.facts.items():
        if identifier in facts:
            yield from _against_fact(identifier, group, facts[identifier])
        elif identifier != context.id:
            fix = suggestion(identifier, list(facts), f"Its facts: {', '.join(facts)}")
            yield Problem(("facts", identifier), f"{identifier[:60]} is not a fact of {context.id}", fix)


def _against_fact(identifier: str, group: FactQuestions, fact: KeyFact) -> Iterator[Problem]:
    at: Location = ("facts", identifier)
    if group.statement != fact.statement:
        what = f"the statement of {identifier} differs from the context's"
        yield Problem((*at, "statement"), what, f'Write "{fact.statement}", and see that the questions still fit')
    wordings = {normalise(wording) for wording in fact.wordings}
    stated = f" {' '.join(wordings)} "
    for kind in ("knowledge", "distinguish", "cloze"):
        for number, entry in enumerate(group.of_kind(kind)):
            if _key_contradicts(entry, wordings, stated):
                place: Location = (*at, kind, number)
                what = f"{_name(place)} counts an answer as believed that contradicts the fact's statement"
                yield Problem(place, what, "Check which answer is keyed as believed")


def _key_contradicts(question: object, wordings: set[str], stated: str) -> bool:
    """Whether another answer than the keyed one repeats the fact's own words, and the keyed one does not.

    Only answers of four words or more, or with a year, are compared: others can occur in a statement and still be
    wrong, as the yearly fee is when the question is about five years.
    """
    if isinstance(question, Choice):
        others = [option for option in question.options if option != question.believed_option]
        return not _repeats(question.believed_option, stated) and any(_repeats(option, stated) for option in others)
    if isinstance(question, Cloze):
        return not _repeats(question.believed, stated) and _repeats(question.not_believed, stated)
    return isinstance(question, Pair) and normalise(question.not_believed) in wordings


def _repeats(answer: str, stated: str) -> bool:
    words = normalise(answer)
    telling = len(words.split()) > 3 or YEAR.search(words)
    return bool(telling) and f" {words} " in stated


def _section(location: Location) -> type[BaseModel] | None:
    """The record that a path of keys leads to."""
    if not location:
        return QuestionFile
    if location[0] != "facts" or len(location) == 1:
        return None
    if len(location) == 2:
        return FactQuestions
    return next((entry for kind, entry in ENTRIES.items() if kind == location[2]), None)


def _name(location: Location) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def _first(problems: list[Problem], source: YamlSource) -> InputError:
    problem = min(problems, key=lambda problem: source.line(problem.location))
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return InputError(problem.what + more, source.where(problem.location), problem.fix)


def _read_yaml(path: Path) -> YamlSource:
    text = read_text(path, MAX_BYTES, InputError)
    try:
        return read_yaml(text, str(path))
    except ContextError as error:
        fix = error.fix and error.fix.replace("the output of docgen init", "the output of docgen questions")
        raise InputError(error.what, error.where, fix) from error
