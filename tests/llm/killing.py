"""Kills a worker at random moments until it has finished, and adds up what was paid and what was used."""

import contextlib
import json
import random
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from docgen.llm.batch_log import read_batches
from docgen.llm.chain import BATCHES_FILE
from docgen.llm.journal import JournalReader
from tests.llm.support import billed
from tests.loopback import LoopbackProcess, Options, Served

ROOT = Path(__file__).parent.parent.parent
CONCURRENCY = 16


@dataclass(frozen=True)
class Outcome:
    """`wasted`: replies that were paid for and not used; `submitted_twice`: batch items that were never lost."""

    kills: int
    starts: int
    replies: int
    wasted: int
    submitted_twice: int
    billed: float
    booked: float
    notices: int


def kill_and_resume(
    options: Options, folder: Path, count: int, mode: str, kills: int, seed: int, longest: float = 1.0
) -> Outcome:
    """Start the worker, kill -9 it after a random while, `kills` times; then let it finish."""
    log = folder / "billed.jsonl"
    rng, done, starts = random.Random(seed), 0, 0
    with LoopbackProcess(options.model_copy(update={"log": str(log)})) as server:
        while True:
            starts += 1
            worker = _start(server.url, folder, count, mode)
            _wait_until_ready(worker)
            if done < kills:
                try:
                    worker.wait(rng.uniform(0.0, longest))
                except subprocess.TimeoutExpired:
                    worker.send_signal(signal.SIGKILL)
                    worker.wait()
                    done += 1
                    continue
            code = worker.wait(120)
            if code == 0 or starts > kills + 20:
                break
    return _outcome(folder, log, done, starts)


def capped(options: Options, folder: Path, count: int, mode: str, cap: float, seed: int) -> tuple[float, int]:
    """(dollars billed, replies in the journal) of a job under a cap, killed once and resumed until the cap ends it."""
    log = folder / "billed.jsonl"
    with LoopbackProcess(options.model_copy(update={"log": str(log)})) as server:
        worker = _start(server.url, folder, count, mode, str(cap))
        _wait_until_ready(worker)
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(random.Random(seed).uniform(0.0, 1.0))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        for _ in range(2):
            _start(server.url, folder, count, mode, str(cap)).wait(300)
    return billed(served_rows(log)), len(JournalReader(folder / "llm.jsonl"))


def _start(url: str, folder: Path, count: int, mode: str, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.llm.worker", url, str(folder), str(count), mode, *more]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


def _wait_until_ready(worker: subprocess.Popen[bytes]) -> None:
    """Killing a process that is still importing would prove nothing."""
    if worker.stdout is None or worker.stdout.readline() != b"ready\n":
        raise RuntimeError(f"the worker ended with {worker.wait()} before it began")


def served_rows(log: Path) -> list[Served]:
    """What the server billed."""
    return [Served(**json.loads(line)) for line in log.read_text().splitlines()]


def _outcome(folder: Path, log: Path, kills: int, starts: int) -> Outcome:
    rows = served_rows(log)
    journal = JournalReader(folder / "llm.jsonl")
    batches = read_batches(folder / BATCHES_FILE)
    batched = [row.request for row in rows if row.batched]
    return Outcome(
        kills=kills,
        starts=starts,
        replies=len(journal),
        wasted=len(rows) - len(journal),
        submitted_twice=len(batched) - len(set(batched)),
        billed=billed(rows),
        booked=journal.totals.all.dollars,
        notices=journal.bad_lines + sum(entry.open for entry in batches),
    )
