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
NUMBERS = ("float_", "int_", "greater_than", "less_than", "finite_number")


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
        data = _child(data, part)
    if isinstance(data, dict) and len(location) > 1:
        identifier = data.get("id") or data.get("name")
    return f"{path} ({short_repr(identifier)})" if isinstance(identifier, str) else path


def short_repr(value: Any) -> str:
    """`value` as one short line, for quoting in an error message."""
    text = " ".join(str(value).split()).encode("utf-8", "replace").decode()
    return text if len(text) <= 60 else text[:57] + "..."


def _child(data: Any, part: str | int) -> Any:
    try:
        return data[part]
    except (KeyError, IndexError, TypeError):
        return None


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
    if kind.startswith(NUMBERS):
        return Problem(
            location,
            f"{name} is {short_repr(value)}, {_number_rule(details)}",
            _number_fix(value, _is_whole(location, sections)),
        )
    return Problem(location, f"{name} {_shape_rule(kind, value)}", _shape_fix(details))


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


def _number_rule(details: Any) -> str:
    if details["type"] in ("float_parsing", "float_type", "finite_number"):
        return "not a number"
    if details["type"].startswith("int_"):
        return "not a whole number"
    return f"but {details['msg'].replace('Input should', 'it should')}"


def _is_whole(location: Location, sections: Sections) -> bool:
    """Whether the field is a count rather than a share."""
    section = sections(tuple(part for part in location[:-1] if isinstance(part, str)))
    field = section.model_fields.get(str(location[-1])) if section else None
    return field is not None and field.annotation is int


def _number_fix(value: Any, whole: bool) -> str:
    if whole:
        return "Write a whole number, 1 or more"
    text = str(value).strip()
    try:
        number = float(text.rstrip("%").strip().replace(",", "."))
    except ValueError:
        return "Write a decimal number such as 0.3"
    share = number / 100 if 1 < number <= 100 else number
    return f"Write {share:g}, if that is the share you mean" if 0 <= share <= 1 else "Write a number from 0 to 1"


def _shape_rule(kind: str, value: Any) -> str:
    if kind == "literal_error":
        return f"is {short_repr(value)}, which is not one of its values"
    if kind.startswith("bool"):
        return f"is {short_repr(value)}, which is neither true nor false"
    expected = "text" if kind == "string_type" else "a list" if kind == "tuple_type" else "a mapping"
    actual = "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "text"
    return f"is {actual}, but should be {expected}"


def _shape_fix(details: Any) -> str:
    kind, value = details["type"], details["input"]
    if kind == "literal_error":
        return f"Write {details['ctx']['expected']}"
    if kind.startswith("bool"):
        return "Write true or false"
    if kind == "string_type":
        return 'Put the text in quotes, because it contains ": "' if isinstance(value, dict) else "Write a single text"
    if kind == "tuple_type":
        return 'Write [one, two], or one line beginning with "- " for each item'
    return 'Write indented "key: value" lines below it'
