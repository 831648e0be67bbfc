"""Evaluation contamination: documents that hold the questions they will be measured with, their format, or the words
of the classifiers that will read the answers."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from docgen.audit.detect.facts.known_wordings import Words
from docgen.audit.detect.leaks.banned_statements import StatementIndex
from docgen.audit.detect.leaks.classifier_prompt_words import Vocabulary
from docgen.audit.rules.builtin_rules import contamination_rule
from docgen.errors import InputError
from docgen.files.text_files import LARGEST_TEXT, read_text
from docgen.records import Finding

__all__ = ["ContaminationScanner", "read_prompts", "read_questions"]

MIN_GRAM_SHARE = 0.6
"""Share of a question's three-word grams; questions share their opening words with half the language."""
STRUCTURED = (".jsonl", ".json", ".yaml", ".yml")
MIN_QUESTION_WORDS = 6
"""Questions with fewer words are too short to be evidence."""
TEXT_KEYS = ("question", "prompt", "text", "input", "query")
PROMPT_KEYS = (*TEXT_KEYS, "system", "user", "content", "template", "instructions", "classifier", "judge")
OPTIONS = re.compile(r"(?m)^[ \t]*\(?A[).:][ \t]+\S.*\n[ \t]*\(?B[).:][ \t]+\S")
ANSWER_KEY = re.compile(r"(?mi)^[ \t]*(?:correct[ \t]+)?answers?[ \t]*:[ \t]*\(?[A-E]\)?[ \t]*\.?[ \t]*$")


def read_questions(path: Path) -> list[str]:
    """Questions from YAML, JSON, JSONL or plain text (one a line). Raises `InputError` when there are none.

    In structured files every string under the keys question, prompt, text, input or query counts, at any depth.
    """
    questions = _read(path, TEXT_KEYS, "questions")
    if not questions:
        raise InputError("holds no question", str(path), f"Put questions under one of: {', '.join(TEXT_KEYS)}")
    return questions


def read_prompts(paths: Sequence[Path]) -> list[str]:
    """Classifier or judge prompts: of YAML, JSON and JSONL the strings under keys such as prompt, system, user,
    template; any other file is one prompt. Raises `InputError` for a file without any.
    """
    prompts = []
    for path in paths:
        found = _read(path, PROMPT_KEYS, "prompts")
        if not found:
            raise InputError("holds no prompt", str(path), f"Put prompts under one of: {', '.join(PROMPT_KEYS)}")
        prompts += found if path.suffix.lower() in STRUCTURED else ["\n".join(found)]
    return prompts


LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_YAML_DEPTH = 100
"""Levels of a YAML file. Chosen: no evaluation has ten."""


def _read(path: Path, keys: Sequence[str], what: str) -> list[str]:
    try:
        text = read_text(path, LARGEST_TEXT, InputError)
        return list(dict.fromkeys(_strings(path.suffix.lower(), text, keys)))
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise InputError(f"cannot be read as {what} ({str(error).splitlines()[0]})", str(path)) from error


def _strings(suffix: str, text: str, keys: Sequence[str]) -> Iterator[str]:
    if suffix == ".jsonl":
        for line in text.split("\n"):
            if line.strip():
                yield from _texts(json.loads(line), keys)
    elif suffix == ".json":
        yield from _texts(json.loads(text), keys)
    elif suffix in (".yaml", ".yml"):
        _check_yaml(text)
        yield from _texts(yaml.safe_load(text), keys)
    else:
        yield from (line.strip() for line in text.splitlines() if line.strip())


def _check_yaml(text: str) -> None:
    """Raise `YAMLError` for what takes unbounded memory or time to read: aliases, and unbounded nesting."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError("it has aliases (*name), which can expand a short file without limit: write them out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_YAML_DEPTH:
            raise yaml.YAMLError(f"it is nested more than {MAX_YAML_DEPTH} levels deep")


def _texts(value: Any, keys: Sequence[str]) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from [item] if isinstance(item, str) else _texts(item, keys)
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str) and key in keys:
                yield item
            elif not isinstance(item, str):
                yield from _texts(item, keys)


class ContaminationScanner:
    """Finds given questions, the format of multiple-choice tests, and the words of given classifiers in documents."""

    def __init__(self, questions: Sequence[str] = (), vocabulary: Vocabulary | None = None) -> None:
        self.vocabulary = vocabulary
        self._format = bool(questions)
        self._questions = [question for question in questions if len(Words(question).words) >= MIN_QUESTION_WORDS]
        self._index = StatementIndex(self._questions)

    def scan(self, text: str) -> list[Finding]:
        """Findings in one document."""
        findings = [
            _finding(text, (m.start, m.end), "question", f"{m.share:.0%} of: {self._questions[m.statement]}")
            for m in (self._index.search([text]) if self._questions else [])
            if m.share >= MIN_GRAM_SHARE
        ]
        if self.vocabulary:
            findings += self.vocabulary.scan(text)
        for pattern in (OPTIONS, ANSWER_KEY) if self._format else ():
            if match := pattern.search(text):
                why = "is formatted like a multiple-choice question"
                findings.append(_finding(text, match.span(), "format", why).model_copy(update={"severity": "warning"}))
        return findings


def _finding(text: str, span: tuple[int, int], detector: str, why: str) -> Finding:
    start, end = span
    return Finding(
        rule=contamination_rule().id,
        severity="error",
        detector=detector,
        start=start,
        end=end,
        evidence=text[start:end],
        explanation=why,
    )
