"""The table of docs/robustness.md names tests that are there, for every kind of fault."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| ([1-9]) \| [^|]+ \| `(tests/[^:`]+)::(test_\w+)` \| [^|,]+,? [^|]+ \|$", re.MULTILINE)


def test_each_kind_of_fault_names_tests_that_exist() -> None:
    """Nine numbers, each with its tests."""
    table = (ROOT / "docs/robustness.md").read_text("utf-8").partition("## Which test covers each fault")[2]
    rows = ROW.findall(table)
    assert len(rows) == len(re.findall(r"^\| [1-9] ", table, re.MULTILINE))
    assert {number for number, _, _ in rows} == set("123456789")
    missing = [
        f"{file}::{name}"
        for _, file, name in rows
        if not re.search(rf"^(?:async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)
    ]
    assert missing == []
