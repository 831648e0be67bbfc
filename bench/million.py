"""A very large run on one machine: time, memory and disk of `docgen run`, and of what is done with the run afterwards.

    python bench/million.py [--n 1000000] [--context tutorial] [--words 80-140] [--engine offline|loopback]
                            [--only COMMAND ...] [--keep FOLDER] [--json FILE]

Every command is a process of its own. Memory is sampled every half second over the process and its children: `own` is
what they allocated (anonymous pages), `resident` also counts pages of mapped files, which the system takes back when it
needs them. With `--engine loopback` a server in another process answers, as an API would. `--engine made` writes a run
folder of n documents that nobody generated (bench/view_corpus.py), for what comes after: a start of `docgen generate`
that finds everything done, and all other commands. A run that is in FOLDER already is only read. Exit code 1 if a
command fails, or if own memory passes 400 MiB and `--allow` bytes a document.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.machine import machine
from bench.view_corpus import make_run
from docgen.options.run import RunConfig
from docgen.pipeline.inputs.requested_inputs import meta_of
from docgen.universe import load_context
from tests.loopback import LoopbackProcess, Options

RUN = "big"
PHASES = (
    ("brainstorm, plan", "slots.jsonl"),
    ("generate", "corpus.parquet"),
    ("measure", "reports/diversity.json"),
    ("duplicates", "reports/dedupe.json"),
    ("export", "export/text/manifest.json"),
)
"""Each phase of a run and the file that ends it."""
SAMPLE_SECONDS = 0.5


@dataclass
class Peak:
    """Seconds, and the most MiB at a time, of a command or a phase of one."""

    seconds: float = 0.0
    own: float = 0.0
    resident: float = 0.0


@dataclass
class Measured:
    """A command: its exit code, CPU seconds, its peak as a whole and by phase."""

    command: str
    code: int = 0
    cpu: float = 0.0
    whole: Peak = field(default_factory=Peak)
    phases: dict[str, Peak] = field(default_factory=dict)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--context", default="tutorial")
    parser.add_argument("--words", default="80-140")
    parser.add_argument("--engine", choices=("offline", "loopback", "made"), default="offline")
    parser.add_argument("--only", nargs="*", help="only the commands that begin with one of these; make: the made run")
    parser.add_argument("--keep", type=Path, help="work in this folder and leave the run there")
    parser.add_argument("--allow", type=int, default=4_000, help="bytes of own memory for each document")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    print(machine("polars", "numba"), flush=True)
    with ExitStack() as stack:
        folder = args.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        measured = list(commands(args, folder.resolve(), stack))
    if args.json:
        args.json.write_text(json.dumps([asdict(each) for each in measured], indent=1) + "\n")
    over = [each.command for each in measured if each.whole.own * 2**20 > 400 * 2**20 + args.allow * args.n]
    failed = [each.command for each in measured if each.code]
    print(f"failed: {failed or 'nothing'}; over {args.allow:,} bytes a document beside 400 MiB: {over or 'nothing'}")
    return int(bool(over or failed))


def commands(args: argparse.Namespace, folder: Path, stack: ExitStack) -> Iterator[Measured]:
    """Measure the run, unless it is there, then each command over it."""
    run = folder / "output" / RUN
    fact = "electric_drive"
    if args.engine == "made":
        fact = "fact_1"
        os.environ["ANTHROPIC_API_KEY"] = "sk-ant-bench-0123456789"
        if not run.exists():
            make_run(run, args.n)
            _journal(run)
        _settle(run, args.n)
        if _is_due(args, "generate"):
            yield told(measure(["generate", RUN, "--keep-context", "--yes", "--json"], folder, None))
    elif not (run / "export" / "text" / "manifest.json").exists():
        engine = ["--engine", "offline"]
        if args.engine == "loopback":
            server = stack.enter_context(LoopbackProcess(Options(words=int(args.words.split("-")[0]) + 5)))
            os.environ["ANTHROPIC_API_KEY"] = "sk-ant-bench-0123456789"
            engine = ["--engine", "anthropic", "--base-url", server.url, "--config", str(_judged_by_nobody(folder))]
        sizes = ["--n", str(args.n), "--words", args.words, "--run", RUN]
        yield told(measure(["run", args.context, *sizes, *engine, "--yes", "--json"], folder, run))
    print(f"disk: {', '.join(f'{name} {size:,.0f} MiB' for name, size in disk(run))}", flush=True)
    for command in (command for command in after(args.n, fact) if _is_due(args, command[0])):
        yield told(measure(command, folder, None))


def _is_due(args: argparse.Namespace, command: str) -> bool:
    return not args.only or command in args.only


def after(n: int, fact: str) -> list[list[str]]:
    """What is done with a run of n documents that carry a fact."""
    return [
        ["status", RUN, "--json"],
        ["runs", "--json"],
        ["show", RUN, "--sample", "3", "--json"],
        ["show", RUN, "17", "--json"],
        ["show", RUN, "--rejected", "--sample", "3", "--json"],
        ["audit", "all", RUN, "--json"],
        ["export", RUN, "--format", "trl", "--json"],
        ["select", RUN, "--n", str(n // 10), "--salience", f"{fact}=0.01", "--out", "chosen.parquet", "--json"],
        ["dedupe", RUN, "--json"],
        ["status", RUN, "--json"],
    ]


def _settle(run: Path, n: int) -> None:
    """Write run.json with settings and templates of today."""
    config = RunConfig(n=n, engine="anthropic", model="claude-bench", verify=0)
    meta = meta_of(config, load_context(run / "context.yaml"), "", [])
    (run / "run.json").write_text(json.dumps(meta))


def _journal(run: Path) -> None:
    """Write a reply for every attempt, each of the length of a document."""
    entry = {"stage": "document", "engine": "anthropic", "model": "claude-bench", "stop_reason": "end_turn"}
    rest = {"category": "", "usage": [1500, 300, 0, 0], "dollars": 0.001, "batched": False, "text": "word " * 250}
    line = json.dumps({**entry, **rest})[1:].encode()
    with (run / "attempts.jsonl").open("rb") as attempts, (run / "llm.jsonl").open("wb") as journal:
        for number, _ in enumerate(attempts):
            journal.write(b'{"key": "%032x", ' % number + line + b"\n")


def _judged_by_nobody(folder: Path) -> Path:
    file = folder / "settings.toml"
    file.write_text("verify = 0\n")
    return file


def told(measured: Measured) -> Measured:
    """Print it, and return it."""
    whole = measured.whole
    print(
        f"{measured.command}\n    exit {measured.code}, {whole.seconds:,.1f} s ({measured.cpu:,.1f} s of CPU), "
        f"peak {whole.own:,.0f} MiB own, {whole.resident:,.0f} MiB resident"
    )
    for name, peak in measured.phases.items():
        print(f"    {name:>18}: {peak.seconds:8,.1f} s, {peak.own:7,.0f} MiB own, {peak.resident:7,.0f} MiB resident")
    sys.stdout.flush()
    return measured


def measure(command: list[str], folder: Path, run: Path | None) -> Measured:
    """Carry out one command; with `run`, by the phases that its files show."""
    result = Measured("docgen " + " ".join(command))
    with (folder / "output.txt").open("wb") as out, (folder / "errors.txt").open("wb") as errors:
        begun = last = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "docgen", *command], cwd=folder, stdout=out, stderr=errors)
        while True:
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            own, resident = memory(process.pid)
            now = time.perf_counter()
            parts = [result.whole, *([result.phases.setdefault(phase_of(run), Peak())] if run else [])]
            for part in parts:
                part.seconds += now - last
                part.own, part.resident = max(part.own, own), max(part.resident, resident)
            last = now
            if pid:
                break
            time.sleep(SAMPLE_SECONDS if now - begun > 10 else 0.02)
    process.returncode = os.waitstatus_to_exitcode(status)
    result.code, result.cpu = process.returncode, used.ru_utime + used.ru_stime
    if result.code:
        print((folder / "errors.txt").read_text()[-1500:])
    return result


def phase_of(run: Path) -> str:
    """The phase that a run is in."""
    return next((name for name, file in PHASES if not (run / file).exists()), "the rest")


def memory(pid: int) -> tuple[float, float]:
    """MiB allocated and resident, of a process and its descendants."""
    own = resident = 0.0
    for each in _family(pid):
        try:
            lines = Path(f"/proc/{each}/status").read_text().splitlines()
        except OSError:
            continue
        fields = {line.partition(":")[0]: line.partition(":")[2].split() for line in lines}
        own += int(fields["RssAnon"][0]) / 1024 if "RssAnon" in fields else 0
        resident += int(fields["VmRSS"][0]) / 1024 if "VmRSS" in fields else 0
    return own, resident


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = [
            int(word)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for word in (task / "children").read_text().split()
        ]
    except OSError:
        return
    for child in children:
        yield from _family(child)


def disk(run: Path) -> list[tuple[str, float]]:
    """MiB of each large file or folder of a run, and of all of it."""
    sizes: dict[str, float] = {}
    for file in run.rglob("*"):
        if file.is_file():
            name = file.relative_to(run).parts[0]
            sizes[name] = sizes.get(name, 0.0) + file.stat().st_size / 2**20
    return [*((name, size) for name, size in sorted(sizes.items()) if size >= 1), ("in all", sum(sizes.values()))]


if __name__ == "__main__":
    raise SystemExit(main())
