"""Divides a corpus into partitions that workers read separately: slices of Parquet files, byte ranges of JSONL."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from docgen.corpus import Batch
from docgen.corpus.lines import plain_lines
from docgen.corpus.paths import is_packed, is_parquet
from docgen.corpus.readers import ColumnSelection, jsonl_frames, parquet_rows, parquet_slices
from docgen.errors import InputError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Partition", "cut_file", "join_partitions", "merge_partitions", "read_partition"]


@dataclass(frozen=True)
class Partition:
    """`rows` consecutive documents of one file.

    `start` and `stop` are rows of a Parquet file or bytes of a plain JSONL file; a compressed one is read whole.
    `first_row` counts from 0 over all files of the corpus, `first_line` from 1 within a JSONL file.
    """

    path: Path
    start: int = 0
    stop: int | None = None
    rows: int = 0
    first_row: int = 0
    first_line: int = 1


def cut_file(path: Path, rows: int) -> list[Partition]:
    """Divide one file into partitions of `rows` documents; `first_row` counts within the file. Reads JSONL files.

    Runs on a worker; raises `InputError` if the file does not exist there.
    """
    if not path.is_file():
        import socket

        fix = "Put the corpus where every worker can read it under the same path"
        raise InputError(f"worker {socket.gethostname()} does not have this file", str(path), fix)
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


def join_partitions(files: Sequence[Sequence[Partition]]) -> list[Partition]:
    """The partitions of all files, with `first_row` counted over all of them."""
    parts: list[Partition] = []
    base = 0
    for file in files:
        parts += [replace(part, first_row=base + part.first_row) for part in file]
        base += sum(part.rows for part in file)
    return parts


def merge_partitions(parts: Sequence[Partition], rows: int) -> list[Partition]:
    """Consecutive partitions of one file merged as long as they have at most `rows` documents."""
    result: list[Partition] = []
    for part in parts:
        last = result[-1] if result else None
        if last and last.path == part.path and last.stop == part.start and last.rows + part.rows <= rows:
            result[-1] = replace(last, stop=part.stop, rows=last.rows + part.rows)
        else:
            result.append(part)
    return result


def read_partition(partition: Partition, selection: ColumnSelection, batch_rows: int) -> Iterator[Batch]:
    """The partition's documents in batches, as from `read_corpus`."""
    path, start, stop = partition.path, partition.start, partition.stop
    frames: Iterator[pl.DataFrame]
    if is_parquet(path):
        frames = (part.read() for part in parquet_slices(path, selection, batch_rows, start, stop))
    else:
        frames = jsonl_frames(path, selection, batch_rows, start, stop, partition.first_line)
    row = partition.first_row
    for frame in frames:
        yield Batch(path, row, frame[selection.text], frame.select(*selection.columns, *selection.optional))
        row += frame.height
    if row - partition.first_row != partition.rows:
        raise InputError("the file changed while it was read", str(path), "Try again when nothing is writing to it")
