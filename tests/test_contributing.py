"""CONTRIBUTING.md sends people to places that are there."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
TABLES = re.findall(r"^\| .* \| `([A-Z_]+)` in `(docgen/[\w/]+)\.py` \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:docgen|tests|templates|docs)/[\w/.-]+)`", PAGE))))
def test_every_path_exists(path: str) -> None:
    assert (ROOT / path).exists() or path == "templates/NAME.jinja"


@pytest.mark.parametrize(("table", "module"), TABLES)
def test_every_table_is_a_tuple_of_frozen_rows_with_names_that_differ(table: str, module: str) -> None:
    """No registration: what is listed in the file is all there is."""
    rows = getattr(importlib.import_module(module.replace("/", ".")), table)
    assert isinstance(rows, tuple)
    assert all(type(row).__dataclass_params__.frozen for row in rows)
    assert len({row.name for row in rows}) == len(rows)
    tree = ast.parse((ROOT / f"{module}.py").read_text("utf-8"))
    targets = [
        n.targets[0] if isinstance(n, ast.Assign) else n.target
        for n in tree.body
        if isinstance(n, ast.Assign | ast.AnnAssign)
    ]
    assert isinstance(targets[-1], ast.Name)
    assert targets[-1].id == table, "the table stands at the end of its file"


def test_the_tables_are_found() -> None:
    """The pattern above reads the page."""
    assert {table for table, _ in TABLES} == {"RUN_STEPS", "PROMPTS", "PROVIDERS", "DETECTORS", "FORMATS", "SHAPES"}


NAMES = sorted({name for name in re.findall(r"`([A-Za-z_][A-Za-z_.]*)`", PAGE) if "_" in name or name[0].isupper()})


def test_every_name_occurs_in_the_code() -> None:
    """Functions, classes and constants that the page speaks of: a renamed one is noticed here."""
    places = (
        *ROOT.glob("docgen/**/*.py"),
        *ROOT.glob("docgen/**/*.toml"),
        *ROOT.glob("tests/*.py"),
        *ROOT.glob("bench/*.py"),
    )
    code = "\n".join(path.read_text("utf-8") for path in places)
    unknown = [name for name in NAMES if name.rpartition(".")[2] not in code and not (ROOT / name).exists()]
    assert set(unknown) <= {"style.NAME"}
