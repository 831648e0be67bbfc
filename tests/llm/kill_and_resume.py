"""Kills a worker at random moments until it has finished, and adds up what was billed and what was used."""

import contextlib
import json
import random
import subprocess
import time
import urllib.request
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from docgen.files.append_log import read_lines
from docgen.llm.batch.log import read_batches
from docgen.llm.cost.budget import SPEND_FILE, uncertain_dollars
from docgen.llm.engine import BATCHES_FILE
from docgen.llm.journal import JournalReader
from tests.e2e.forked_commands import Child, CommandForker
from tests.llm.support import billed
from tests.loopback import Loopback, Options, Served

CONCURRENCY = 16


@dataclass(frozen=True)
class Kill:
    """One kill -9. `in_flight`: calls at the server just before; `unused`: replies billed that never arrived."""

    in_flight: int
    unused: int


@dataclass(frozen=True)
class Outcome:
    """The outcome of a job.

    `wasted`: replies that were paid for and not used; `submitted_twice`: batch items that were never lost; `exact`:
    whether the booked dollars are the server's, less what the unused replies cost; `perhaps`: dollars that the ledger
    holds for what may have been billed; `notices`: damaged lines and batches left open.
    """

    kills: tuple[Kill, ...]
    starts: int
    replies: int
    wasted: int
    submitted_twice: int
    billed: float
    booked: float
    perhaps: float
    exact: bool
    notices: int


def kill_and_resume(
    options: Options,
    folder: Path,
    count: int,
    mode: str,
    kills: int,
    seed: int,
    forker: CommandForker,
    longest: float = 1.0,
) -> Outcome:
    """Start the worker and kill -9 it after a random time, `kills` times; then let it finish."""
    log, done, starts = folder / "billed.jsonl", list[Kill](), 0
    rng = random.Random(seed)
    with Loopback(options.model_copy(update={"log": str(log)})) as server:
        while starts <= kills + 20:
            starts += 1
            worker = _fork(forker, server.url, folder, count, mode)
            if len(done) < kills and not _ended_within(worker, rng.uniform(0.0, longest)):
                done.append(_kill(worker, server.url, folder, sum(kill.unused for kill in done)))
            elif worker.wait(120) == 0:
                break
    return _outcome(folder, log, tuple(done), starts)


def capped(
    options: Options, folder: Path, count: int, mode: str, cap: float, seed: int, forker: CommandForker
) -> tuple[float, int]:
    """(dollars billed, replies in the journal) of a job under a cap, killed once and resumed until the cap ends it."""
    log = folder / "billed.jsonl"
    with Loopback(options.model_copy(update={"log": str(log)})) as server:
        job = (forker, server.url, folder, count, mode, str(cap))
        worker = _fork(*job)
        _ended_within(worker, random.Random(seed).uniform(0.0, 1.0))
        worker.kill()
        for _ in range(2):
            _fork(*job).wait(300)
    return billed(served_rows(log)), len(JournalReader(folder / "llm.jsonl"))


def _fork(forker: CommandForker, url: str, folder: Path, count: int, mode: str, *cap: str) -> Child:
    """A worker that has begun: killing it earlier would prove nothing."""
    said = folder / "worker.txt"
    said.unlink(missing_ok=True)
    worker = forker.start([url, str(folder), str(count), mode, *cap], folder, errors=said, module="tests.llm.worker")
    while not (said.exists() and b"ready\n" in said.read_bytes()):
        if worker.poll() is not None:
            raise RuntimeError(f"the worker ended with {worker.poll()} before it began")
        time.sleep(0.005)
    return worker


def _ended_within(worker: Child, seconds: float) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        worker.wait(seconds)
    return worker.returncode is not None


def _kill(worker: Child, url: str, folder: Path, unused_before: int) -> Kill:
    """Kill it, and count the replies that the server bills and the journal does not have."""
    in_flight = _in_flight(url)
    worker.kill()
    while _in_flight(url):
        time.sleep(0.02)
    paid = sum(not row.batched for row in served_rows(folder / "billed.jsonl"))
    journalled = sum(not json.loads(line)["batched"] for _, line in read_lines(folder / "llm.jsonl"))
    return Kill(in_flight, paid - journalled - unused_before)


def _in_flight(url: str) -> int:
    with urllib.request.urlopen(url + "/stats") as reply:
        return int(json.load(reply)["in_flight"])


def served_rows(log: Path) -> list[Served]:
    """What the server billed."""
    return [Served(**json.loads(line)) for _, line in read_lines(log)]


def _outcome(folder: Path, log: Path, kills: tuple[Kill, ...], starts: int) -> Outcome:
    rows = served_rows(log)
    journal = JournalReader(folder / "llm.jsonl")
    batches = read_batches(folder / BATCHES_FILE)
    batched = [row.request for row in rows if row.batched]
    total, booked = billed(rows), journal.totals.all.dollars
    least, most = _once_each(rows)
    return Outcome(
        kills=kills,
        starts=starts,
        replies=len(journal),
        wasted=len(rows) - len(journal),
        submitted_twice=len(batched) - len(set(batched)),
        billed=total,
        booked=booked,
        perhaps=uncertain_dollars(folder / SPEND_FILE),
        exact=least - 1e-9 <= booked <= most + 1e-9,
        notices=journal.bad_lines + sum(entry.open for entry in batches),
    )


def _once_each(rows: list[Served]) -> tuple[float, float]:
    """Least and most dollars for one reply per request; they differ if a request was billed twice, at two lengths."""
    costs = defaultdict[str, list[float]](list)
    for row in rows:
        costs[f"{row.request} {row.batched}"].append(billed([row]))
    return sum(map(min, costs.values())), sum(map(max, costs.values()))
