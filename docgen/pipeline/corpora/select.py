"""Subsets of any corpus with given salience: reads which facts each document has, chooses, writes what was chosen."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from docgen.corpus import corpus_columns, corpus_files, read_corpus
from docgen.errors import ConfigError, InputError
from docgen.files.atomic import beside
from docgen.pipeline.corpora.sources import CorpusSource, corpus_paths
from docgen.planning.constraints import Grid
from docgen.planning.layout import Ints
from docgen.planning.seeded_draws import key_of
from docgen.planning.select.subset_selection import nested_subsets, select_subset

if TYPE_CHECKING:
    import polars as pl

    from docgen.universe import UniverseContext

__all__ = ["Dose", "FactChoice", "Known", "Selection", "doses", "facts_in_texts", "facts_of", "select", "write_rows"]

Paths = Sequence[str | Path]


@dataclass(frozen=True)
class FactChoice:
    """One fact of a selection, in documents: `off` says how many too many (negative: too few) have it."""

    asked: float
    chosen: int
    available: int
    off: int


@dataclass(frozen=True)
class Selection:
    """`rows` are the documents chosen, in corpus order, out of `documents`.

    `binding` are facts without whose targets all the others could be met; `met` says whether every target was, to
    within one document.
    """

    rows: Ints
    documents: int
    met: bool
    binding: tuple[str, ...]
    facts: dict[str, FactChoice]


@dataclass(frozen=True)
class Dose:
    """One of several nested subsets. `worst` is the largest deviation of a fact, in documents."""

    size: int
    file: str
    met: bool
    worst: int


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
    """Choose n documents so that every fact in `salience` has its share of them, all at once; the nearest if not.

    Facts come from `facts_column`, or with `context` from the texts. With `out` the documents chosen are written there,
    as JSONL or Parquet. Raises `PlanError` when the corpus has fewer than n documents.
    """
    paths, targets = corpus_paths(source), list(salience.values())
    known = facts_in_texts(paths, text_column, context) if context else facts_of(paths, facts_column, text_column)
    known = known.only(list(salience))
    choice = select_subset(known.holds, np.array(targets, dtype=float), n, key_of("select", seed))
    if out is not None:
        write_rows(paths, text_column, choice.rows, Path(out))
    available = known.holds.sum(axis=0, dtype=np.int64)
    columns = zip(known.facts, targets, choice.counts, available, choice.off, strict=True)
    facts = {fact: FactChoice(asked, int(count), int(there), int(off)) for fact, asked, count, there, off in columns}
    binding = tuple(known.facts[i] for i in choice.binding)
    return Selection(choice.rows, len(known.holds), choice.met, binding, facts)


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

    Each smaller one lies inside all larger ones.
    """
    paths = corpus_paths(source)
    known = facts_of(paths, facts_column, text_column)
    choices = nested_subsets(known.holds, known.holds.mean(axis=0), tuple(sizes), key_of("doses", seed))
    written = []
    for size, choice in zip(sizes, choices, strict=True):
        file = Path(out) / f"dose-{size}.jsonl"
        write_rows(paths, text_column, choice.rows, file)
        written.append(Dose(size, str(file), choice.met, int(abs(choice.off).max(initial=0))))
    return written


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
    """Facts of every document by a column of ids, or of records with a `fact`; `InputError` where it says more."""
    if column not in corpus_columns(paths):
        fix = "Name the column with --facts-column, or have facts looked for in the texts with --context"
        raise InputError(f"has no column {column!r} that says which facts a document has", str(paths[0]), fix)
    parts = [_names(values, first) for values, first in _columns(paths, column, text_column)]
    facts = sorted({fact for names, _, _ in parts for fact in names})
    index = {fact: i for i, fact in enumerate(facts)}
    holds = np.zeros((sum(count for _, _, count in parts), len(facts)), dtype=np.uint8)
    start = 0
    for names, rows, count in parts:
        holds[start + rows, [index[name] for name in names]] = 1
        start += count
    return Known(tuple(facts), holds)


def _columns(paths: Paths, column: str, text_column: str) -> "Iterator[tuple[pl.Series, int]]":
    """The column in pieces with the number of each one's first row; of Parquet files the texts are not read."""
    import polars as pl

    row = 0
    for file in corpus_files(paths):
        if file.suffix == ".parquet":
            values = pl.read_parquet(file, columns=[column])[column]
            yield values, row
            row += len(values)
            continue
        for batch in read_corpus([file], columns=[column], text_column=text_column):
            yield batch.columns[column], row
            row += len(batch)


def _names(values: "pl.Series", first: int) -> tuple[list[str], Ints, int]:
    """Names of facts, the row of each in the piece, and the piece's number of rows."""
    import polars as pl

    count = len(values)
    if values.dtype == pl.Null:
        return [], np.zeros(0, dtype=np.int64), count
    if not isinstance(values.dtype, pl.List):
        raise _shapeless(first)
    frame = pl.DataFrame({"row": np.arange(count), "fact": values}).explode("fact").drop_nulls("fact")
    if isinstance(frame["fact"].dtype, pl.Struct):
        if "fact" not in frame["fact"].struct.fields:
            raise _shapeless(first)
        frame = frame.with_columns(frame["fact"].struct.field("fact").alias("fact")).drop_nulls("fact")
    if frame.height and frame["fact"].dtype != pl.String:
        raise _shapeless(first)
    return frame["fact"].to_list(), frame["row"].to_numpy().astype(np.int64), count


def _shapeless(first: int) -> InputError:
    fix = "A row's facts are a list of ids, or of records with a fact: [{fact: id}, ...]"
    return InputError("has facts that are no ids", f"documents from row {first + 1}", fix)


def facts_in_texts(paths: Paths, text_column: str, context: "UniverseContext") -> Known:
    """Facts of every document by what its text says, at the scan tier: wording, blind to free rewording."""
    from docgen.audit.detect.facts import FactDetector, expressed

    facts = tuple(fact.id for fact in context.key_facts)
    detector = FactDetector(context)
    batches = (
        [
            [fact in expressed_facts for fact in facts]
            for expressed_facts in (expressed(detector.detect(text)) for text in batch.texts)
        ]
        for batch in read_corpus(paths, text_column=text_column)
    )
    parts = [np.array(batch, dtype=np.uint8).reshape(-1, len(facts)) for batch in batches]
    return Known(facts, np.concatenate(parts) if parts else np.zeros((0, len(facts)), dtype=np.uint8))


def write_rows(paths: Paths, text_column: str, rows: Ints, out: Path) -> None:
    """Write the chosen documents with all columns that every file has, as JSONL or Parquet by the name of `out`."""
    columns = [name for name in corpus_columns(paths) if name != text_column]
    with beside(out) as part:
        _write(_chosen(paths, text_column, columns, rows), part, out.suffix == ".parquet")


def _chosen(paths: Paths, text_column: str, columns: Sequence[str], rows: Ints) -> "Iterator[pl.DataFrame]":
    for batch in read_corpus(paths, columns=columns, text_column=text_column):
        first, last = np.searchsorted(rows, [batch.first_row, batch.first_row + len(batch)])
        frame = batch.columns.with_columns(batch.text.alias(text_column))
        yield frame[(rows[first:last] - batch.first_row).tolist()]


def _write(frames: "Iterable[pl.DataFrame]", file: Path, parquet: bool) -> None:
    import polars as pl

    if parquet:
        pl.concat(list(frames), how="vertical_relaxed").write_parquet(file, compression="zstd")
        return
    with file.open("wb") as out:
        for frame in frames:
            out.write(frame.write_ndjson().encode())
