"""What commands take from start to end, by the clock and of CPU: this checkout, or several in turn.

    python bench/startup.py [--runs 5] [--only help status show dedupe scan] [--against ../before]

Every command is run once unmeasured, which fills the caches, then --runs times, the checkouts taking turns, so that
what else the machine does falls on all of them. Prints a table: minimum and median of seconds, and of user and system
CPU seconds of all its processes. dedupe and scan need the benchmark's 50,000 documents
(DOCGEN_SHARED, as for bench/audit.py).
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import yaml

from bench.audit import plant
from bench.machine import machine

ROOT = Path(__file__).resolve().parent.parent
SMALL = {
    "help": ["--help"],
    "status": ["status", "small"],
    "show": ["show", "small", "--sample", "3"],
}
STATEMENTS = 1000


def commands(folder: Path, oldest: Path) -> dict[str, list[str]]:
    """The arguments of each command that is measured; the context is the tutorial of `oldest`, which all can read."""
    context = folder / "world.yaml"
    corpus, _, statements = plant(folder, STATEMENTS)
    tutorial = yaml.safe_load((oldest / "universe_contexts/tutorial.yaml").read_text("utf-8"))
    context.write_text(yaml.safe_dump(tutorial | {"banned_statements": statements}, allow_unicode=True), "utf-8")
    fifty = str((folder / "corpus50k.parquet").resolve())
    return SMALL | {
        "dedupe": ["dedupe", fifty, "--out", "deduped", "--ids-only", "--pairs", "--quiet"],
        "scan": ["audit", "leakage", str(corpus), "--context", str(context), "--json"],
    }


def measure(checkout: Path, arguments: list[str], folder: Path) -> tuple[float, float]:
    """(seconds, CPU seconds) of one command by one checkout."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "docgen", *arguments], cwd=folder, env=environment, capture_output=True, check=False
    )
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode and (done.returncode, arguments[0]) != (
        1,
        "audit",
    ):  # 1: an audit found something
        raise RuntimeError(f"docgen {' '.join(arguments)} failed in {checkout}:\n{done.stderr.decode()[-2000:]}")
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def folder_of(checkout: Path, folder: Path) -> Path:
    """The working folder of a checkout under `folder`, created if it is missing."""
    own = folder / checkout.name
    own.mkdir(exist_ok=True)
    return own


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=[*SMALL, "dedupe", "scan"])
    parser.add_argument("--against", type=Path, nargs="+", default=[], help="other checkouts of docgen")
    options = parser.parse_args()
    checkouts = [*(path.resolve() for path in options.against), ROOT]
    print(f"{machine('numba', 'polars')}\n\n| command | checkout | s, min | median | CPU s, min | median |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = ["run", "tutorial", "--n", "50", "--engine", "offline", "--run", "small", "--yes"]
        for checkout in checkouts:  # each reads a run of its own: an older checkout cannot read a newer run
            measure(checkout, run, folder_of(checkout, folder))
        needs_corpus = not options.only or {"dedupe", "scan"} & set(options.only)
        for command, arguments in (commands(folder, checkouts[0]) if needs_corpus else SMALL).items():
            if options.only and command not in options.only:
                continue
            rounds = [
                [measure(checkout, arguments, folder_of(checkout, folder)) for checkout in checkouts]
                for _ in range(1 + options.runs)
            ]
            for checkout, runs in zip(checkouts, zip(*rounds[1:], strict=True), strict=True):
                seconds, cpu = zip(*runs, strict=True)
                figures = (min(seconds), median(seconds), min(cpu), median(cpu))
                print(f"| {command} | {checkout.name} | {' | '.join(f'{x:.2f}' for x in figures)} |", flush=True)


if __name__ == "__main__":
    main()
