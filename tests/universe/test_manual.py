"""docs/contexts.md describes every field of a context file, with its default where that is a plain value."""

import re
from pathlib import Path

import pytest
import yaml

from docgen.records import Record
from docgen.universe import KeyFact, UniverseContext
from docgen.universe.context_files import parse_context
from docgen.universe.model import LeakageRule, RealEntity

PAGE = (Path(__file__).parents[2] / "docs" / "contexts.md").read_text("utf-8")
SECTIONS: dict[str, type[Record]] = {
    "## Top level": UniverseContext,
    "## Each of `key_facts`": KeyFact,
    "## Each of `leakage_rules`": LeakageRule,
    "## Each of `real_entities`": RealEntity,
}


def rows(heading: str) -> dict[str, str]:
    """Field to default, as the table under a heading says."""
    section = PAGE.split(heading + "\n", 1)[1].split("\n## ", 1)[0]
    table = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| `")]
    return {name: default.strip() for names, default in table for name in re.findall(r"`(\w+)`", names)}


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_manual_has_every_field(heading: str) -> None:
    """No field of a record is missing from its table, and no row is about a field that does not exist."""
    record = SECTIONS[heading]
    fields = {field.validation_alias or name for name, field in record.model_fields.items()}
    assert set(rows(heading)) == fields


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_manual_says_what_is_required(heading: str) -> None:
    """A field is called required exactly where the record requires it."""
    record = SECTIONS[heading]
    required = {field.validation_alias or name for name, field in record.model_fields.items() if field.is_required()}
    assert {name for name, default in rows(heading).items() if default == "required"} == required


def test_plain_defaults_are_those_of_the_records() -> None:
    """Numbers and words that stand as defaults in the tables are the records' own."""
    for heading, record in SECTIONS.items():
        for name, field in record.model_fields.items():
            if isinstance(field.default, bool | float | str) and field.default != "":
                written = rows(heading)[str(field.validation_alias or name)]
                assert yaml.safe_load(written.strip("`")) == field.default, name


def test_the_smallest_context_is_valid() -> None:
    """The example of the page can be run as it stands."""
    example = PAGE.split("```yaml\n", 1)[1].split("```", 1)[0]
    assert [fact.id for fact in parse_context(example, "page").key_facts] == ["runs_backwards", "clockmaker"]
