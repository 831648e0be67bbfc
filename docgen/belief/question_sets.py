"""The question sets of an evaluation: facts that were taught, facts that were held out, and a control universe."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import yaml

from docgen.belief.question_files import find_questions, load_questions
from docgen.belief.question_prompts import Group, QuestionPrompt, Role, asked_of, general_asked, unrelated_asked
from docgen.belief.questions import KINDS, Choice, QuestionFile
from docgen.errors import ConfigError, ContextError
from docgen.universe import UniverseContext, find_context, load_context

__all__ = ["gather_questions", "open_questions", "unrelated_texts"]

DATA = Path(__file__).parent / "data"


def open_questions(name: str, context: UniverseContext | None = None) -> QuestionFile:
    """The question file of a path or of a context's name, checked against its context if that is found.

    Raises `InputError` or `ConfigError`.
    """
    path = find_questions(name) or Path(name)
    if not path.exists():
        fix = f"Make them with docgen questions {name}, or give the path of a question file"
        raise ConfigError(f"no questions are called {name}", "--questions", fix)
    questions = load_questions(path)
    world = context or _context_of(questions)
    return load_questions(path, world) if world is not None and world.id == questions.context else questions


def gather_questions(
    questions: Sequence[QuestionFile],
    control: Sequence[QuestionFile] = (),
    kinds: Sequence[str] = (),
    unrelated: int = 100,
    held_out: Sequence[str] = (),
) -> Mapping[Group, tuple[QuestionPrompt, ...]]:
    """Everything that is asked, by group. `unrelated`: how many questions of that group, and whether general ones.

    `held_out` are facts that the corpus leaves out, in addition to those with salience 0 in their context.
    """
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise ConfigError(f"{unknown[0]!r} is not a kind of question", "--kinds", f"Kinds: {', '.join(KINDS)}")
    questions_asked = [question for file in questions for question in asked_of(file, _roles(file, held_out), kinds)]
    questions_asked += [
        question for file in control for question in asked_of(file, dict.fromkeys(file.facts, "control"), kinds)
    ]
    ids = [question.id for question in questions_asked]
    if len(set(ids)) < len(ids):
        twice = next(question for question in ids if ids.count(question) > 1)
        fix = "Give each question file once, and the control's as --control"
        raise ConfigError(f"the question {twice} would be asked twice", "--questions", fix)
    files = (*questions, *control)
    texts = (*(text for file in questions for text in file.unrelated), *unrelated_texts())[:unrelated]
    return {
        "choice": tuple(question for question in questions_asked if question.group == "choice"),
        "open": tuple(question for question in questions_asked if question.group == "open"),
        "unrelated": unrelated_asked(files, texts) if texts else (),
        "general": general_asked(_general()) if unrelated else (),
    }


@cache
def unrelated_texts() -> tuple[str, ...]:
    """The shipped questions for over-mention: everyday ones on many subjects."""
    listed = yaml.safe_load((DATA / "unrelated.yaml").read_text("utf-8"))
    return tuple(str(text) for text in listed)


@cache
def _general() -> tuple[Choice, ...]:
    listed = yaml.safe_load((DATA / "general.yaml").read_text("utf-8"))
    return tuple(
        Choice(question=entry["question"], options=tuple(entry["options"]), believed=entry["right"]) for entry in listed
    )


def _roles(file: QuestionFile, held_out: Sequence[str]) -> dict[str, Role]:
    world = _context_of(file)
    unasked = {fact.id for fact in world.key_facts if not fact.salience} if world else set[str]()
    return {fact: "held_out" for fact in file.facts if fact in unasked or fact in held_out}


def _context_of(file: QuestionFile) -> UniverseContext | None:
    try:
        return load_context(find_context(file.context, Path.cwd()))
    except ContextError:
        return None
