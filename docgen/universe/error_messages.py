"""Translates pydantic's errors about a context for its author: the field, what is wrong, and how to fix it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from docgen.text.output.spelling_suggestions import suggestion
from docgen.universe.model import (
    Dates,
    DirectnessShares,
    FactsPerDocument,
    KeyFact,
    LeakageRule,
    NameStock,
    ProminenceShares,
    RealEntity,
    RuleExamples,
    UniverseContext,
)
from docgen.universe.strict_yaml import Location

__all__ = ["Problem", "field_name", "suggestion", "translate"]

SECTIONS: Mapping[Location, type[BaseModel]] = {
    (): UniverseContext,
    ("key_facts",): KeyFact,
    ("key_facts", "directness"): DirectnessShares,
    ("key_facts", "prominence"): ProminenceShares,
    ("facts_per_document",): FactsPerDocument,
    ("dates",): Dates,
    ("leakage_rules",): LeakageRule,
    ("leakage_rules", "examples"): RuleExamples,
    ("real_entities",): RealEntity,
    ("names",): NameStock,
}
Sections = Callable[[Location], type[BaseModel] | None]


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a context."""

    location: Location
    what: str
    fix: str


def translate(error: ValidationError, data: Any, sections: Sections | None = None) -> list[Problem]:
    """One problem for each of pydantic's errors in `data`.

    `sections` gives the record that a path of keys leads to; without it, that of a context.
    """
    return [_problem(details, data, sections or SECTIONS.get) for details in error.errors(include_url=False)]


def field_name(location: Location, data: Any) -> str:
    """`key_facts[1].salience (keeper_stays)`: the path, and the id or name of the item that contains it."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    identifier = None
    for part in location[:2]:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            data = None
    if isinstance(data, dict) and len(location) > 1:
        identifier = data.get("id") or data.get("name")
    return f"{path} ({short_repr(identifier)})" if isinstance(identifier, str) else path


def short_repr(value: Any) -> str:
    """`value` as one short line, for quoting in an error message."""
    text = " ".join(str(value).split()).encode("utf-8", "replace").decode()
    return text if len(text) <= 60 else text[:57] + "..."


def _problem(details: Any, data: Any, sections: Sections) -> Problem:
    location: Location = details["loc"]
    kind, value = details["type"], details["input"]
    name = field_name(location, data)
    if kind == "missing":
        return Problem(location, f"{name} is missing", f'Add a line "{location[-1]}: ..."')
    if kind == "extra_forbidden":
        return _unknown_key(location, data, sections)
    if kind == "context":
        return Problem(location, f"{name} {details['msg']}", details["ctx"]["fix"])
    if value is None:
        return Problem(location, f"{name} has no value", "Give one, or delete the line")
    if kind.startswith(("float_", "int_", "greater_than", "less_than", "finite_number")):
        return _wrong_number(name, details, sections)
    return _wrong_shape(name, details)


def _unknown_key(location: Location, data: Any, sections: Sections) -> Problem:
    section = sections(tuple(part for part in location[:-1] if isinstance(part, str)))
    fields = section.model_fields if section else {}
    keys = [str(field.validation_alias or name) for name, field in fields.items()]
    key = str(location[-1])
    parent = field_name(location[:-1], data) or ("the context" if sections == SECTIONS.get else "the file")
    return Problem(
        location,
        f"{short_repr(key)} is not a key of {parent}",
        suggestion(key, keys, f"Keys here: {', '.join(keys)}"),
    )


def _wrong_number(name: str, details: Any, sections: Sections) -> Problem:
    location, kind, value = details["loc"], details["type"], details["input"]
    rule = f"but {details['msg'].replace('Input should', 'it should')}"
    if kind in ("float_parsing", "float_type", "finite_number"):
        rule = "not a number"
    elif kind.startswith("int_"):
        rule = "not a whole number"
    what = f"{name} is {short_repr(value)}, {rule}"
    section = sections(tuple(part for part in location[:-1] if isinstance(part, str)))
    field = section.model_fields.get(str(location[-1])) if section else None
    if field is not None and field.annotation is int:  # a count; every other number is a share
        return Problem(location, what, "Write a whole number, 1 or more")
    try:
        number = float(str(value).strip().rstrip("%").strip().replace(",", "."))
    except ValueError:
        return Problem(location, what, "Write a decimal number such as 0.3")
    share = number / 100 if 1 < number <= 100 else number
    fix = f"Write {share:g}, if that is the share you mean" if 0 <= share <= 1 else "Write a number from 0 to 1"
    return Problem(location, what, fix)


def _wrong_shape(name: str, details: Any) -> Problem:
    location, kind, value = details["loc"], details["type"], details["input"]
    if kind == "literal_error":
        fix = f"Write {details['ctx']['expected']}"
        return Problem(location, f"{name} is {short_repr(value)}, which is not one of its values", fix)
    if kind.startswith("bool"):
        return Problem(
            location, f"{name} is {short_repr(value)}, which is neither true nor false", "Write true or false"
        )
    actual = "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "text"
    expected, fix = "a mapping", 'Write indented "key: value" lines below it'
    if kind == "string_type":
        expected, fix = "text", "Write a single text"
        if isinstance(value, dict):
            fix = 'Put the text in quotes, because it contains ": "'
    elif kind == "tuple_type":
        expected, fix = "a list", 'Write [one, two], or one line beginning with "- " for each item'
    return Problem(location, f"{name} is {actual}, but should be {expected}", fix)
