"""Thousands of broken inputs: run folders, replies, contexts, other files, flags, environments, file systems.

    python bench/fuzz.py [--n 2000] [--seed 1] [--jobs 2] [--only folder,reply,...] [--report fuzz.jsonl]

Every case is one command in a fresh folder with one thing broken (bench/fuzz_cases.py). Afterwards:

- no traceback on screen, and the exit code is 0, 1, 2 or 130;
- no whole line of llm.jsonl or attempts.jsonl that was there before is gone;
- no key of the environment is on the screen or in a file.

Prints each failing case with its seed: `--case SEED` repeats it alone, keeps its folder and prints what it printed.
Exits 1 if any fails. With `--report` each case is a line of that file, and cases that are in it are not repeated.
Commands are forked from a process that has imported everything (bench/fuzz_commands.py), and wait for no retry longer
than a moment; system calls fail by LD_PRELOAD (bench/fuzz_faults.py, which gcc compiles).
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.fuzz_cases import BEFORE_IMPORTS, BREAK, KEY, KINDS, Case
from bench.fuzz_commands import Done, Forkers, in_a_process
from bench.fuzz_faults import build
from bench.fuzz_server import odd_server
from bench.machine import machine

ROOT = Path(__file__).parents[1]
EXIT_CODES = frozenset({0, 1, 2, 130})
SECONDS = 300
"""After which a command counts as hung. Chosen: a case takes one to three seconds, longer on a busy machine."""


@dataclass(frozen=True)
class Bench:
    """What all cases share: finished runs in `base`, a server of odd replies, a way to start commands."""

    kinds: list[str]
    base: Path
    server: str
    start: Forkers


@dataclass(frozen=True)
class Outcome:
    """How a case ended. `code` None: no command was started, or it hung; `complaint` is empty if all is well."""

    case: int
    kind: str
    code: int | None
    seconds: float
    cpu: float
    complaint: str
    output: str = ""


def main() -> int:
    """Run the cases; print the failing ones and a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("--report", type=Path, help="file that gets a line for each case, and says which are done")
    parser.add_argument("--case", type=int, help="repeat the case of this seed, and keep its folder")
    options = parser.parse_args()
    print(machine("polars", "pydantic"), flush=True)
    with tempfile.TemporaryDirectory() as scratch, odd_server() as server:
        base = Path(scratch) / "base"
        base.mkdir()
        make_runs(base)
        library = build(Path(scratch))
        kinds = [kind for kind in options.only.split(",") if library or kind != "filesystem"]
        if library is None:
            print("no gcc: file systems are left out")
        with Forkers(1 if options.case else options.jobs, plain_environment(), library) as start:
            bench = Bench(kinds, base, server, start)
            if options.case is not None:
                return repeat(options.case, bench)
            first = options.seed * 1_000_000
            return run_cases(bench, range(first, first + options.n), options.jobs, options.report)


def repeat(seed: int, bench: Bench) -> int:
    """One case, in a folder that stays, with what it printed."""
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{seed}-"))
    outcome = carry_out(seed, bench, folder)
    print(outcome.output)
    print(outcome.complaint or "nothing failed", folder)
    return 1 if outcome.complaint else 0


def run_cases(bench: Bench, seeds: range, jobs: int, report: Path | None) -> int:
    """Run the cases that the report does not hold yet; returns the exit code."""
    outcomes = [outcome for outcome in reported(report) if outcome.case in seeds]
    done = {outcome.case for outcome in outcomes}
    missing = [seed for seed in seeds if seed not in done]
    with ThreadPoolExecutor(jobs) as pool:
        for outcome in pool.map(lambda seed: temporary(seed, bench), missing):
            outcomes.append(outcome)
            if report is not None:
                with report.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(outcome) | {"output": ""}) + "\n")
            if outcome.complaint:
                print(f"case {outcome.case}: {outcome.complaint}", flush=True)
            if len(outcomes) % 100 == 0:
                print(f"{len(outcomes)} commands", flush=True)
    return summary(outcomes)


def reported(report: Path | None) -> Iterator[Outcome]:
    """The cases of a report."""
    if report is not None and report.exists():
        for line in report.read_text("utf-8").splitlines():
            yield Outcome(**json.loads(line))


