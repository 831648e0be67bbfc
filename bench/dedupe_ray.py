r"""Does `docgen dedupe --engine ray` remove what the local run removes, to the document? On every benchmark corpus.

    python bench/dedupe_ray.py [--workers 2] [--only corpus50k preamble ...]

Needs Ray (pip install 'docgen[ray]') and the benchmark data: DOCGEN_SHARED, or ../shared beside the checkout. Prints a
line for each corpus: documents, removed locally and on Ray, whether id, kept id, Jaccard and kind of every removal are
equal (else the first difference), seconds on Ray from the first task on a cluster that is up, its workers' imports in
it, and locally in one process; peak memory of the largest worker and of the driver, which holds what Python, polars and
numba take as well.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.dedupe import ROW_GROUP, prepare
from bench.machine import machine
from bench.watched import Watched, forget_peak, peak
from docgen.dedupe.job import Deduplicated, Settings, dedupe, dedupe_partitioned
from docgen.dedupe.schemes import Scheme
from docgen.dedupe.source import Corpus, open_corpus

SHARED = Path(os.environ.get("DOCGEN_SHARED", Path(__file__).resolve().parents[2] / "shared"))
PREAMBLE = 350
UNIVERSES = ("achromatic_dreaming", "elizabeth_python")


@dataclass(frozen=True)
class Case:
    """A corpus and how to deduplicate it; made in a folder when its turn has come."""

    name: str
    make: Callable[[Path], Corpus]
    settings: Settings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=[case.name for case in cases()])
    options = parser.parse_args()
    if not (SHARED / "bench" / "corpus50k.parquet").is_file():
        print(f"No benchmark data in {SHARED}: set DOCGEN_SHARED to the folder that holds bench/ and sdf/")
        return 2
    print(machine("ray", "numba", "polars"), f"; {options.workers} Ray workers")
    print("| corpus | documents | removed here | on Ray | same | s on Ray | s here | worker MB | driver MB |")
    print(f"|{' --- |' * 9}", flush=True)
    differ = 0
    for case in cases():
        if not options.only or case.name in options.only:
            line, same = compare(case, options.workers)
            differ += not same
            print(line, flush=True)
    return int(differ > 0)


def cases() -> Iterator[Case]:
    yield Case("corpus50k", lambda folder: prepared(50_000, folder), Settings())
    yield Case("rotated200k", lambda folder: prepared(200_000, folder), Settings())
    yield Case("preamble20k", preamble, Settings())
    for universe in UNIVERSES:
        for kind in ("positive.jsonl", "denied_around.jsonl", "denied_within.jsonl.zst"):
            yield Case(f"{universe}/{kind.split('.')[0]}", real(f"{universe}/{kind}"), Settings())
    files = ("*/*.jsonl", "*/*.jsonl.zst")
    yield Case("sdf", real(*files), Settings())
    yield Case("sdf at 0.3", real(*files), Settings(Scheme.of(0.3)))


def prepared(rows: int, folder: Path) -> Corpus:
    return open_corpus([prepare(SHARED / "bench", rows, folder)[0]])


def preamble(folder: Path) -> Corpus:
    """20,000 documents that begin with the same 350 words."""
    texts = pl.read_parquet(SHARED / "bench" / "corpus50k.parquet", columns=["id", "text"])
    shared = " ".join(" ".join(texts["text"].tail(3)).split()[:PREAMBLE])
    path = folder / "preamble.parquet"
    frame = texts.head(20_000).with_columns(pl.lit(shared + "\n\n") + pl.col("text"))
    frame.select("id", pl.col("literal").alias("text")).write_parquet(path, row_group_size=ROW_GROUP)
    return open_corpus([path])


def real(*patterns: str) -> Callable[[Path], Corpus]:
    """Published corpora, by row number: their files share ids."""
    return lambda _: open_corpus([SHARED / "sdf" / pattern for pattern in patterns], id_column="")


def compare(case: Case, workers: int) -> tuple[str, bool]:
    """The line of a case, and whether both engines agree."""
    with tempfile.TemporaryDirectory() as folder:
        corpus, marks = case.make(Path(folder)), Path(folder) / "marks"
        marks.mkdir()
        forget_peak()
        with Watched(workers, marks) as executor:
            begun = time.perf_counter()
            spread = dedupe_partitioned(corpus, case.settings, executor)
            on_ray, driver, worker = time.perf_counter() - begun, peak(), executor.peaks()[0]
        begun = time.perf_counter()
        here = dedupe(corpus, case.settings)
        alone = time.perf_counter() - begun
    verdict = difference(here, spread)
    counts = f"{len(here.ids):,} | {here.removed().height:,} | {spread.removed().height:,}"
    costs = f"{on_ray:.1f} | {alone:.1f} | {worker:,.0f} | {driver:,.0f}"
    return f"| {case.name} | {counts} | {verdict or 'yes'} | {costs} |", not verdict


def difference(here: Deduplicated, spread: Deduplicated) -> str:
    """The first document on which both do not agree; empty if there is none."""
    if not spread.ids.equals(here.ids):
        return "other documents"
    a, b = here.removed(), spread.removed()
    if a.equals(b):
        return ""
    both = a.join(b, on="id", how="full", coalesce=True, suffix="_ray")
    odd = both.filter(~pl.col("kept_id").eq_missing("kept_id_ray") | ~pl.col("jaccard").eq_missing("jaccard_ray"))
    return f"NO: {odd.head(1).rows()}"


if __name__ == "__main__":
    raise SystemExit(main())
