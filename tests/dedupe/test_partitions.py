"""Reading a corpus in partitions gives every document once, in order, under its row number."""

import gzip
import json
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docgen.corpus import read_corpus
from docgen.corpus.partitions import Partition, cut_file, join_partitions, merge_partitions, read_partition
from docgen.corpus.readers import ColumnSelection
from docgen.dedupe.distributed.tasks import MAX_BUCKET_BYTES, PAIR_BYTES, Plan, link_bucket
from docgen.dedupe.sketch.parameters import Scheme
from docgen.dedupe.source import Corpus
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


def documents_of(parts: list[Partition]) -> list[tuple[int, str]]:
    batches = (batch for part in parts for batch in read_partition(part, ColumnSelection("text"), 2))
    return [(row, text) for batch in batches for row, text, _ in batch.rows()]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(TEXTS, st.sampled_from([".jsonl", ".parquet", ".jsonl.gz"]), GAPS, st.booleans()), max_size=3),
    st.integers(1, 5),
    st.integers(1, 9),
)
def test_partitions_contain_the_corpus(files: list[tuple[list[str], str, str, bool]], rows: int, more: int) -> None:
    """However files are divided and partitions merged."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [write(Path(folder), i, *file) for i, file in enumerate(files)]
        whole = [(row, text) for batch in (read_corpus(paths) if paths else ()) for row, text, _ in batch.rows()]
        parts = join_partitions([cut_file(path, rows) for path in paths])
        fewer = merge_partitions(parts, more)
        assert documents_of(parts) == whole
        assert documents_of(fewer) == whole
        assert [part.first_row + part.rows for part in parts[:-1]] == [part.first_row for part in parts[1:]]
        assert all(part.rows <= max(rows, more) for part in fewer if part.path.suffix != ".gz")


def test_an_error_names_the_line_of_the_file(tmp_path: Path) -> None:
    """Also in a partition that starts far into the file."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a"}\n\n' * 5 + '{"text": 5}\n')
    last = cut_file(path, 2)[-1]
    assert last.start
    with pytest.raises(InputError, match=r"a\.jsonl:11"):
        documents_of([last])


def test_a_worker_without_the_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"worker .* does not have this file.*same path"):
        cut_file(tmp_path / "elsewhere.parquet", 5)


KEYS = st.lists(st.sampled_from([0, 1, 2, 2**32, 2**63, 2**64 - 2, 2**64 - 1]), max_size=6)


@given(st.lists(KEYS, max_size=5))
def test_links_join_all_rows_of_a_key(parts: list[list[int]]) -> None:
    """And no others, with one link fewer than rows, whatever keys the parts of a bucket have."""
    bases = [10 * number for number in range(len(parts))]
    arrays = [np.array(keys, np.uint64) for keys in parts]
    bucket_parts = [(np.sort(keys), np.argsort(keys, kind="stable").astype(np.uint32)) for keys in arrays]
    rows: dict[int, list[int]] = {}
    for base, keys in zip(bases, parts, strict=True):
        for row, key in enumerate(keys):
            rows.setdefault(key, []).append(base + row)
    expected = sorted(link for same in rows.values() for link in pairwise(sorted(same)))
    assert [tuple(link) for link in link_bucket(bases, *bucket_parts).tolist()] == expected


@pytest.mark.parametrize("documents", [0, 10**4, 10**7, 10**8, 10**9])
def test_sizes_grow_with_the_corpus(documents: int) -> None:
    """No bucket outgrows a worker; no piece of a large corpus is so small that Ray would keep it with the driver."""
    plan = Plan(Corpus(()), Scheme(), np.empty(0, np.uint64)).fitted(documents)
    document = PAIR_BYTES * plan.scheme.bands
    assert documents * document <= plan.buckets * MAX_BUCKET_BYTES
    assert plan.partition_rows * document // plan.buckets > 100 * 1024
