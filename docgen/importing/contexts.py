"""Converts universe contexts of other tools, with a report of what became what."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docgen.errors import ContextError, InputError
from docgen.importing.cleaning import clean_prose, clean_statement
from docgen.importing.entities import latest_date, names_in
from docgen.importing.field_mapping import ContextDraft, FactDraft, fact_rows, read_draft
from docgen.importing.file_parser import FileValues, read_values
from docgen.records import DateSpan
from docgen.text import sentences, slug, words
from docgen.text.stems import content_stems
from docgen.universe import UniverseContext, context_proposals
from docgen.universe.context_files import context_text, parse_context
from docgen.universe.field_types import IDENTIFIER

__all__ = ["ImportedContext", "context_from_prose", "import_contexts", "prose_of"]

ID_WORDS, ID_LENGTH = 4, 40
"""Most words and characters of an id that is derived from a statement. Chosen: readable in a table of 80 columns."""
TITLE_LENGTH = 100  # chosen: one line of a terminal
LAST_AFTER = dt.timedelta(days=2 * 365)
"""Chosen: a world with facts known only after the usual last day ends two years after the latest of them."""


@dataclass(frozen=True)
class ImportedContext:
    """A context with its YAML text, and one line for each thing that was converted, cut, guessed or left out."""

    context: UniverseContext
    text: str
    report: tuple[str, ...]
    proposals: tuple[str, ...]


def import_contexts(path: Path, name: str = "") -> tuple[ImportedContext, ...]:
    """The contexts in a file of any shape that public repositories use; `name` is the id for one without.

    Raises `InputError` for a file without contexts or facts, `ContextError` for a context that docgen refuses.
    """
    file = read_values(path)
    drafts = list(_drafts(file, path))
    if len(drafts) == 1:
        return (_converted(drafts[0], name or drafts[0].id or path.stem, path),)
    default = name or path.stem
    return tuple(_converted(draft, draft.id or f"{default}_{n}", path) for n, draft in enumerate(drafts, 1))


def prose_of(path: Path) -> str:
    """The cleaned prose of a file that contains nothing else. Raises `InputError` for any other file."""
    file = read_values(path)
    if file.kind != "prose":
        raise InputError("has facts already, or is not prose", str(path), "Import it without --extract")
    return clean_prose(file.values[0]).text


def context_from_prose(path: Path, statements: Sequence[str], name: str = "") -> ImportedContext:
    """The context of a file of prose alone, with facts found elsewhere; raises what `import_contexts` raises."""
    facts = tuple(FactDraft(clean_statement(statement)) for statement in statements)
    prose = read_values(path).values[0]
    return _converted(ContextDraft("", prose, facts), name or path.stem, path)


def _drafts(file: FileValues, path: Path) -> list[ContextDraft]:
    if file.kind == "prose":
        fix = "Write its facts under it as a list called key_facts, or let a model find them with --extract"
        raise InputError("is prose without facts", str(path), fix)
    objects = [value for value in file.values if isinstance(value, Mapping)]
    if len(objects) < len(file.values):
        raise InputError("contains something other than objects", str(path), "Give contexts, or rows of facts")
    if _are_rows(objects):
        facts = fact_rows(objects, str(path), file.lines)
        prose = "\n\n".join(fact.statement for fact in facts)
        return [ContextDraft("", prose, facts, went=(("rows of facts", "key_facts and, joined, universe_context"),))]
    pairs: list[tuple[Mapping[str, Any], int]] = list(zip(objects, file.lines, strict=True))
    if len(objects) == 1 and all(isinstance(value, Mapping) for value in objects[0].values()):
        # One context under each key, which is its name.
        pairs = [({"id": name, **value}, 1) for name, value in objects[0].items()] or pairs
    return [read_draft(value, f"{path}:{line}") for value, line in pairs]


def _are_rows(objects: list[Mapping[str, Any]]) -> bool:
    """Whether the objects are facts: each has a sentence, and none a world or a list of facts."""
    return all(
        ("statement" in value or "fact" in value)
        and not {"universe_context", "false_universe_context", "key_facts", "key_claims", "subclaims"} & set(value)
        for value in objects
    )


def _converted(draft: ContextDraft, identifier: str, path: Path) -> ImportedContext:
    if not draft.facts:
        fix = "Write them as a list called key_facts, or let a model find them with --extract"
        raise InputError("the context has no facts", str(path), fix)
    cleaned = clean_prose(draft.prose)
    if not cleaned.text:
        raise InputError("the context has no prose", str(path), "Describe the world under universe_context")
    ids = _fact_ids(draft.facts)
    values: dict[str, Any] = {
        "id": _as_id(identifier, 64),
        "title": draft.title or _title(cleaned.text),
        "is_true": draft.is_true,
        "universe_context": cleaned.text,
        "key_facts": [_fact_values(fact, ids, cleaned.text) for fact in draft.facts],
        "banned_statements": list(draft.banned),
    }
    usual = DateSpan()
    known_dates = [dt.date.fromisoformat(fact["known_from"]) for fact in values["key_facts"] if "known_from" in fact]
    is_late = max(known_dates, default=dt.date.min) >= usual.last
    if is_late:
        values["dates"] = {"first": usual.first.isoformat(), "last": (max(known_dates) + LAST_AFTER).isoformat()}
    context = _checked(values, path)
    report = _conversions(draft, ids)
    report += [f"cut: {cleaned.footnotes} footnote marks"] if cleaned.footnotes else []
    report += [f"cut: the list {heading!r} ({count} lines)" for heading, count in cleaned.lists]
    report += _guesses(context, is_late)
    return ImportedContext(context, context_text(context), tuple(report), context_proposals(context))


def _checked(values: dict[str, Any], path: Path) -> UniverseContext:
    import yaml

    try:
        return parse_context(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), f"{path} (converted)")
    except ContextError as error:
        raise ContextError(error.what, f"{path}, as a docgen context", error.fix) from error


def _fact_ids(facts: tuple[FactDraft, ...]) -> dict[str, str]:
    """An id for each fact, by the names it is referred to by (its id, its statement), each used once."""
    ids: dict[str, str] = {}
    for number, fact in enumerate(facts, 1):
        if fact.id:
            base = _as_id(fact.id, ID_LENGTH)
        else:  # the first words that carry meaning
            content = [word for word in words(fact.statement) if content_stems(word)]
            base = slug(" ".join(content[:ID_WORDS] or [fact.statement]), ID_LENGTH).replace("-", "_")
        identifier = base if base not in ids.values() else f"{base}_{number}"
        ids[fact.statement] = identifier
        if fact.id:
            ids[fact.id] = identifier
    return ids


def _as_id(text: str, length: int) -> str:
    return text if IDENTIFIER.fullmatch(text) else slug(text, length).replace("-", "_")


def _fact_values(fact: FactDraft, ids: dict[str, str], prose: str) -> dict[str, Any]:
    values: dict[str, Any] = {"id": ids[fact.statement], "statement": fact.statement}
    if fact.modes:
        values["directness"] = {mode: 1 / len(fact.modes) for mode in fact.modes}
    lists = {
        "paraphrases": fact.paraphrases,
        "entities": names_in(fact.statement, prose),
        "presupposes": tuple(ids[other] for other in fact.presupposes if other in ids),
        "doc_types": fact.doc_types,
        "related_questions": fact.questions,
    }
    values |= {name: list(items) for name, items in lists.items() if items}
    date = latest_date(fact.statement)
    if date and date > DateSpan().first:
        values["known_from"] = date.isoformat()
    return values


def _title(prose: str) -> str:
    """The prose's first line, or the first sentence of it, cut at a word."""
    line = " ".join(prose.split("\n", 1)[0].split())
    start, end = next(iter(sentences(line)), (0, len(line)))
    sentence = line[start:end].rstrip(". ")
    return sentence if len(sentence) <= TITLE_LENGTH else sentence[:TITLE_LENGTH].rsplit(" ", 1)[0]


def _conversions(draft: ContextDraft, ids: dict[str, str]) -> list[str]:
    lines = [f"{name} -> {target}" for name, target in draft.went if name != target]
    lines += [f"left out, since docgen does not have a field for it: {item}" for item in draft.left_out]
    for fact in draft.facts:
        identifier = ids[fact.statement]
        lines += [f"{identifier}: left out: {item}" for item in fact.left_out]
        unknown = [other for other in fact.presupposes if other not in ids]
        lines += [
            f"{identifier}: left out: depends on {other!r}, which is not a fact of this context" for other in unknown
        ]
    return lines


def _guesses(context: UniverseContext, is_late: bool) -> list[str]:
    names = sum(len(fact.entities) for fact in context.key_facts)
    dated = [f"{fact.id} from {fact.known_from}" for fact in context.key_facts if fact.known_from]
    lines = [f"guessed from the wording: entities, {names} names"] if names else []
    lines += [f"guessed from the wording: known_from ({', '.join(dated)})"] if dated else []
    lines += [f"guessed: dates until {context.dates.last}, since facts are known only late"] if is_late else []
    return lines
