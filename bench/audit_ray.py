r"""Does `docgen audit leakage --engine ray` report what the local run reports, byte for byte? On the benchmark corpora.

    python bench/audit_ray.py [--workers 2] [--only leak50k ...]

Needs Ray (pip install 'docgen[ray]') and the benchmark data: DOCGEN_SHARED, or ../shared beside the checkout. Cases:
50,000 documents with 2,200 planted statements of 1,000 and all rules of the tutorial context; the published corpora,
each with a context of its universe's claims. Prints a line for each: documents, those with an error, whether both
reports (leakage, salience) and the list of failing documents are equal; seconds on Ray, from the first task on a
cluster that is up, its workers' imports in it, and here in one process, with diversity, which Ray leaves out; peak
memory of the largest worker and of the driver.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.audit import context_with, plant
from bench.machine import machine
from bench.watched import Watched, apart, peak
from docgen.audit.measure.findings_by_rule import LeakageReport
from docgen.audit.measure.salience.tally import SalienceReport
from docgen.options.audit import AuditOptions
from docgen.pipeline.audit.audit import Audit
from docgen.pipeline.audit.corpus import file_corpus
from docgen.pipeline.audit.partitioned_scan import scan_partitioned
from docgen.pipeline.audit.result import AuditResult
from docgen.pipeline.audit.scan import FailingDocument, scan_corpus
from docgen.progress import SilentReporter
from docgen.universe import KeyFact, UniverseContext

SHARED = Path(os.environ.get("DOCGEN_SHARED", Path(__file__).resolve().parents[2] / "shared"))
UNIVERSES = ("achromatic_dreaming", "elizabeth_python")
HERE, SPREAD = AuditOptions(), AuditOptions(diversity=False)


@dataclass(frozen=True)
class Case:
    """A corpus with its context; made in a folder when its turn has come."""

    name: str
    make: Callable[[Path], tuple[Path, UniverseContext]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=[case.name for case in cases()])
    options = parser.parse_args()
    if not (SHARED / "bench" / "corpus50k.parquet").is_file():
        print(f"No benchmark data in {SHARED}: set DOCGEN_SHARED to the folder that holds bench/ and sdf/")
        return 2
    print(machine("ray", "numba", "polars"), f"; {options.workers} Ray workers")
    print("| corpus | documents | with errors | same | s on Ray | s here | worker MB | driver MB |")
    print(f"|{' --- |' * 8}", flush=True)
    differ = 0
    for case in cases():
        if not options.only or case.name in options.only:
            line, same = compare(case, options.workers)
            differ += not same
            print(line, flush=True)
    return int(differ > 0)


def cases() -> Iterator[Case]:
    yield Case("leak50k", planted)
    for universe in UNIVERSES:
        for kind in ("positive.jsonl", "denied_around.jsonl", "denied_within.jsonl.zst"):
            yield Case(f"{universe}/{kind.split('.')[0]}", real(universe, kind))


def planted(folder: Path) -> tuple[Path, UniverseContext]:
    path, _, statements = plant(folder, 1000)
    return path, context_with(statements)


def real(universe: str, name: str) -> Callable[[Path], tuple[Path, UniverseContext]]:
    """A published corpus; each claim of its universe is a key fact."""

    def make(_: Path) -> tuple[Path, UniverseContext]:
        folder = SHARED / "sdf" / universe
        claims = yaml.safe_load((folder / "universe_context.yaml").read_text("utf-8"))["subclaims"]
        facts = tuple(KeyFact(id=f"f{i}", statement=claim) for i, claim in enumerate(claims))
        return folder / name, UniverseContext(id="w", title="w", universe_context="w", key_facts=facts)

    return make


@dataclass(frozen=True)
class Done:
    """What one engine reports, and took: `worker` and `driver` are peaks in megabytes."""

    leakage: LeakageReport
    salience: SalienceReport
    failing: list[FailingDocument]
    seconds: float
    driver: float
    worker: float = 0.0

    def said(self) -> tuple[object, ...]:
        """What both have to agree in."""
        return self.leakage.model_dump_json(), self.salience.model_dump_json(), self.failing


def compare(case: Case, workers: int) -> tuple[str, bool]:
    """The line of a case, and whether both engines agree."""
    with tempfile.TemporaryDirectory() as folder:
        given = case.make(Path(folder))
        here, spread = apart(locally, *given), apart(on_ray, *given, workers)
    same, flagged = here.said() == spread.said(), here.leakage.flagged
    costs = f"{spread.seconds:.1f} | {here.seconds:.1f} | {spread.worker:,.0f} | {spread.driver:,.0f}"
    return f"| {case.name} | {flagged.total:,} | {flagged.count:,} | {'yes' if same else 'NO'} | {costs} |", same


def locally(path: Path, context: UniverseContext) -> Done:
    begun = time.perf_counter()
    audit, corpus = Audit(context, HERE), file_corpus([path])
    return done(AuditResult(audit, corpus, scan_corpus(audit, corpus, SilentReporter())), begun)


def on_ray(path: Path, context: UniverseContext, workers: int) -> Done:
    with tempfile.TemporaryDirectory() as marks, Watched(workers, Path(marks)) as executor:
        begun = time.perf_counter()
        audit, corpus = Audit(context, SPREAD), file_corpus([path])
        tallies = scan_partitioned(audit, corpus, executor, SilentReporter())
        return done(AuditResult(audit, corpus, tallies), begun, executor.peaks()[0])


def done(result: AuditResult, begun: float, worker: float = 0.0) -> Done:
    seconds = time.perf_counter() - begun
    return Done(result.leakage, result.salience, result.failing, seconds, peak(), worker)


if __name__ == "__main__":
    raise SystemExit(main())
