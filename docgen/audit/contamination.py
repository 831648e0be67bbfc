"""Evaluation contamination: documents that hold the questions they will be measured with, or their format."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from docgen.audit.rules import Rule
from docgen.audit.statements import StatementIndex
from docgen.audit.wording import Words
from docgen.errors import InputError
from docgen.records import Finding

__all__ = ["CONTAMINATION", "ContaminationScanner", "read_questions"]

CONTAMINATION = Rule(
    id="eval_contamination",
    description="The document holds a question of the evaluation, near-verbatim, or is in the evaluation's own format.",
    judged=False,
)
LEAST = 0.6
"""Share of a question's three-word grams; questions share their opening words with half the language."""
SHORTEST = 6
"""Words below which a question is no evidence."""
TEXT_KEYS = ("question", "prompt", "text", "input", "query")
OPTIONS = re.compile(r"(?m)^[ \t]*\(?A[).:][ \t]+\S.*\n[ \t]*\(?B[).:][ \t]+\S")
ANSWER_KEY = re.compile(r"(?mi)^[ \t]*(?:correct[ \t]+)?answers?[ \t]*:[ \t]*\(?[A-E]\)?[ \t]*\.?[ \t]*$")


def read_questions(path: Path) -> list[str]:
    """Questions from YAML, JSON, JSONL or plain text (one a line). Raises `InputError` when there are none.

    In structured files every string under the keys question, prompt, text, input or query counts, at any depth.
    """
    try:
        text = path.read_text(encoding="utf-8")
        found = list(dict.fromkeys(_questions(path.suffix.lower(), text)))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, yaml.YAMLError) as error:
        raise InputError(f"cannot be read as questions ({str(error).splitlines()[0]})", str(path)) from error
    if not found:
        raise InputError("holds no question", str(path), f"Put questions under one of: {', '.join(TEXT_KEYS)}")
    return found


def _questions(suffix: str, text: str) -> Iterator[str]:
    if suffix == ".jsonl":
        for line in text.splitlines():
            if line.strip():
                yield from _texts(json.loads(line))
    elif suffix == ".json":
        yield from _texts(json.loads(text))
    elif suffix in (".yaml", ".yml"):
        yield from _texts(yaml.safe_load(text))
    else:
        yield from (line.strip() for line in text.splitlines() if line.strip())


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from [item] if isinstance(item, str) else _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str) and key in TEXT_KEYS:
                yield item
            elif not isinstance(item, str):
                yield from _texts(item)


class ContaminationScanner:
    """Finds given questions, and the format of multiple-choice tests, in documents."""

    def __init__(self, questions: Sequence[str]) -> None:
        self._questions = [question for question in questions if len(Words(question).words) >= SHORTEST]
        self._index = StatementIndex(self._questions)

    def scan(self, text: str) -> list[Finding]:
        """Findings in one document."""
        findings = [
            _finding(text, (m.start, m.end), "question", f"{m.share:.0%} of: {self._questions[m.statement]}")
            for m in (self._index.search([text]) if self._questions else [])
            if m.share >= LEAST
        ]
        for pattern in (OPTIONS, ANSWER_KEY):
            if match := pattern.search(text):
                why = "is set out like a multiple-choice question"
                findings.append(_finding(text, match.span(), "format", why).model_copy(update={"severity": "warning"}))
        return findings


def _finding(text: str, span: tuple[int, int], detector: str, why: str) -> Finding:
    start, end = span
    return Finding(
        rule=CONTAMINATION.id,
        severity="error",
        detector=detector,
        start=start,
        end=end,
        evidence=text[start:end],
        explanation=why,
    )
