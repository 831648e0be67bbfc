"""Subsets of any corpus with given salience: reads which facts each document has, chooses, writes the choice."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from docgen.corpus import corpus_files, read_corpus
from docgen.corpus.paths import is_parquet
from docgen.corpus.readers import (
    ColumnSelection,
    json_line,
    json_rows,
    parquet_column,
    parquet_rows,
    parquet_schema,
    whole_rows,
)
from docgen.errors import ConfigError, InputError
from docgen.files.atomic import write_atomically
from docgen.files.overwrite_guard import refuse_overwriting
from docgen.files.parquet import write_parquet
from docgen.pipeline.corpora.sources import CorpusSource, corpus_paths
from docgen.planning.constraints import Grid
from docgen.planning.seeded_draws import key_of
from docgen.planning.select.subset_selection import nested_subsets, select_subset
from docgen.planning.slot_layout import Ints
from docgen.text.output.spelling_suggestions import suggestion

if TYPE_CHECKING:
    import polars as pl

    from docgen.universe import UniverseContext

__all__ = [
    "Dose",
    "FactChoice",
    "FactMatrix",
    "Selection",
    "doses",
    "facts_in_texts",
    "facts_of",
    "select",
    "write_rows",
]

Paths = Sequence[str | Path]
NO_ROWS = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class FactChoice:
    """One fact of a selection, in documents: `off` says by how many documents it is off (negative: too few)."""

    asked: float
    chosen: int
    available: int
    off: int


@dataclass(frozen=True)
class Selection:
    """`rows` are the documents chosen, in corpus order, out of `documents`.

    `binding` are facts without whose targets all others could be met; `met` says whether every target was, to
    within one document.
    """

    rows: Ints
    documents: int
    met: bool
    binding: tuple[str, ...]
    facts: dict[str, FactChoice]


@dataclass(frozen=True)
class Dose:
    """One of several nested subsets. `worst` is the largest deviation of a fact, in documents; `shares` from 0 to 1."""

    size: int
    file: str
    met: bool
    worst: int
    shares: dict[str, float]


def select(
    source: CorpusSource,
    salience: Mapping[str, float],
    n: int,
    *,
    out: str | Path | None = None,
    context: "UniverseContext | None" = None,
    facts_column: str = "facts",
    text_column: str = "text",
    seed: int = 0,
) -> Selection:
    """Choose n documents so that every fact in `salience` has its share of them, all at once, or the nearest choice.

    Facts come from `facts_column`, or with `context` from the texts. With `out` the chosen documents are written there,
    as JSONL or Parquet. Raises `PlanError` when the corpus has fewer than n documents.
    """
    paths, targets = corpus_paths(source), list(salience.values())
    if out is not None:
        refuse_overwriting(corpus_files(paths), [Path(out)])
    documents = facts_in_texts(paths, text_column, context) if context else facts_of(paths, facts_column, text_column)
    documents = documents.only(list(salience))
    choice = select_subset(documents.holds, np.array(targets, dtype=float), n, key_of("select", seed))
    if out is not None:
        write_rows(paths, text_column, choice.rows, Path(out))
    available = documents.holds.sum(axis=0, dtype=np.int64)
    columns = zip(documents.facts, targets, choice.counts, available, choice.off, strict=True)
    facts = {fact: FactChoice(share, int(count), int(there), int(off)) for fact, share, count, there, off in columns}
    binding = tuple(documents.facts[i] for i in choice.binding)
    return Selection(choice.rows, len(documents.holds), choice.met, binding, facts)


def doses(
    source: CorpusSource,
    sizes: Sequence[int],
    out: str | Path,
    *,
    facts_column: str = "facts",
    text_column: str = "text",
    seed: int = 0,
) -> list[Dose]:
    """Write nested subsets, `out`/dose-SIZE.jsonl, each with every fact at the corpus's own share; in order of `sizes`.

    Each smaller one is part of all larger ones. `out`/index.json lists the size, file, facts and shares of each.
    """
    from pydantic_core import to_json

    paths = corpus_paths(source)
    names = [*(f"dose-{size}.jsonl" for size in sizes), "index.json"]
    refuse_overwriting(corpus_files(paths), [Path(out) / name for name in names])
    documents = facts_of(paths, facts_column, text_column)
    choices = nested_subsets(documents.holds, documents.holds.mean(axis=0), tuple(sizes), key_of("doses", seed))
    written = []
    for size, choice in zip(sizes, choices, strict=True):
        file = Path(out) / f"dose-{size}.jsonl"
        write_rows(paths, text_column, choice.rows, file)
        counts = zip(documents.facts, choice.counts, strict=True)
        shares = {fact: round(int(count) / size, 6) for fact, count in counts}
        written.append(Dose(size, str(file), choice.met, int(abs(choice.off).max(initial=0)), shares))
    rows = [asdict(dose) | {"file": Path(dose.file).name} for dose in written]
    write_atomically(Path(out) / "index.json", [to_json({"kind": "doses", "corpora": rows}, indent=2), b"\n"])
    return written


@dataclass(frozen=True)
class FactMatrix:
    """Which documents have which facts: `holds` (N, F)."""

    facts: tuple[str, ...]
    holds: Grid

    def only(self, facts: Sequence[str]) -> "FactMatrix":
        """Only these facts; `ConfigError` for one that no document has."""
        unknown = [fact for fact in facts if fact not in self.facts]
        if unknown:
            listed = ", ".join(self.facts[:20]) or "none"
            fix = suggestion(unknown[0], self.facts, f"Facts: {listed}")
            raise ConfigError(f"no document has the fact {unknown[0]!r}", "--salience", fix)
        return FactMatrix(tuple(facts), self.holds[:, [self.facts.index(fact) for fact in facts]])


def facts_of(paths: Paths, column: str, text_column: str) -> FactMatrix:
    """Facts of every document by a column of ids, or of records with a `fact`; `InputError` for anything else.

    A row without the column has no facts; a corpus without it is an error.
    """
    parts: list[_Facts] = []
    for file in corpus_files(paths):
        if not is_parquet(file):
            parts.append(_facts_in_lines(file, column, text_column))
        elif column in parquet_schema(file):  # the texts are not read
            parts += [_facts_in_series(values, file) for values in parquet_column(file, column)]
        else:
            parts.append(_Facts([], NO_ROWS, NO_ROWS, parquet_rows(file), has_column=False))
    if parts and not any(part.has_column for part in parts):
        fix = "Name the column with --facts-column, or give --context to look for facts in the texts"
        raise InputError(f"has no column {column!r} with the facts of a document", str(paths[0]), fix)
    facts = sorted({fact for part in parts for fact in part.names})
    index = {fact: i for i, fact in enumerate(facts)}
    holds = np.zeros((sum(part.count for part in parts), len(facts)), dtype=np.uint8)
    start = 0
    for part in parts:
        places = np.array([index[name] for name in part.names], dtype=np.int64)
        holds[start + part.rows, places[part.codes]] = 1
        start += part.count
    return FactMatrix(tuple(facts), holds)


@dataclass(frozen=True)
class _Facts:
    """Facts of `count` documents: the names that occur, the number of each fact's name, and its row."""

    names: list[str]
    codes: Ints
    rows: Ints
    count: int
    has_column: bool = True


