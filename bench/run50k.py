"""The main job at full size on the embedded engine: docgen run CONTEXT --n 50000, in a process of its own.

    python bench/run50k.py [--context helpful_only] [--n 50000] [--keep FOLDER]

Prints wall time, CPU time, peak memory, what was accepted, how many first attempts survived the duplicate check, and
the largest distance of a fact's measured salience from its target. Exits 1 if a figure misses its bound.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.machine import machine
from docgen.files.run_folder.run_folder import RunFolder, find_run
from docgen.pipeline.audit.runs.run_reports import read_measured
from docgen.pipeline.inputs.setup import reopen
from docgen.pipeline.status import Summary

BOUNDS = {"seconds": 180.0, "peak_gb": 1.5, "points": 0.5, "survive": 0.97}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--context", default="helpful_only")
    parser.add_argument("--n", type=int, default=50_000)
    parser.add_argument("--keep", type=Path, help="work in this folder and leave the run there")
    args = parser.parse_args()
    print(machine("polars", "numba", "pydantic", "jinja2"), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        return report(args.context, args.n, args.keep or Path(scratch))


def report(context: str, n: int, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    command = ["docgen", "run", context, "--n", str(n), "--engine", "offline", "--json"]
    print(" ".join(command), flush=True)
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begun
    if done.returncode:
        print(done.stderr[-2000:])
        return 1
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    summary = Summary.model_validate_json(done.stdout)
    return judge(summary, seconds, used.ru_maxrss / 2**20, used.ru_utime + used.ru_stime, folder)


def judge(summary: Summary, seconds: float, peak: float, cpu: float, folder: Path) -> int:
    setup = reopen(find_run(summary.run, folder / "output"))
    shares, leaks = read_measured(setup)
    off = {fact.fact: 100 * ((shares[fact.fact].at_least if shares else 0.0) - fact.asked) for fact in summary.facts}
    worst = max(off, key=lambda fact: abs(off[fact]))
    n = summary.n or 0
    twins = sum(
        attempt.number == 1 and any(reason.code == "near_duplicate" for reason in attempt.reasons)
        for attempt in setup.run.read_attempts()
    )
    rows = {
        "accepted": f"{summary.accepted:,} of {n:,}",
        "wall": f"{seconds:.1f} s ({summary.accepted / seconds:,.0f} documents/s over all steps)",
        "generation, a second process's start included": f"{n / generating(setup.run):,.0f} documents/s",
        "CPU": f"{cpu:.1f} s",
        "peak memory": f"{peak:.2f} GB",
        "first attempts that survive the duplicate check": f"{1 - twins / n:.2%}",
        "worst measured salience": f"{worst} off by {off[worst]:+.3f} points",
        "rejected attempts": json.dumps(summary.reasons),
        "leakage findings": json.dumps(leaks.rules if leaks else None),
    }
    for name, value in rows.items():
        print(f"{name:>48}: {value}")
    met = (
        summary.accepted == n
        and seconds <= BOUNDS["seconds"]
        and peak <= BOUNDS["peak_gb"]
        and abs(off[worst]) <= BOUNDS["points"]
        and 1 - twins / n >= BOUNDS["survive"]
    )
    print("all bounds met" if met else f"a bound was missed: {BOUNDS}")
    return 0 if met else 1


def generating(run: RunFolder) -> float:
    """Seconds from the finished plan to the last attempt."""
    return run.attempts.stat().st_mtime - run.slots.stat().st_mtime


if __name__ == "__main__":
    raise SystemExit(main())
