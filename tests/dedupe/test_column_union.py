"""Every column of a corpus is kept, wherever it first appears, or an error names what cannot be kept."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from docgen.corpus.column_union import all_columns, every_row
from docgen.dedupe.job import DedupeSettings
from docgen.dedupe.source import open_corpus
from docgen.dedupe.workflow import Job, run_dedupe
from docgen.errors import InputError
from docgen.pipeline.corpora.export import export_files
from docgen.pipeline.corpora.select import facts_of, write_rows

ROWS: list[dict[str, Any]] = [
    {"id": "a", "text": "the ferry landed in the morning and the crew counted"},
    {"id": "b", "text": "quite another matter for the council", "meta": {"lang": "en"}, "tags": []},
    {"id": "c", "text": "a third thing that nobody had said", "meta": {"score": 1, "by": [{"name": "x"}]}, "n": 1},
    {
        "id": "d",
        "text": "a fourth one, of which little is known",
        "meta": {"score": 0.5, "by": [{"age": 3}]},
        "n": None,
    },
    {"id": "e", "text": "the fifth and last of these texts", "tags": ["t"], "n": 2.5},
]
WHOLE = [
    {"id": "a", "meta": None, "tags": None, "n": None},
    {"id": "b", "meta": {"lang": "en", "score": None, "by": None}, "tags": [], "n": None},
    {"id": "c", "meta": {"lang": None, "score": 1.0, "by": [{"name": "x", "age": None}]}, "tags": None, "n": 1.0},
    {"id": "d", "meta": {"lang": None, "score": 0.5, "by": [{"name": None, "age": 3}]}, "tags": None, "n": None},
    {"id": "e", "meta": None, "tags": ["t"], "n": 2.5},
]


def lines(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def in_one_file(folder: Path) -> list[Path]:
    return [lines(folder / "all.jsonl", ROWS)]


def a_file_for_each_row(folder: Path) -> list[Path]:
    return [lines(folder / f"{i}.jsonl", [row]) for i, row in enumerate(ROWS)]


def as_parquet_and_lines(folder: Path) -> list[Path]:
    """Parquet files of different columns and different fields within them, and lines."""
    for i, row in enumerate(ROWS[:4]):
        pl.DataFrame([row]).write_parquet(folder / f"{i}.parquet")
    return [*sorted(folder.glob("*.parquet")), lines(folder / "z.jsonl", ROWS[4:])]


@pytest.mark.parametrize("files", [in_one_file, a_file_for_each_row, as_parquet_and_lines])
def test_dedupe_keeps_every_column_and_field(tmp_path: Path, files: Callable[[Path], list[Path]]) -> None:
    run_dedupe(open_corpus(files(tmp_path), id_column=""), Job(DedupeSettings(), out=tmp_path / "out"))
    kept = pl.read_parquet(tmp_path / "out" / "kept.parquet")
    assert kept["text"].to_list() == [row["text"] for row in ROWS]
    assert kept.select("id", "meta", "tags", "n").rows(named=True) == WHOLE


def test_select_to_parquet_and_export_of_files_keep_them_too(tmp_path: Path) -> None:
    files = a_file_for_each_row(tmp_path)
    write_rows(files, "text", np.array([1, 3]), tmp_path / "chosen.parquet")
    chosen = pl.read_parquet(tmp_path / "chosen.parquet").select("id", "meta", "tags", "n")
    assert chosen.rows(named=True) == [WHOLE[1], WHOLE[3]]
    _, manifest = export_files(files, "parquet", doctag=False, out=tmp_path / "training")
    exported = pl.read_parquet(tmp_path / "training" / "train.parquet").select("id", "meta", "tags", "n")
    assert exported.rows(named=True) == WHOLE
    assert manifest["documents"] == len(ROWS)


def test_lines_are_written_as_they_were_read(tmp_path: Path) -> None:
    """A column may even change its type from row to row."""
    rows = [*ROWS, {"id": 6, "text": "six", "meta": "none", "odd \u2028 key": [1, "x", {}]}]
    write_rows([lines(tmp_path / "c.jsonl", rows)], "text", np.array([0, 2, 5]), tmp_path / "out.jsonl")
    read = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").split("\n") if line]
    assert read == [rows[i] for i in (0, 2, 5)]


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        (["f"], [{"fact": "f"}], "'x' mixes types"),
        (1, "one", "'x' mixes types"),
        ({"a": 1}, {"a": [1]}, "'x.a' mixes types"),
        (True, 0, "'x' mixes types"),
        ({}, {}, "'x' has only empty objects"),
        ([{"y": {}}], None, "'x.y' has only empty objects"),
        (1, 2**70, "'x' has the number"),
        (0.5, 2**60 + 1, "'x' has the number"),
        ("ok", "\ud800", "'x' cannot be kept"),
    ],
)
def test_what_parquet_cannot_hold_is_named(tmp_path: Path, first: object, second: object, named: str) -> None:
    file = lines(tmp_path / "c.jsonl", [{"text": "one", "x": first}, {"text": "two", "x": second}])
    with pytest.raises(InputError, match=named):
        every_row([file]).collect()


def test_files_that_disagree_are_named(tmp_path: Path) -> None:
    pl.DataFrame({"text": ["a"], "x": [1]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"text": ["a"], "x": ["one"]}).write_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"b\.parquet: column 'x' mixes types: a number, and here text"):
        all_columns([tmp_path / "a.parquet", tmp_path / "b.parquet"])


def test_facts_may_be_ids_in_one_row_and_records_in_the_next(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"text": "a", "facts": ["f"]},
        {"text": "b"},
        {"text": "c", "facts": [{"fact": "g"}, {"fact": "f", "n": 1}]},
    ]
    known = facts_of([lines(tmp_path / "c.jsonl", rows)], "facts", "text")
    assert known.facts == ("f", "g")
    assert known.holds.tolist() == [[1, 0], [0, 0], [1, 1]]
