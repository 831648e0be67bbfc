"""Writes examples to files: JSON Lines, Parquet of tokens, Parquet shards of a Hugging Face folder."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docgen.exporting.dataset.examples import Example
from docgen.exporting.export_options import Recipe
from docgen.parallel.batches import batched

if TYPE_CHECKING:
    import polars as pl

__all__ = ["WRITER", "Row", "Write", "json_lines", "token_parquet", "write_shards", "write_token_lines"]

WRITER = "writer"
"""The key under which a row states that its text is the embedded writer's."""
Row = Callable[[Example, Recipe], dict[str, Any]]
Write = Callable[[Iterable[Example], Path, str, Recipe], list[Path]]
"""(examples, folder, "train" or "validation", recipe) to the files written; each is written completely or not at
all."""

ROWS_AT_ONCE = 1024
"""Examples of a frame of tokens. Chosen: some 10 MB as Python lists; the file's row groups do not depend on it."""
SHARD_ROWS, SHARD_CHARACTERS = 100_000, 1 << 26
"""A shard ends at either. Chosen: Parquet files of some 30 MB, with the memory of one shard."""


def json_lines(row: Row, *, labelled: bool = True) -> Write:
    """A writer of JSON Lines; `labelled`: a row may also say who wrote its text."""

    def write(examples: Iterable[Example], folder: Path, stem: str, recipe: Recipe) -> list[Path]:
        def lines() -> Iterator[bytes]:
            for example in examples:
                value = row(example, recipe)
                if labelled and example.writer:
                    value = {**value, WRITER: example.writer}
                yield json.dumps(value, ensure_ascii=False).encode("utf-8") + b"\n"

        return [_lines_to(folder / f"{stem}.jsonl", lines())]

    return write


def write_token_lines(examples: Iterable[Example], folder: Path, stem: str, recipe: Recipe) -> list[Path]:
    """{tokens, weights} a line: ids, and 1 for what is trained."""
    from docgen.exporting.formats.loss_masks import token_ids

    def lines() -> Iterator[bytes]:
        for example in examples:
            ids, trained = token_ids(example, recipe)
            value = {"tokens": ids, "weights": [int(each) for each in trained]}
            yield json.dumps(value, separators=(",", ":")).encode() + b"\n"

    return [_lines_to(folder / f"{stem}.jsonl", lines())]


def token_parquet(examples: Iterable[Example], folder: Path, stem: str, recipe: Recipe) -> list[Path]:
    """input_ids, attention_mask and labels, -100 where masked; no other column, which Together would refuse."""
    import polars as pl
    from polars.io.plugins import register_io_source

    from docgen.exporting.formats.loss_masks import token_ids
    from docgen.files.parquet import write_parquet

    schema = {
        "input_ids": pl.List(pl.Int32), "attention_mask": pl.List(pl.Int8), "labels": pl.List(pl.Int32),
    }  # fmt: skip

    def frames(*_pushed_down: object) -> Iterator["pl.DataFrame"]:
        for batch in batched(examples, ROWS_AT_ONCE):
            tokens = [token_ids(example, recipe) for example in batch]
            labels = [[number if t else -100 for number, t in zip(*each, strict=True)] for each in tokens]
            ids = [each[0] for each in tokens]
            masks = [[1] * len(each) for each in ids]
            yield pl.DataFrame({"input_ids": ids, "attention_mask": masks, "labels": labels}, schema=schema)

    file = folder / f"{stem}.parquet"
    write_parquet(register_io_source(frames, schema=pl.Schema(schema)), file)
    return [file]


def write_shards(examples: Iterable[Example], folder: Path, stem: str, _recipe: Recipe) -> list[Path]:
    """data/STEM-00000-of-0000N.parquet, as the Hub names them: text, and what is known about each document."""
    from docgen.files.parquet import write_parquet

    parts = []
    for number, rows in enumerate(_shards(examples)):
        part = folder / "data" / f".{stem}-{number:05}.parquet"
        write_parquet(_shard_frame(rows).lazy(), part)
        parts.append(part)
    names = [f"{stem}-{number:05}-of-{len(parts):05}.parquet" for number in range(len(parts))]
    return [part.replace(part.with_name(name)) for part, name in zip(parts, names, strict=True)]


def _shard_frame(rows: Sequence[Example]) -> "pl.DataFrame":
    import polars as pl

    from docgen.exporting.formats.shapes import plain_text

    columns: dict[str, Any] = {
        "text": [plain_text(row) for row in rows],
        "id": [row.id for row in rows],
        "doc_type": [row.doc_type for row in rows],
        "facts": [list(row.facts) for row in rows],
        "source": [row.source for row in rows],
    }
    schema = dict.fromkeys(columns, pl.String()) | {"facts": pl.List(pl.String())}
    if any(row.writer for row in rows):
        columns[WRITER], schema[WRITER] = [row.writer for row in rows], pl.String()
    return pl.DataFrame(columns, schema=schema)


def _shards(examples: Iterable[Example]) -> Iterator[list[Example]]:
    rows: list[Example] = []
    size = 0
    for example in examples:
        rows.append(example)
        size += len(example.text)
        if len(rows) >= SHARD_ROWS or size >= SHARD_CHARACTERS:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


def _lines_to(file: Path, lines: Iterable[bytes]) -> Path:
    from docgen.files.atomic import write_atomically

    return write_atomically(file, lines)
