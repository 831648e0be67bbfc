"""Selection reads the facts of any corpus and writes the chosen documents whole."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from docgen.errors import ConfigError, InputError
from docgen.pipeline.corpora.select import facts_in_texts, facts_of, write_rows
from tests.worlds import lighthouse

ROWS: list[dict[str, Any]] = [
    {"text": "one", "facts": ["a"], "n": 1},
    {"text": "two\u2028lines \U0001f600", "facts": [], "n": 2},
    {"text": "three", "facts": ["b", "a"], "n": 3},
    {"text": "four", "facts": ["b"], "n": 4},
]


def jsonl(folder: Path, rows: list[dict[str, Any]], name: str = "c.jsonl") -> Path:
    file = folder / name
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


@pytest.mark.parametrize("form", ["jsonl", "parquet", "records"])
def test_facts_are_read_from_lists_of_ids_and_of_records(tmp_path: Path, form: str) -> None:
    rows = [row | {"facts": [{"fact": f, "directness": "stated"} for f in row["facts"]]} for row in ROWS]
    file = jsonl(tmp_path, rows if form == "records" else ROWS)
    if form == "parquet":
        file = tmp_path / "c.parquet"
        pl.DataFrame(ROWS).write_parquet(file)
    known = facts_of([file], "facts", "text")
    assert known.facts == ("a", "b")
    assert known.holds.tolist() == [[1, 0], [0, 0], [1, 1], [0, 1]]
    assert known.only(["b"]).holds.tolist() == [[0], [0], [1], [1]]
    with pytest.raises(ConfigError, match="no document has the fact 'c'"):
        known.only(["c"])


def test_several_files_count_as_one_corpus(tmp_path: Path) -> None:
    files = [jsonl(tmp_path, ROWS[:2], "x.jsonl"), jsonl(tmp_path, ROWS[2:], "y.jsonl")]
    assert facts_of(files, "facts", "text").holds.tolist() == [[1, 0], [0, 0], [1, 1], [0, 1]]


def test_facts_can_be_found_in_the_texts_instead(tmp_path: Path) -> None:
    statement = lighthouse().key_facts[1].statement
    file = jsonl(tmp_path, [{"text": f"It is known. {statement}"}, {"text": "Nothing of the sort is said here."}])
    assert facts_in_texts([file], "text", lighthouse()).only(["keeper"]).holds.tolist() == [[1], [0]]


@pytest.mark.parametrize("value", ["a", 3, [1, 2], [{"name": "a"}]])
def test_a_column_that_says_something_else_is_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(InputError):
        facts_of([jsonl(tmp_path, [{"text": "x", "facts": value}])], "facts", "text")
    with pytest.raises(InputError, match="has no column 'topics'"):
        facts_of([jsonl(tmp_path, ROWS)], "topics", "text")


@pytest.mark.parametrize("name", ["out.jsonl", "sub/out.parquet"])
def test_chosen_documents_are_written_with_all_their_columns(tmp_path: Path, name: str) -> None:
    file, out = jsonl(tmp_path, ROWS), tmp_path / name
    write_rows([file], "text", np.array([1, 2]), out)
    read = pl.read_parquet(out) if name.endswith("parquet") else pl.read_ndjson(out)
    assert read.sort("n").select("text", "n").rows() == [(row["text"], row["n"]) for row in ROWS[1:3]]
    assert [path.name for path in out.parent.iterdir() if path.name.endswith(".part")] == []


@pytest.mark.parametrize("dtype", [pl.List(pl.String), pl.List(pl.Struct({"fact": pl.String}))], ids=["ids", "records"])
def test_a_table_in_which_no_document_has_a_fact_is_read(tmp_path: Path, dtype: pl.DataType) -> None:
    """As of a run whose documents are all background."""
    file = tmp_path / "c.parquet"
    pl.DataFrame({"text": ["a", "b"], "facts": pl.Series([[], []], dtype=dtype)}).write_parquet(file)
    known = facts_of([file], "facts", "text")
    assert (known.facts, known.holds.shape) == ((), (2, 0))
