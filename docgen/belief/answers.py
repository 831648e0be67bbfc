"""Answers as they were marked: the record that figures are computed from, and its file."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from docgen.belief.question_prompts import Group, Role
from docgen.corpus.lines import plain_lines
from docgen.errors import InputError
from docgen.files.atomic import write_atomically
from docgen.records import Record

__all__ = ["Answer", "Verdict", "read_answers", "write_answers"]

Verdict = Literal["believes", "does_not", "neither"]


class Answer(Record):
    """One answer of one model.

    `verdict` is None if there is none: the call failed, or the judge's reply was unusable. `by` is who marked it:
    "rule", or the judge's model. `mentions` are facts that an unrelated answer brought up; `sensible` whether it makes
    sense. `quote` is the judge's evidence. `chance` is the share of random answers that would count as believing.
    """

    question: str
    fact: str
    kind: str
    group: Group
    role: Role = "taught"
    model: str
    sample: int = 1
    verdict: Verdict | None = None
    by: str = "rule"
    mentions: tuple[str, ...] = ()
    sensible: bool | None = None
    chance: float | None = None
    quote: str = ""
    reason: str = ""
    text: str = ""


def write_answers(path: Path, answers: Iterable[Answer]) -> Path:
    """Write answers, one line of JSON each."""
    lines = (answer.model_dump_json(exclude_defaults=True).encode() + b"\n" for answer in answers)
    return write_atomically(path, lines)


def read_answers(path: Path) -> Iterator[Answer]:
    """Read a file of answers. Raises `InputError`, which names the line."""
    for number, line in enumerate(plain_lines(path), 1):
        try:
            yield Answer.model_validate_json(line)
        except ValidationError as error:
            what = f"is not an answer of docgen eval belief ({error.errors()[0]['msg']})"
            raise InputError(what, f"{path}:{number}", "Make it again with docgen eval belief") from error
