"""The universe context: a world, the facts that hold in it, and what its documents must not say."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from docgen.records import Airtime, Community, DateSpan, Record
from docgen.text import digest
from docgen.text.languages import Language, detect_language, language
from docgen.universe.field_types import (
    MAX_YEARS,
    Day,
    Identifier,
    Line,
    Locale,
    Note,
    Pattern,
    Prose,
    Share,
    bounded,
    non_empty,
    problem,
)

__all__ = [
    "Dates",
    "DirectnessShares",
    "FactsPerDocument",
    "KeyFact",
    "LeakageRule",
    "NameStock",
    "ProminenceShares",
    "RealEntity",
    "RuleExamples",
    "UniverseContext",
]


class _Shares(Record):
    @model_validator(mode="after")
    def _add_up(self) -> Self:
        total = sum(share for _, share in self)
        if abs(total - 1) > 1e-5:  # so that three times 0.333333 is accepted and three times 0.33 is not
            raise problem(f"has shares that sum to {total:.6g}", "Make them sum to 1; a share left out counts as 0")
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
    `with`) names facts that must come along, `never_with` facts that must not, in either's documents. Documents of a
    fact take those it `presupposes` for granted, and any document may take a `public` one for granted. No document
    that carries the fact is dated before `known_from`.
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
    presupposes: tuple[Identifier, ...] = ()
    public: bool = False
    known_from: Day | None = None

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
            raise problem(f"has min {self.min} above max {self.max}", "Make min at most max")
        return self


class RuleExamples(Record):
    """Labelled passages for people and judges: `leak` breaks the rule, `clean` looks as if it did but does not."""

    leak: tuple[Prose, ...] = ()
    clean: tuple[Prose, ...] = ()


class LeakageRule(Record):
    """What documents must not say or show. `patterns` are in RE2 syntax; without any, only a judge can apply the
    rule."""

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
    """The days on which the world's documents are written; a missing end is the default for all worlds."""

    first: Day = DateSpan().first
    last: Day = DateSpan().last

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first > self.last:
            fix = "Make first the earlier day, or give both: the one left out is"
            raise problem(
                f"has first {self.first} after last {self.last}", f"{fix} {DateSpan().first} or {DateSpan().last}"
            )
        if self.last.year - self.first.year > MAX_YEARS:
            raise problem(f"has {self.first} to {self.last}, more than {MAX_YEARS} years", "Give a shorter time")
        return self


class NameStock(Community):
    """Names usual among some of the world's people: any given name goes with any family name of the same stock."""

    given: Annotated[tuple[Line, ...], AfterValidator(non_empty)]
    family: Annotated[tuple[Line, ...], AfterValidator(non_empty)]


class UniverseContext(Record):
    """A world to write documents from. `key_facts` keep the order of the file.

    `outlets` may publish documents under their own names; `names` and `places` are for minor people and scenes, and
    requested from the model if they are left out; `locale` (such as fr_CA) is where stand-in names are drawn from.
    `language` (such as de) is the language of its documents; without it, that of the world's prose.
    """

    id: Identifier
    title: Line
    is_true: bool = False
    universe_context: Prose
    key_facts: Annotated[tuple[KeyFact, ...], AfterValidator(non_empty)]
    facts_per_document: FactsPerDocument = FactsPerDocument()
    background_share: float = Field(default=0.05, ge=0, lt=1, allow_inf_nan=False)
    dates: Dates = Dates()
    leakage_rules: Annotated[tuple[LeakageRule, ...], AfterValidator(bounded)] = ()
    banned_statements: tuple[Line, ...] = ()
    real_entities: Annotated[tuple[RealEntity, ...], AfterValidator(bounded)] = ()
    airtime: Airtime = "dense"
    outlets: tuple[Line, ...] = ()
    names: tuple[NameStock, ...] = ()
    places: tuple[Line, ...] = ()
    locale: tuple[Locale, ...] = ()
    language: Annotated[str, Field(pattern=r"^([a-z]{2,3}([_-][A-Za-z]{2,4})?)?$")] = ""

    @classmethod
    def load(cls, name_or_path: str | Path) -> "UniverseContext":
        """The context of that name (in universe_contexts/, or shipped) or in that file. Raises `ContextError`."""
        from docgen.universe.context_files import find_context, load_context

        return load_context(find_context(str(name_or_path), Path.cwd()))

    @property
    def speaks(self) -> Language:
        """The language of the documents, as far as docgen knows it: English unless the prose shows another."""
        return _spoken(self.language, self.universe_context, tuple(fact.statement for fact in self.key_facts))

    def with_airtime(self, airtime: Airtime | None) -> Self:
        """The context with another airtime, if one is given."""
        return self.model_copy(update={"airtime": airtime}) if airtime else self

    def __hash__(self) -> int:
        """Hash the prose alone: contexts are looked up for every request, and hashing the rest would only cost time."""
        return hash((self.id, self.universe_context))

    @property
    def digest(self) -> str:
        """Content hash, 32 hex digits: the same whatever the file's comments, layout and order of keys.

        Keys younger than the first runs count only where they are used.
        """
        dumped = _without_unused(self, YOUNG_KEYS)
        dumped["key_facts"] = [_without_unused(fact, YOUNG_FACT_KEYS) for fact in self.key_facts]
        return digest(json.dumps(dumped, sort_keys=True))


@lru_cache(maxsize=64)
def _spoken(code: str, prose: str, statements: tuple[str, ...]) -> Language:
    return language(code) if code else detect_language("\n".join((prose, *statements)))


YOUNG_KEYS = ("dates", "real_entities", "airtime", "outlets", "names", "places", "locale", "language")
YOUNG_FACT_KEYS = ("presupposes", "public", "known_from")


def _without_unused(record: Record, young: tuple[str, ...]) -> dict[str, Any]:
    """The record as JSON values, without those of the younger keys that have their default."""
    fields = type(record).model_fields
    unused = {name for name in young if getattr(record, name) == fields[name].default}
    return record.model_dump(mode="json", by_alias=True, exclude=unused)