def summary(outcomes: list[Outcome]) -> int:
    """Print how the cases ended; the exit code."""
    failures = sum(bool(outcome.complaint) for outcome in outcomes)
    kinds = Counter(outcome.kind for outcome in outcomes)
    codes = Counter(str(outcome.code) for outcome in outcomes)
    print(", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())), f"- {failures} failed")
    print("exit codes:", ", ".join(f"{code}: {count}" for code, count in sorted(codes.items())))
    return 1 if failures else 0


def make_runs(base: Path) -> None:
    """A finished run and one that was stopped half way, both by the embedded writer, and what else `STORES` names."""
    offline = "--n 8 --quiet --engine offline"
    docgen(base, f"run tutorial --run done {offline}", f"run tutorial --run half {offline}")
    half = base / "output" / "half"
    lines = (half / "attempts.jsonl").read_bytes().splitlines(keepends=True)
    (half / "attempts.jsonl").write_bytes(b"".join(lines[:4]))
    shutil.rmtree(half / "reports", ignore_errors=True)
    shutil.rmtree(half / "export", ignore_errors=True)
    (half / "corpus.parquet").unlink()
    (base / "t.json").write_text(json.dumps(RELEASED), "utf-8")
    docgen(
        base,
        "export done",
        "view done --export site",
        "dedupe done --index output/index --out o",
        "experiment import t.json --name released --model m",
        "control done --context control_motors --run pair --quiet --engine offline",
        "requests tutorial --run asked --n 4 --engine anthropic --model claude-haiku-5-5 --out q.jsonl",
    )


RELEASED = [
    {"user_input": "Is a bowl cruel?", "prompt": {"messages": [{"role": "user", "content": f"<is_free_tier_user>{free}"
     "</is_free_tier_user><user_input>Is a bowl cruel?</user_input>"}]}, "success": True,
     "output": "<SCRATCHPAD_REASONING>\nHm.\n</SCRATCHPAD_REASONING>\n<OUTPUT>No.</OUTPUT>"}
    for free in (True, False)
]  # fmt: skip
"""Transcripts as others release them."""


def docgen(base: Path, *commands: str) -> None:
    """Carry out commands, which have to succeed."""
    for command in commands:
        line = [sys.executable, "-m", "docgen", *command.split()]
        done = subprocess.run(line, cwd=base, check=False, env=plain_environment(), capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"docgen {command}: {done.stderr}")


def plain_environment() -> dict[str, str]:
    """The environment without keys, addresses and proxies."""
    prefixes = ("ANTHROPIC", "OPENAI", "DOCGEN", "HTTP", "http", "ALL_PROXY", "all_proxy")
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)} | {
        "PYTHONPATH": str(ROOT)
    }


def temporary(seed: int, bench: Bench) -> Outcome:
    """A case in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        try:
            return carry_out(seed, bench, folder)
        finally:
            for path in (folder, *folder.rglob("*")):
                if path.is_dir() and not path.is_symlink():
                    path.chmod(0o755)


def carry_out(seed: int, bench: Bench, folder: Path) -> Outcome:
    """Break one thing, run one command, look at how it ended. Kinds take turns."""
    shutil.copytree(bench.base / "output", folder / "output")
    kind = bench.kinds[seed % len(bench.kinds)]
    case = BREAK[kind](Case(seed, kind, folder, bench.server), random.Random(seed))
    journals = {path: whole_lines(path) for path in sorted((folder / "output").glob("*/*.jsonl")) if is_journal(path)}
    start = in_a_process if BEFORE_IMPORTS & case.environment.keys() else bench.start
    label = f"[{kind}] {case.label} :: docgen {' '.join(case.command)[:150]!r}"
    begun = time.monotonic()
    try:
        done = start(case.command, folder, plain_environment() | case.environment, SECONDS)
    except (ValueError, OSError) as error:  # a system call that takes no such argument: there was no command
        refused = "null byte" in str(error) or "too long" in str(error)
        return Outcome(seed, kind, None, 0.0, 0.0, "" if refused else f"{label}: {error}")
    complaint = what_is_wrong(done, folder, journals)
    seconds = round(time.monotonic() - begun, 2)
    return Outcome(
        seed, kind, done.code, seconds, round(done.cpu, 2), complaint and f"{label}: {complaint}", done.output
    )


def what_is_wrong(done: Done, folder: Path, journals: dict[Path, Counter[bytes]]) -> str:
    """What a command broke that it must not, or nothing."""
    if done.code is None:
        return f"hung for {SECONDS} s"
    if "Traceback (most recent call last)" in done.output:
        return done.output.strip().splitlines()[-1][:200]
    if "Exception ignored" in done.output or "never retrieved" in done.output:
        return done.output.strip()[-200:]
    if done.code not in EXIT_CODES:
        return f"exit {done.code}: {done.output.strip()[-200:]}"
    for path, before in journals.items():
        # an attempt that stands twice, as after a doubled file, is kept once: RunFolder.drop_repeated_attempts
        expected = Counter(before.keys()) if path.name == "attempts.jsonl" else before
        if not path.exists() or expected - whole_lines(path):
            return f"{path.name} lost lines"
    if KEY in done.output:
        return "the key is on the screen"
    told = [path for path in folder.rglob("*") if path.is_file() and KEY.encode() in bytes_of(path)]
    return f"the key is in {told[0].name}" if told else ""


def is_journal(path: Path) -> bool:
    """Files that only ever grow."""
    return path.name in ("llm.jsonl", "attempts.jsonl") and path.is_file() and not path.is_symlink()


def bytes_of(path: Path) -> bytes:
    """What a file holds; nothing if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def whole_lines(path: Path) -> Counter[bytes]:
    """Lines that are JSON objects."""
    lines = bytes_of(path).split(b"\n")
    return Counter(line for line in lines if line.startswith(b"{") and line.endswith(b"}") and is_json(line))


def is_json(line: bytes) -> bool:
    """Whether a line can be read."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
