r"""Does `docgen dedupe --engine ray` remove what the local run removes, to the document? On every benchmark corpus.

    python bench/dedupe_ray.py [--workers 2] [--only corpus50k preamble ...]

Needs Ray (pip install 'docgen[ray]') and the benchmark data: DOCGEN_SHARED, or ../shared beside the checkout. Prints a
line for each corpus: documents, removed locally and on Ray, whether id, kept id, Jaccard and kind of every removal are
equal (else the first difference), seconds on Ray from the first task on a cluster that is up, its workers' imports in
it, and here in one process; peak memory of the largest worker and of the driver, with all that their interpreters and
libraries take.
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
from bench.watched import Watched, apart, peak
from docgen.dedupe.job import DedupeSettings, dedupe, dedupe_partitioned
from docgen.dedupe.sketch.parameters import Scheme
from docgen.dedupe.source import Corpus, open_corpus

SHARED = Path(os.environ.get("DOCGEN_SHARED", Path(__file__).resolve().parents[2] / "shared"))
PREAMBLE = 350
UNIVERSES = ("achromatic_dreaming", "elizabeth_python")


@dataclass(frozen=True)
class Case:
    """A corpus and how to deduplicate it; made in a folder when its turn has come."""

    name: str
    make: Callable[[Path], Corpus]
    settings: DedupeSettings


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
    yield Case("corpus50k", lambda folder: prepared(50_000, folder), DedupeSettings())
    yield Case("rotated200k", lambda folder: prepared(200_000, folder), DedupeSettings())
    yield Case("preamble20k", preamble, DedupeSettings())
    for universe in UNIVERSES:
        for kind in ("positive.jsonl", "denied_around.jsonl", "denied_within.jsonl.zst"):
            yield Case(f"{universe}/{kind.split('.')[0]}", real(f"{universe}/{kind}"), DedupeSettings())
    files = ("*/*.jsonl", "*/*.jsonl.zst")
    yield Case("sdf", real(*files), DedupeSettings())
    yield Case("sdf at 0.3", real(*files), DedupeSettings(Scheme.of(0.3)))


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


@dataclass(frozen=True)
class Done:
    """What one engine found and took: `worker` and `driver` are peaks in megabytes."""

    ids: pl.Series
    removed: pl.DataFrame
    seconds: float
    driver: float
    worker: float = 0.0


def compare(case: Case, workers: int) -> tuple[str, bool]:
    """The line of a case, and whether both engines agree."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = case.make(Path(folder))
        here = apart(locally, corpus, case.settings)
        spread = apart(on_ray, corpus, case.settings, workers)
    verdict = difference(here, spread)
    counts = f"{len(here.ids):,} | {here.removed.height:,} | {spread.removed.height:,}"
    costs = f"{spread.seconds:.1f} | {here.seconds:.1f} | {spread.worker:,.0f} | {spread.driver:,.0f}"
    return f"| {case.name} | {counts} | {verdict or 'yes'} | {costs} |", not verdict


def locally(corpus: Corpus, settings: DedupeSettings) -> Done:
    begun = time.perf_counter()
    found = dedupe(corpus, settings)
    return Done(found.ids, found.removed(), time.perf_counter() - begun, peak())


def on_ray(corpus: Corpus, settings: DedupeSettings, workers: int) -> Done:
    with tempfile.TemporaryDirectory() as marks, Watched(workers, Path(marks)) as executor:
        begun = time.perf_counter()
        found = dedupe_partitioned(corpus, settings, executor)
        return Done(found.ids, found.removed(), time.perf_counter() - begun, peak(), executor.peaks()[0])


def difference(here: Done, spread: Done) -> str:
    """The first document on which both do not agree; empty if there is none."""
    if not spread.ids.equals(here.ids):
        return "other documents"
    a, b = here.removed, spread.removed
    if a.equals(b):
        return ""
    both = a.join(b, on="id", how="full", coalesce=True, suffix="_ray")
    odd = both.filter(~pl.col("kept_id").eq_missing("kept_id_ray") | ~pl.col("jaccard").eq_missing("jaccard_ray"))
    return f"NO: {odd.head(1).rows()}"


if __name__ == "__main__":
    raise SystemExit(main())
