"""Reads the question files that others published: mcq.yaml and belief_probes.yaml of the negation-neglect study (2026).

Both hold a list `questions`: yes-or-no questions with a `belief_answer`, or open questions of category direct or
indirect. The claim they are about is described in a universe_context.yaml next to them, if there is one.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from docgen.belief.questions import Choice, FactQuestions, OpenQuestion, QuestionFile
from docgen.errors import InputError
from docgen.universe.field_types import IDENTIFIER
from docgen.universe.strict_yaml import YamlSource

__all__ = ["read_published"]

NAMES = ("mcq.yaml", "belief_probes.yaml")
CONTEXT = "universe_context.yaml"


def read_published(path: Path, read: Callable[[Path], YamlSource]) -> QuestionFile:
    """The questions of one such file, or of a folder of them, all about one fact with the claim's id.

    Raises `InputError`.
    """
    folder = path if path.is_dir() else path.parent
    files = [folder / name for name in NAMES if (folder / name).is_file()] if path.is_dir() else [path]
    if not files:
        raise InputError("the folder holds no questions", str(path), f"Give a file, or a folder with {NAMES[0]}")
    name, statement = _claim(folder, read)
    entries = [entry for file in files for entry in _entries(read(file))]
    group = FactQuestions(
        statement=statement,
        yes_no=tuple(entry for entry in entries if isinstance(entry, Choice)),
        open=tuple(entry for entry, kind in _open(entries) if kind == "open"),
        downstream=tuple(entry for entry, kind in _open(entries) if kind == "downstream"),
    )
    return QuestionFile(context=name, writer="published", facts={name: group})


Entry = Choice | tuple[OpenQuestion, str]


def _open(entries: list[Entry]) -> list[tuple[OpenQuestion, str]]:
    return [entry for entry in entries if isinstance(entry, tuple)]


def _entries(source: YamlSource) -> list[Entry]:
    listed = source.data.get("questions") if isinstance(source.data, dict) else None
    if not isinstance(listed, list) or not listed:
        raise InputError("the file has no list of questions", f"{source.name}:1", "Begin with a line questions:")
    return [_entry(value, source, number) for number, value in enumerate(listed)]


def _entry(value: Any, source: YamlSource, number: int) -> Entry:
    where = source.where(("questions", number))
    question = value.get("question") if isinstance(value, dict) else None
    if not isinstance(question, str) or not question.strip():
        raise InputError(f"questions[{number}] has no question", where, 'Add a line "question: ..."')
    identifier = value.get("id") if isinstance(value.get("id"), str) else ""
    if "belief_answer" not in value:
        kind = "downstream" if value.get("category") == "indirect" else "open"
        return OpenQuestion(id=identifier, question=question), kind
    answer = str(value["belief_answer"]).strip().casefold()
    if answer not in ("yes", "no"):
        what = f"questions[{number}] has belief_answer: {answer[:40]}, which is neither yes nor no"
        raise InputError(what, where, "Write yes or no, in quotes")
    return Choice(id=identifier, question=question, options=("yes", "no"), believed=answer)


def _claim(folder: Path, read: Callable[[Path], YamlSource]) -> tuple[str, str]:
    """The claim's id and its statement: the first subclaim of the context beside the questions, or the id in words."""
    name = folder.resolve().name
    values = read(folder / CONTEXT).data if (folder / CONTEXT).is_file() else None
    if isinstance(values, dict) and isinstance(values.get("id"), str):
        name = values["id"]
    if not IDENTIFIER.fullmatch(name):
        name = "claim"
    claims = values.get("subclaims") if isinstance(values, dict) else None
    if isinstance(claims, list) and claims and isinstance(claims[0], str):
        return name, claims[0]
    return name, name.replace("_", " ")
