"""A corpus read in partitions is the corpus: every document once, in order, under its row."""

import gzip
import json
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docgen.corpus import read_corpus
from docgen.corpus.files import Wanted
from docgen.corpus.partitions import Partition, cut_file, joined, merged, read_partition
from docgen.errors import InputError

TEXTS = st.lists(st.text(st.characters(codec="utf-8"), max_size=8), max_size=12)
GAPS = st.sampled_from(["\n", "\n\n", "\r\n", "\n \n\n"])


def write(folder: Path, number: int, texts: list[str], kind: str, gap: str, ended: bool) -> Path:
    """A file of the kind; JSONL with blank lines, other line ends, and perhaps no last one."""
    path = folder / f"{number}{kind}"
    if kind == ".parquet":
        pl.DataFrame({"text": texts}, schema={"text": pl.String}).write_parquet(path, row_group_size=3)
        return path
    lines = gap.join(json.dumps({"text": text}) for text in texts) + (gap if ended and texts else "")
    data = lines.encode()
    path.write_bytes(gzip.compress(data) if kind.endswith(".gz") else data)
    return path


def seen(parts: list[Partition]) -> list[tuple[int, str]]:
    batches = (batch for part in parts for batch in read_partition(part, Wanted("text"), 2))
    return [(row, text) for batch in batches for row, text, _ in batch.rows()]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(TEXTS, st.sampled_from([".jsonl", ".parquet", ".jsonl.gz"]), GAPS, st.booleans()), max_size=3),
    st.integers(1, 5),
    st.integers(1, 9),
)
def test_partitions_hold_the_corpus(files: list[tuple[list[str], str, str, bool]], rows: int, more: int) -> None:
    """However files are cut, and partitions put together again."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [write(Path(folder), i, *file) for i, file in enumerate(files)]
        whole = [(row, text) for batch in (read_corpus(paths) if paths else ()) for row, text, _ in batch.rows()]
        parts = joined([cut_file(path, rows) for path in paths])
        fewer = merged(parts, more)
        assert seen(parts) == whole
        assert seen(fewer) == whole
        assert [part.first_row + part.rows for part in parts[:-1]] == [part.first_row for part in parts[1:]]
        assert all(part.rows <= max(rows, more) for part in fewer if part.path.suffix != ".gz")


def test_an_error_names_the_line_of_the_file(tmp_path: Path) -> None:
    """Also in a partition that begins far down."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a"}\n\n' * 5 + '{"text": 5}\n')
    last = cut_file(path, 2)[-1]
    assert last.start
    with pytest.raises(InputError, match=r"a\.jsonl:11"):
        seen([last])


def test_a_worker_without_the_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"worker .* sees no such file.*same path"):
        cut_file(tmp_path / "elsewhere.parquet", 5)
