r"""What a worker of a partitioned deduplication holds, with tasks of the sizes that 10^9 documents have.

    python bench/worker_memory.py [--documents 1000000000] [--words 690] [--linked 0.22]

Runs each kind of task of `docgen dedupe --engine ray` once, in a process of its own, on made-up input of full size, and
prints its peak memory and seconds. No Ray: input that workers read in its shared memory is in the process here, and
results, which Ray copies there, are not counted twice. Texts are short, since partitions are read in batches.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.machine import machine
from bench.watched import apart, peak
from docgen.corpus.partitions import cut_file
from docgen.dedupe.distributed.tasks import Plan, decide_bin, link_bucket, sets_of_partition, sketch_partition
from docgen.dedupe.sketch.parameters import Scheme
from docgen.dedupe.source import Corpus

NO_SHINGLES = np.empty(0, np.uint64)
PARTS = 2048


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=10**9)
    parser.add_argument("--words", type=int, default=690, help="of a document")
    parser.add_argument("--linked", type=float, default=0.22, help="share of documents that share a band with another")
    options = parser.parse_args()
    plan = Plan(Corpus(()), Scheme(), NO_SHINGLES).fitted(options.documents)
    print(machine("numba", "polars"))
    print(f"{options.documents:,} documents: {plan.partition_rows:,} rows a partition, {plan.buckets:,} buckets")
    linked = int(plan.partition_rows * options.linked)
    cases: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
        "nothing but imports": (peak, ()),
        "sketch a partition": (sketch, (plan,)),
        "link a bucket": (link, (plan, options.documents)),
        "sets of a partition": (sets, (linked, options.words)),
        "decide a bin": (decide, (plan, options.words)),
    }
    for name, (task, arguments) in cases.items():
        begun = time.perf_counter()
        megabytes = apart(task, *arguments)
        print(f"{name:24s}{megabytes:8,.0f} MB{time.perf_counter() - begun:8.1f} s", flush=True)
    return 0


def written(folder: str, rows: int, words: int) -> Plan:
    """A plan for a file of so many documents of so many words each, all different."""
    path = Path(folder) / "a.parquet"
    numbers = pl.int_range(rows, eager=True).cast(pl.String)
    filler = " ".join(f"w{i}" for i in range(words - 1))
    frame = pl.LazyFrame({"text": numbers}).with_columns(pl.col("text") + (" " + filler))
    frame.sink_parquet(path, row_group_size=10_000)
    return Plan(Corpus((path,)), Scheme(), NO_SHINGLES)


def sketch(plan: Plan) -> float:
    with tempfile.TemporaryDirectory() as folder:
        made = written(folder, plan.partition_rows, 30)
        part = cut_file(Path(folder) / "a.parquet", plan.partition_rows)[0]
        fitted = Plan(made.corpus, made.scheme, NO_SHINGLES, buckets=plan.buckets)
        sketch_partition(fitted, part)
        return peak()


def link(plan: Plan, documents: int) -> float:
    """A bucket of keys of all documents, of which one in three or so is that of another."""
    rng = np.random.default_rng(0)
    pairs = documents * plan.scheme.bands // plan.buckets // PARTS
    different, parts = 2 * pairs * PARTS, []
    for _ in range(PARTS):
        keys = np.sort(rng.integers(0, different, pairs, np.uint64)) * np.uint64(2**64 // plan.buckets // different)
        parts.append((keys, np.arange(pairs, dtype=np.uint32)))
    link_bucket(list(range(0, documents, documents // PARTS))[:PARTS], *parts)
    return peak()


def sets(linked: int, words: int) -> float:
    """The sets of all linked rows of a partition, which lie in one file here, for as many bins as there are."""
    bins = 2048
    with tempfile.TemporaryDirectory() as folder:
        made = written(folder, linked, words)
        part = cut_file(Path(folder) / "a.parquet", linked)[0]
        rows = np.arange(linked)
        sets_of_partition(made, part, rows, rows, rows, rows % bins, bins)
        return peak()


def decide(plan: Plan, words: int) -> float:
    """A full bin: pairs of documents that share a band and half their shingles."""
    count = plan.bin_words // words // 2 * 2
    rng = np.random.default_rng(0)
    whole = np.sort(rng.integers(0, 2**64 - 1, (count // 2, words), np.uint64), axis=1)
    flat = np.repeat(whole, 2, axis=0)
    flat[1::2, words // 2 :] += np.uint64(1)
    bands = np.repeat(np.arange(count // 2, dtype=np.uint32), 2)[:, None] * np.ones(plan.scheme.bands, np.uint32)
    rows = np.arange(count)
    lengths = np.full(count, words)
    del whole
    decide_bin(plan.scheme, [(rows, rows, bands.astype(np.uint32), np.zeros(count, np.int64), flat.ravel(), lengths)])
    return peak()


if __name__ == "__main__":
    raise SystemExit(main())
