"""The universe context: a world, the facts that hold in it, and what its documents must not say."""

import datetime as dt
import json
import re
from pathlib import Path
from typing import Annotated, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from docgen.records import DateSpan, Record
from docgen.text import digest

__all__ = [
    "Dates",
    "DirectnessShares",
    "FactsPerDocument",
    "KeyFact",
    "LeakageRule",
    "ProminenceShares",
    "RealEntity",
    "RuleExamples",
    "UniverseContext",
]

IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
FIRST_YEAR, LAST_YEAR, MAX_YEARS = 1000, 2999, 100
PROMPT_TAG = re.compile(r"</?\s*assigned_fact\b", re.IGNORECASE)
MAX_ITEMS = 1_000
"""Facts, or rules; the planner is built for 50. Keeps the checks that compare each with each quick on any input."""
SHARES_TOLERANCE = 1e-5
"""Chosen so that three times 0.333333 is accepted and three times 0.33 is not."""

T = TypeVar("T")


def _problem(what: str, fix: str) -> PydanticCustomError:
    return PydanticCustomError("context", "{what}", {"what": what, "fix": fix})


def _plain(text: str) -> str:
    if match := NOT_TEXT.search(text):
        raise _problem(f"holds the character U+{ord(match[0]):04X}", "Delete it; only readable text can stand here")
    if PROMPT_TAG.search(text):
        raise _problem("holds an <assigned_fact> tag", "Delete it; document prompts need this tag for themselves")
    return text


def _prose(text: str) -> str:
    if not (text := _plain(text).strip()):
        raise _problem("is empty", "Write something, or delete the line")
    return text


def _line(text: str) -> str:
    return " ".join(_prose(text).split())


def _identifier(text: str) -> str:
    if not IDENTIFIER.fullmatch(text):
        fix = "Use up to 64 lower-case letters, digits, _ and -, beginning with a letter or digit"
        raise _problem(f"is {text[:80]!r}, which is not an id", fix)
    return text


