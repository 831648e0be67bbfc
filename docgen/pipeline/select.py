"""Reads which facts each document of a corpus has, and writes the documents that were chosen: two streaming passes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from docgen.corpus import corpus_files, read_corpus
from docgen.corpus.files import Wanted, json_line, json_rows, parquet_column, parquet_rows, parquet_schema, whole_rows
from docgen.corpus.paths import is_parquet
from docgen.errors import ConfigError, InputError
from docgen.files.atomic import write_beside
from docgen.files.overwrite import refuse_overwriting
from docgen.files.parquet import write_parquet
from docgen.planning.constraints import Grid
from docgen.planning.layout import Ints

if TYPE_CHECKING:
    import polars as pl

    from docgen.universe import UniverseContext

__all__ = ["Known", "facts_in_texts", "facts_of", "write_rows"]

Paths = Sequence[str | Path]
NO_ROWS = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Known:
    """Which documents have which facts: `holds` (N, F)."""

    facts: tuple[str, ...]
    holds: Grid

    def only(self, facts: Sequence[str]) -> "Known":
        """These facts alone; `ConfigError` for one that no document has."""
        unknown = [fact for fact in facts if fact not in self.facts]
        if unknown:
            listed = ", ".join(self.facts[:20]) or "none"
            raise ConfigError(f"no document has the fact {unknown[0]!r}", "--salience", f"Facts there: {listed}")
        return Known(tuple(facts), self.holds[:, [self.facts.index(fact) for fact in facts]])


def facts_of(paths: Paths, column: str, text_column: str) -> Known:
    """Facts of every document by a column of ids, or of records with a `fact`; `InputError` where it says more.

    A row without the column has no facts; a corpus without it is an error.
    """
    parts = [part for file in corpus_files(paths) for part in _facts_in_file(file, column, text_column)]
    if parts and not any(part.has_column for part in parts):
        fix = "Name the column with --facts-column, or have facts looked for in the texts with --context"
        raise InputError(f"has no column {column!r} that says which facts a document has", str(paths[0]), fix)
    facts = sorted({fact for part in parts for fact in part.names})
    index = {fact: i for i, fact in enumerate(facts)}
    holds = np.zeros((sum(part.count for part in parts), len(facts)), dtype=np.uint8)
    start = 0
    for part in parts:
        holds[start + part.rows, [index[name] for name in part.names]] = 1
        start += part.count
    return Known(tuple(facts), holds)


@dataclass(frozen=True)
class _Facts:
    """Facts of `count` documents: names, and the row of each."""

    names: list[str]
    rows: Ints
    count: int
    has_column: bool = True


def _facts_in_file(file: Path, column: str, text_column: str) -> "Iterator[_Facts]":
    """Of Parquet files the texts are not read."""
    if not is_parquet(file):
        yield _facts_in_lines(file, column, text_column)
    elif column in parquet_schema(file):
        yield _facts_in_series(parquet_column(file, column), file)
    else:
        yield _Facts([], NO_ROWS, parquet_rows(file), has_column=False)


def _facts_in_lines(file: Path, column: str, text_column: str) -> _Facts:
    """Row by row: one may list ids, the next records."""
    names, rows, count, has_column = list[str](), list[int](), 0, False
    for count, (line, row) in enumerate(json_rows(file, Wanted(text_column)), 1):
        has_column = has_column or column in row
        facts = row.get(column) or []
        for item in facts if isinstance(facts, list) else [facts]:
            fact = item.get("fact", item) if isinstance(item, dict) else item
            if fact is None:
                continue
            if not isinstance(facts, list) or not isinstance(fact, str):
                raise _shapeless(f"{file}:{line}")
            names.append(fact)
            rows.append(count - 1)
    return _Facts(names, np.array(rows, dtype=np.int64), count, has_column)


def _facts_in_series(values: "pl.Series", file: Path) -> _Facts:
    import polars as pl

    count = len(values)
    if values.dtype == pl.Null:
        return _Facts([], NO_ROWS, count)
    if not isinstance(values.dtype, pl.List):
        raise _shapeless(str(file))
    frame = pl.DataFrame({"row": np.arange(count), "fact": values}).explode("fact").drop_nulls("fact")
    if isinstance(frame["fact"].dtype, pl.Struct):
        if "fact" not in frame["fact"].struct.fields:
            raise _shapeless(str(file))
        frame = frame.with_columns(frame["fact"].struct.field("fact").alias("fact")).drop_nulls("fact")
    if frame.height and frame["fact"].dtype != pl.String:
        raise _shapeless(str(file))
    return _Facts(frame["fact"].to_list(), frame["row"].to_numpy().astype(np.int64), count)


def _shapeless(where: str) -> InputError:
    fix = "A row's facts are a list of ids, or of records with a fact: [{fact: id}, ...]"
    return InputError("has facts that are not ids", where, fix)


def facts_in_texts(paths: Paths, text_column: str, context: "UniverseContext") -> Known:
    """Facts of every document by what its text says, at the scan tier: wording, blind to free rewording."""
    from docgen.audit.detect.facts import FactDetector, expressed

    facts = tuple(fact.id for fact in context.key_facts)
    detector = FactDetector(context)
    batches = (
        [[fact in found for fact in facts] for found in (expressed(detector.detect(text)) for text in batch.texts)]
        for batch in read_corpus(paths, text_column=text_column)
    )
    parts = [np.array(batch, dtype=np.uint8).reshape(-1, len(facts)) for batch in batches]
    return Known(facts, np.concatenate(parts) if parts else np.zeros((0, len(facts)), dtype=np.uint8))


def write_rows(paths: Paths, text_column: str, rows: Ints, out: Path) -> None:
    """Write the chosen documents with every column of any row or file, as JSONL or Parquet by the name of `out`.

    In JSONL each row keeps its own keys, so that no column has to have one type. `rows` ascend.
    """
    files = corpus_files(paths)
    refuse_overwriting(files, [out])
    if is_parquet(out):
        from docgen.corpus.columns import rows_frame

        write_parquet(rows_frame(files, rows, text_column), out)
        return
    chosen = np.zeros(int(rows.max(initial=-1)) + 1, np.bool_)
    chosen[rows] = True
    numbered = enumerate(row for file in files for row in whole_rows(file, text_column))
    write_beside(out, (json_line(row) for number, row in islice(numbered, len(chosen)) if chosen[number]))