def _facts_in_lines(file: Path, column: str, text_column: str) -> _Facts:
    """Row by row: one may list ids, the next records."""
    names, codes, rows, count, has_column = dict[str, int](), array("q"), array("q"), 0, False
    for count, (line, row) in enumerate(json_rows(file, ColumnSelection(text_column)), 1):
        has_column = has_column or column in row
        facts = row.get(column) or []
        for item in facts if isinstance(facts, list) else [facts]:
            fact = item.get("fact", item) if isinstance(item, dict) else item
            if fact is None:
                continue
            if not isinstance(facts, list) or not isinstance(fact, str):
                raise _shapeless(f"{file}:{line}")
            codes.append(names.setdefault(fact, len(names)))
            rows.append(count - 1)
    return _Facts(list(names), np.array(codes, dtype=np.int64), np.array(rows, dtype=np.int64), count, has_column)


def _facts_in_series(values: "pl.Series", file: Path) -> _Facts:
    import polars as pl

    count = len(values)
    if values.dtype == pl.Null:
        return _Facts([], NO_ROWS, NO_ROWS, count)
    if not isinstance(values.dtype, pl.List):
        raise _shapeless(str(file))
    frame = pl.DataFrame({"row": np.arange(count), "fact": values}).explode("fact").drop_nulls("fact")
    if isinstance(frame["fact"].dtype, pl.Struct):
        if "fact" not in frame["fact"].struct.fields:
            raise _shapeless(str(file))
        frame = frame.with_columns(frame["fact"].struct.field("fact").alias("fact")).drop_nulls("fact")
    if not frame.height:
        return _Facts([], NO_ROWS, NO_ROWS, count)
    if frame["fact"].dtype != pl.String:
        raise _shapeless(str(file))
    names = frame["fact"].unique(maintain_order=True)
    coded = frame["fact"].replace_strict(names, np.arange(len(names)), return_dtype=pl.Int64)
    return _Facts(names.to_list(), coded.to_numpy(), frame["row"].to_numpy().astype(np.int64), count)


def _shapeless(where: str) -> InputError:
    fix = "A row's facts are a list of ids, or of records with a fact: [{fact: id}, ...]"
    return InputError("has facts that are not ids", where, fix)


def facts_in_texts(paths: Paths, text_column: str, context: "UniverseContext") -> FactMatrix:
    """Facts of every document by the scan tier: by wording, blind to free rewording."""
    from docgen.audit.detect.facts.fact_detector import FactDetector, expressed_facts

    facts = tuple(fact.id for fact in context.key_facts)
    detector = FactDetector(context)
    batches = (
        [
            [fact in expressed for fact in facts]
            for expressed in (expressed_facts(detector.detect(text)) for text in batch.texts)
        ]
        for batch in read_corpus(paths, text_column=text_column)
    )
    parts = [np.array(batch, dtype=np.uint8).reshape(-1, len(facts)) for batch in batches]
    return FactMatrix(facts, np.concatenate(parts) if parts else np.zeros((0, len(facts)), dtype=np.uint8))


def write_rows(paths: Paths, text_column: str, rows: Ints, out: Path) -> None:
    """Write the chosen documents with every column of any row or file, as JSONL or Parquet by the name of `out`.

    In JSONL each row keeps its own keys, so that no column has to have one type. `rows` ascend.
    """
    files = corpus_files(paths)
    refuse_overwriting(files, [out])
    if is_parquet(out):
        from docgen.corpus.column_union import rows_frame

        # So many rows are in memory at a time; as in a run's corpus.parquet.
        write_parquet(rows_frame(files, rows, text_column), out, row_group_size=10_000)
        return
    chosen = np.zeros(int(rows.max(initial=-1)) + 1, np.bool_)
    chosen[rows] = True
    numbered = enumerate(row for file in files for row in whole_rows(file, text_column))
    write_atomically(out, (json_line(row) for number, row in islice(numbered, len(chosen)) if chosen[number]))
