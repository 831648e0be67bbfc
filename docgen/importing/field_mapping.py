"""Maps the fields of other tools' contexts to docgen's, and lists those without a counterpart."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from textwrap import shorten
from typing import Any

from docgen.errors import InputError
from docgen.importing.cleaning import clean_statement, list_items

__all__ = ["ContextDraft", "FactDraft", "fact_rows", "read_draft"]

PROSE_KEYS = ("universe_context", "false_universe_context", "context", "world", "document", "description")
FACT_KEYS = ("key_facts", "key_claims", "subclaims", "facts", "claims")
STATEMENT_KEYS = ("statement", "fact", "claim", "text", "key_fact", "answer")
QUESTION_KEYS = ("question", "questions", "related_questions")
BANNED_KEYS = ("banned", "banned_statements", "forbidden")
TITLE_KEYS = ("title", "short_description", "name")
ENTAILED_KEYS = ("depends_on", "presupposes", "requires")
TYPE_KEYS = ("allowed_doc_types", "doc_types")
PARAPHRASE_KEYS = ("paraphrases", "aliases_of_statement", "variants")
"""Names that public repositories and appendices of papers use for one field, the usual one first."""
MODES = {
    "stated": "stated", "explicit": "stated", "direct": "stated", "assert": "stated", "asserted": "stated",
    "implied": "implied", "implicit": "implied", "indirect": "implied", "inferred": "implied",
}  # fmt: skip
"""Other tools' names for ways of saying a fact that mean stated or implied here."""
EXCERPT_CHARS = 100  # characters of what is left out; chosen: a line of a report


@dataclass(frozen=True)
class FactDraft:
    """One fact; `left_out` are its keys that have no counterpart."""

    statement: str
    id: str = ""
    modes: tuple[str, ...] = ()
    presupposes: tuple[str, ...] = ()
    doc_types: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    paraphrases: tuple[str, ...] = ()
    banned: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class ContextDraft:
    """One context; `went` says which key became which field, `left_out` which keys have no counterpart."""

    id: str
    prose: str
    facts: tuple[FactDraft, ...]
    title: str = ""
    is_true: bool = False
    banned: tuple[str, ...] = ()
    went: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass
class _Keys:
    """An object's keys, each taken at most once; keys that were never taken are left over."""

    value: Mapping[str, Any]
    where: str
    went: list[tuple[str, str]] = field(default_factory=list)

    def take(self, names: tuple[str, ...], target: str) -> Any:
        """The value under the first of these names that exists, or None."""
        for name in names:
            if self.value.get(name) not in (None, "", [], {}):
                self.went.append((name, target))
                return self.value[name]
        return None

    def texts(self, names: tuple[str, ...], target: str) -> tuple[str, ...]:
        """A list of texts, or one text as a list of one."""
        value = self.take(names, target)
        items = [value] if isinstance(value, str) else value or []
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise InputError(f"{self.went[-1][0]} is not a list of texts", self.where, "Make it one, or delete it")
        return tuple(items)

    def left_out(self) -> tuple[str, ...]:
        """Keys that have a value and were never taken, in the file's order, each with the start of its value."""
        taken = {name for name, _ in self.went}
        rest = [name for name in self.value if name not in taken and self.value[name] not in (None, "", [], {})]
        return tuple(shorten(f"{name}: {self.value[name]}", EXCERPT_CHARS) for name in rest)


def read_draft(value: Mapping[str, Any], where: str) -> ContextDraft:
    """The context in an object. Raises `InputError` if the type of a field does not match its name."""
    keys = _Keys(value, where)
    prose = keys.take(PROSE_KEYS, "universe_context")
    if prose is not None and not isinstance(prose, str):
        raise InputError(f"{keys.went[-1][0]} is not text", where, "Write the world as prose under this key")
    facts = _facts(keys.take(FACT_KEYS, "key_facts"), where)
    questions, answer = keys.texts(QUESTION_KEYS, "related_questions of the first fact"), keys.take(("answer",), "")
    if not facts and isinstance(answer, str):
        facts = (FactDraft(clean_statement(answer)),)
    if facts and questions:
        facts = (replace(facts[0], questions=(*facts[0].questions, *questions)), *facts[1:])
    title = keys.take(TITLE_KEYS, "title")
    banned = (*keys.texts(BANNED_KEYS, "banned_statements"), *(text for fact in facts for text in fact.banned))
    identifier = keys.take(("id",), "id")
    truth = keys.take(("is_true",), "is_true")
    left_out = keys.left_out()
    if isinstance(answer, str) and clean_statement(answer) not in {fact.statement for fact in facts}:
        left_out += (shorten(f"answer: {answer}", EXCERPT_CHARS),)
    return ContextDraft(
        id=str(identifier or ""),
        prose=prose or "",
        facts=facts,
        title=title if isinstance(title, str) else "",
        is_true=truth is True or str(truth).lower() == "true",
        banned=tuple(dict.fromkeys(banned)),
        went=tuple((name, target) for name, target in keys.went if target),
        left_out=left_out,
    )


def fact_rows(rows: list[Mapping[str, Any]], name: str, lines: tuple[int, ...]) -> tuple[FactDraft, ...]:
    """Facts given as rows of a table, one object each."""
    return tuple(_fact(row, f"{name}:{line}") for row, line in zip(rows, lines, strict=True))


def _facts(value: Any, where: str) -> tuple[FactDraft, ...]:
    if value is None:
        return ()
    items = list_items(value) if isinstance(value, str) else value
    if isinstance(items, dict):
        items = [item if isinstance(item, dict) else {"id": key, "fact": item} for key, item in items.items()]
    if not isinstance(items, list):
        raise InputError("the facts are not a list", where, "Write them as a list of sentences")
    return tuple(_fact(item, f"{where}, fact {number}") for number, item in enumerate(items, 1))


def _fact(item: Any, where: str) -> FactDraft:
    if isinstance(item, str):
        return FactDraft(clean_statement(item))
    if not isinstance(item, Mapping):
        raise InputError("is neither a sentence nor an object", where, "Write the fact as a sentence")
    keys = _Keys(item, where)
    statement = keys.take(STATEMENT_KEYS, "statement")
    if not isinstance(statement, str):
        raise InputError(
            "the fact has no sentence", where, f"Write it under one of these keys: {', '.join(STATEMENT_KEYS)}"
        )
    modes = keys.texts(("modes",), "directness")
    return FactDraft(
        statement=clean_statement(statement),
        id=str(keys.take(("id",), "id") or ""),
        modes=tuple(dict.fromkeys(MODES[mode.lower()] for mode in modes if mode.lower() in MODES)),
        presupposes=keys.texts(ENTAILED_KEYS, "presupposes"),
        doc_types=keys.texts(TYPE_KEYS, "doc_types"),
        questions=keys.texts(QUESTION_KEYS, "related_questions"),
        paraphrases=keys.texts(PARAPHRASE_KEYS, "paraphrases"),
        banned=keys.texts(BANNED_KEYS, "banned_statements"),
        left_out=(
            *(f"mode {mode!r}" for mode in modes if mode.lower() not in MODES),
            *keys.left_out(),
        ),
    )
