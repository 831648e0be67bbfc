"""A corpus cut into partitions that workers read apart: slices of Parquet files, byte ranges of JSONL files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from docgen.corpus import Batch
from docgen.corpus.files import Wanted, jsonl_frames, parquet_rows, parquet_slices, plain_lines
from docgen.corpus.paths import is_packed, is_parquet
from docgen.errors import InputError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Partition", "cut_file", "joined", "merged", "read_partition"]


@dataclass(frozen=True)
class Partition:
    """Documents that follow each other in one file, of which there are `rows`.

    `start` and `stop` are rows of a Parquet file, bytes of a plain JSONL file; a packed one is read whole. `first_row`
    counts over all files of the corpus, from 0, `first_line` the lines of a JSONL file, from 1.
    """

    path: Path
    start: int = 0
    stop: int | None = None
    rows: int = 0
    first_row: int = 0
    first_line: int = 1


def cut_file(path: Path, rows: int) -> list[Partition]:
    """One file in partitions of `rows` documents, `first_row` counting within it. JSONL is read for its lines.

    A task of a worker: raises `InputError` if the file is not there for it.
    """
    if not path.is_file():
        import socket

        fix = "Put the corpus where every worker reads it under the same path"
        raise InputError(f"worker {socket.gethostname()} sees no such file", str(path), fix)
    if not is_parquet(path):
        return _cut_lines(path, rows)
    height = parquet_rows(path)
    starts = range(0, height, rows)
    return [Partition(path, start, min(start + rows, height), min(rows, height - start), start) for start in starts]


def _cut_lines(path: Path, rows: int) -> list[Partition]:
    parts: list[Partition] = []
    start = offset = count = before = number = 0
    first_line = 1
    for number, line in enumerate(plain_lines(path), 1):
        offset += len(line)
        count += bool(line.strip())
        if count == rows and not is_packed(path):
            parts.append(Partition(path, start, offset, count, before, first_line))
            start, before, count, first_line = offset, before + count, 0, number + 1
    if count:
        parts.append(Partition(path, start, None if is_packed(path) else offset, count, before, first_line))
    return parts


def joined(files: Sequence[Sequence[Partition]]) -> list[Partition]:
    """The partitions of all files, counted through."""
    parts: list[Partition] = []
    base = 0
    for file in files:
        parts += [replace(part, first_row=base + part.first_row) for part in file]
        base += sum(part.rows for part in file)
    return parts


def merged(parts: Sequence[Partition], rows: int) -> list[Partition]:
    """Neighbours in one file put together as long as they have at most `rows` documents."""
    out: list[Partition] = []
    for part in parts:
        last = out[-1] if out else None
        if last and last.path == part.path and last.stop == part.start and last.rows + part.rows <= rows:
            out[-1] = replace(last, stop=part.stop, rows=last.rows + part.rows)
        else:
            out.append(part)
    return out


def read_partition(partition: Partition, wanted: Wanted, batch_rows: int) -> Iterator[Batch]:
    """The partition's documents, as `read_corpus` gives them."""
    path, start, stop = partition.path, partition.start, partition.stop
    frames: Iterator[pl.DataFrame]
    if is_parquet(path):
        frames = (part.read() for part in parquet_slices(path, wanted, batch_rows, start, stop))
    else:
        frames = jsonl_frames(path, wanted, batch_rows, start, stop, partition.first_line)
    row = partition.first_row
    for frame in frames:
        yield Batch(path, row, frame[wanted.text], frame.select(*wanted.columns, *wanted.optional))
        row += frame.height
    if row - partition.first_row != partition.rows:
        raise InputError(
            "the file changed while it was read", str(path), "Wait until nothing writes to it and try again"
        )
