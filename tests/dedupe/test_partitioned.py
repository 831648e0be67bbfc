"""Partitioned deduplication gives exactly the result of a local one."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from docgen.dedupe.job import DedupeSettings, dedupe, dedupe_partitioned
from docgen.dedupe.precedence import KeepRule
from docgen.dedupe.source import Corpus, open_corpus
from docgen.errors import InputError
from docgen.parallel.executors import Executor, InlineExecutor, RayExecutor
from tests.dedupe.corpora import planted, prose, write_jsonl

SMALL = {"buckets": 3, "partition_rows": 7, "bin_words": 2000}
CASES: dict[str, dict[str, Any]] = {
    "first": {},
    "longest": {"keep": KeepRule("longest")},
    "salience": {"keep": KeepRule("salience")},
    "by type": {"by": ("doc_type",)},
}


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Several Parquet partitions, an empty file, and JSONL."""
    rows = planted(40, seed=3)
    half = len(rows) // 2
    pl.DataFrame(rows[:half]).write_parquet(tmp_path / "a.parquet", row_group_size=5)
    pl.DataFrame(rows[:1]).clear().write_parquet(tmp_path / "b.parquet")
    write_jsonl(tmp_path / "c.jsonl", rows[half:])
    return open_corpus([tmp_path])


def assert_agreement(corpus: Corpus, settings: DedupeSettings, executor: Executor, sizes: dict[str, int]) -> None:
    local = dedupe(corpus, settings, also=["facts"])
    partitioned = dedupe_partitioned(corpus, settings, executor, also=["facts"], sizes=sizes)
    assert local.removed().height
    assert partitioned.removed().equals(local.removed())
    assert partitioned.decision.compared == local.decision.compared
    assert partitioned.table.equals(local.table)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("sizes", [{}, SMALL], ids=["whole", "small"])
def test_partitions_agree_with_the_local_run(corpus: Corpus, case: str, sizes: dict[str, int]) -> None:
    assert_agreement(corpus, DedupeSettings(**CASES[case]), InlineExecutor(), sizes)


def test_row_numbers_count_over_all_partitions(tmp_path: Path) -> None:
    for i in range(3):
        pl.DataFrame({"text": [prose(1), prose(i + 5)]}).write_parquet(tmp_path / f"{i}.parquet")
    assert_agreement(open_corpus([tmp_path]), DedupeSettings(), InlineExecutor(), SMALL)


def test_a_corpus_without_duplicates_or_rows_is_fine(tmp_path: Path) -> None:
    pl.DataFrame({"text": [prose(1), prose(2)]}).write_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.jsonl").write_text("")
    for name in ("a.parquet", "b.jsonl"):
        assert (
            dedupe_partitioned(open_corpus([tmp_path / name]), DedupeSettings(), InlineExecutor()).removed().is_empty()
        )


def test_ray_agrees_with_the_local_run(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two local workers; an error in a worker arrives unchanged."""
    ray = pytest.importorskip("ray")
    monkeypatch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    executor = RayExecutor(2)
    try:
        assert_agreement(corpus, DedupeSettings(), executor, SMALL)
        bad = write_jsonl(tmp_path / "bad.jsonl", [{"text": "x"}, {"text": 5}])
        with pytest.raises(InputError, match=r"bad\.jsonl:2"):
            dedupe_partitioned(open_corpus([bad]), DedupeSettings(), executor)
    finally:
        ray.shutdown()