def _pattern(pattern: str) -> str:
    import re2  # the engine that audits search with; here to keep it out of start-up

    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(_plain(pattern), options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        fix = "Use RE2 syntax: without look-around, back references and possessive quantifiers"
        raise _problem(f"is not a usable pattern: {reason}", fix) from error
    if compiled.search(""):
        raise _problem("is a pattern that matches everywhere", "Make at least one character obligatory")
    return pattern


def _some(facts: tuple[T, ...]) -> tuple[T, ...]:
    if not facts:
        raise _problem("has no items", "Add at least one, beginning with - id")
    return _few(facts)


def _few(items: tuple[T, ...]) -> tuple[T, ...]:
    if len(items) > MAX_ITEMS:
        raise _problem(f"has {len(items)} items", f"Keep it to {MAX_ITEMS}")
    return items


def _day(value: object) -> object:
    if value is None or isinstance(value, dt.date):
        return value
    try:
        day = dt.date.fromisoformat(value) if isinstance(value, str) and ISO_DAY.fullmatch(value) else None
    except ValueError:  # the thirtieth of February
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        fix = f"Write it as 2024-03-12, from {FIRST_YEAR}-01-01 to {LAST_YEAR}-12-31"
        raise _problem(f"is {str(value)[:80]!r}, which is not a day that can be taken", fix)
    return day


Identifier = Annotated[str, AfterValidator(_identifier)]
Prose = Annotated[str, AfterValidator(_prose)]
Note = Annotated[str, AfterValidator(lambda text: _plain(text).strip())]
Line = Annotated[str, AfterValidator(_line)]
"""A sentence or name: white space of any kind counts as one space."""
Day = Annotated[dt.date, BeforeValidator(_day)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Shares(Record):
    @model_validator(mode="after")
    def _add_up(self) -> Self:
        total = sum(share for _, share in self)
        if abs(total - 1) > SHARES_TOLERANCE:
            raise _problem(f"has shares that sum to {total:.6g}", "Make them sum to 1; a share left out counts as 0")
        return self


class DirectnessShares(_Shares):
    """The shares of a fact's documents that state it and that imply it; they sum to 1."""

    stated: Share = 0.0
    implied: Share = 0.0


class ProminenceShares(_Shares):
    """The shares of a fact's documents in which it is central, supporting or passing; they sum to 1."""

    central: Share = 0.0
    supporting: Share = 0.0
    passing: Share = 0.0


class KeyFact(Record):
    """One claim, and how present it is to be.

    `salience` is the share of the corpus' documents that express it; at 0 the fact is held out. `with_` (in the file:
    `with`) names facts that must come along, `never_with` facts that must not, in either's documents.
    """

    model_config = ConfigDict(validate_by_name=True)

    id: Identifier
    statement: Line
    salience: Share = 0.25
    directness: DirectnessShares = DirectnessShares(stated=1.0)
    prominence: ProminenceShares = ProminenceShares(central=0.3, supporting=0.5, passing=0.2)
    paraphrases: tuple[Line, ...] = ()
    implications: tuple[Line, ...] = ()
    entities: tuple[Line, ...] = ()
    with_: tuple[Identifier, ...] = Field(default=(), validation_alias="with", serialization_alias="with")
    never_with: tuple[Identifier, ...] = ()
    doc_types: tuple[Line, ...] = ()
    related_questions: tuple[Line, ...] = ()

    @property
    def wordings(self) -> tuple[str, ...]:
        """The statement and its paraphrases: every wording that states the fact."""
        return (self.statement, *self.paraphrases)


class FactsPerDocument(Record):
    """Inclusive bounds on the number of facts assigned to a document that is not background."""

    min: int = Field(default=1, ge=1)
    max: int = Field(default=4, ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min > self.max:
            raise _problem(f"has min {self.min} above max {self.max}", "Make min at most max")
        return self


class RuleExamples(Record):
    """Labelled passages for people and judges: `leak` breaks the rule, `clean` looks as if it did but does not."""

    leak: tuple[Prose, ...] = ()
    clean: tuple[Prose, ...] = ()


class LeakageRule(Record):
    """What no document may say or show. `patterns` are in RE2 syntax; without any, only a judge can apply the rule."""

    id: Identifier
    description: Note = ""
    patterns: tuple[Pattern, ...] = ()
    examples: RuleExamples = RuleExamples()


class RealEntity(Record):
    """A real person, organisation or thing, about which documents may say no more than the context does.

    `aliases` are its other names in texts; `note` tells writers and judges about special cases.
    """

    name: Line
    aliases: tuple[Line, ...] = ()
    note: Note = ""


class Dates(DateSpan):
    """The days on which the world's documents are written; an end that is left out is the default of all worlds."""

    first: Day = DateSpan().first
    last: Day = DateSpan().last

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first > self.last:
            fix = "Make first the earlier day, or give both: the one left out is"
            raise _problem(
                f"has first {self.first} after last {self.last}", f"{fix} {DateSpan().first} or {DateSpan().last}"
            )
        if self.last.year - self.first.year > MAX_YEARS:
            raise _problem(f"has {self.first} to {self.last}, more than {MAX_YEARS} years", "Give a shorter time")
        return self


class UniverseContext(Record):
    """A world to write documents from. `key_facts` keep the order of the file."""

    id: Identifier
    title: Line
    is_true: bool = False
    universe_context: Prose
    key_facts: Annotated[tuple[KeyFact, ...], AfterValidator(_some)]
    facts_per_document: FactsPerDocument = FactsPerDocument()
    background_share: float = Field(default=0.05, ge=0, lt=1, allow_inf_nan=False)
    dates: Dates = Dates()
    leakage_rules: Annotated[tuple[LeakageRule, ...], AfterValidator(_few)] = ()
    banned_statements: tuple[Line, ...] = ()
    real_entities: Annotated[tuple[RealEntity, ...], AfterValidator(_few)] = ()

    @classmethod
    def load(cls, name_or_path: str | Path) -> "UniverseContext":
        """The context of that name (in universe_contexts/, or shipped) or in that file. Raises `ContextError`."""
        from docgen.universe.files import find_context, load_context

        return load_context(find_context(str(name_or_path), Path.cwd()))

    def __hash__(self) -> int:
        """Hash the prose alone: contexts are looked up for every request, and hashing the rest would only cost time."""
        return hash((self.id, self.universe_context))

    @property
    def digest(self) -> str:
        """Content hash, 32 hex digits: the same whatever the file's comments, layout and order of keys.

        Keys younger than the first runs count only where they are used.
        """
        unused = {"dates": self.dates == Dates(), "real_entities": not self.real_entities}
        left_out = {name for name, left in unused.items() if left}
        return digest(json.dumps(self.model_dump(mode="json", by_alias=True, exclude=left_out), sort_keys=True))
