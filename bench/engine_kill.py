"""Kill -9 at random moments of jobs against a faulty server: nothing lost, nothing paid twice but what was in flight.

    python bench/engine_kill.py [--kills 30] [--caps 20] [--modes sync openai batch openai-batch] [--json FILE]

Synchronous jobs (by the Messages API; openai: by chat completions) meet every failure at 20 %; batch jobs errored and
expired items at 20 % each and lost replies to batch creation at 20 %. Jobs of 400 requests are killed up to five times
each and left to finish, until each kind has seen that many kills. Last, jobs under random caps, each killed once and
resumed twice, whose bill by the server's own count must never pass the cap. Exit code 1 if a promise was broken.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.machine import machine
from tests.e2e.forked_commands import CommandForker
from tests.llm.kill_and_resume import CONCURRENCY, Kill, Outcome, capped, kill_and_resume
from tests.loopback import BatchOptions, Options, every_fault

COUNT, PER_JOB = 400, 5
COSTS = {"sync": 0.015, "openai": 0.015, "batch": 0.008, "openai-batch": 0.008}
"""Dollars that a whole job costs, about; caps are a fifth to four fifths of it."""
OPTIONS = {
    "sync": Options(faults=every_fault(0.2), latency=0.1, jitter=0.2),
    "openai": Options(faults=every_fault(0.2), latency=0.1, jitter=0.2),
    "batch": Options(batches=BatchOptions(seconds=0.5, errored=0.2, expired=0.2, lost_create=0.2)),
    "openai-batch": Options(batches=BatchOptions(seconds=0.5, errored=0.2, expired=0.2, lost_create=0.2)),
}


@dataclass(frozen=True)
class Capped:
    """A job under a cap: dollars allowed and billed."""

    mode: str
    cap: float
    billed: float
    replies: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--caps", type=int, default=20)
    parser.add_argument("--modes", nargs="+", choices=OPTIONS, default=list(OPTIONS))
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    print(machine("anthropic"), flush=True)
    with CommandForker() as forker:
        jobs = {mode: list(_jobs(mode, args.kills, forker)) for mode in args.modes}
        caps = [_capped(args.modes[seed % len(args.modes)], seed, forker) for seed in range(args.caps)]
    _print_jobs(jobs)
    _print_caps(caps)
    if args.json:
        rows = {mode: [asdict(job) for job in done] for mode, done in jobs.items()}
        args.json.write_text(json.dumps({**rows, "caps": [asdict(cap) for cap in caps]}, indent=1))
    good = all(_kept(mode, job) for mode, done in jobs.items() for job in done)
    sys.exit(0 if good and all(cap.billed <= cap.cap for cap in caps) else 1)


def _jobs(mode: str, kills: int, forker: CommandForker) -> Iterator[Outcome]:
    """Jobs with new seeds until there have been so many kills."""
    seed = had = 0
    while had < kills:
        options = OPTIONS[mode].model_copy(update={"seed": seed})
        with tempfile.TemporaryDirectory() as folder:
            job = kill_and_resume(options, Path(folder), COUNT, mode, min(PER_JOB, kills - had), seed, forker)
        seed, had = seed + 1, had + len(job.kills)
        print(f"{mode} {had} of {kills} kills{'' if _kept(mode, job) else f': BROKEN {job}'}", file=sys.stderr)
        yield job


def _kept(mode: str, job: Outcome) -> bool:
    """Whether a job kept every promise. In batch jobs a kill may lose the one request that is sent ahead by itself."""
    whole = job.replies == COUNT and not job.submitted_twice and not job.notices and job.exact
    lost = sum(kill.unused for kill in job.kills)
    each = all(kill.unused <= (1 if mode.endswith("batch") else CONCURRENCY) for kill in job.kills)
    return whole and each and job.wasted == lost and job.billed <= job.booked + job.perhaps + 1e-9


def _capped(mode: str, seed: int, forker: CommandForker) -> Capped:
    cap = random.Random(seed).uniform(0.2, 0.8) * COSTS[mode]
    options = OPTIONS[mode].model_copy(update={"seed": seed})
    with tempfile.TemporaryDirectory() as folder:
        dollars, replies = capped(options, Path(folder), COUNT, mode, cap, seed, forker)
    print(f"cap {seed + 1}: {mode}, ${dollars:.5f} of ${cap:.5f}", file=sys.stderr)
    return Capped(mode, cap, dollars, replies)


def _print_jobs(jobs: dict[str, list[Outcome]]) -> None:
    print(f"\n| | {' | '.join(jobs)} |\n| --- |{' --- |' * len(jobs)}")
    kills: list[list[Kill]] = [[kill for job in done for kill in job.kills] for done in jobs.values()]
    lines = {
        "jobs of 400 requests, all completed": [
            f"{sum(j.replies == COUNT for j in d)} of {len(d)}" for d in jobs.values()
        ],
        "kill -9": [f"{len(k)}" for k in kills],
        "in flight at the server when killed, mean and most": [_spread([k.in_flight for k in each]) for each in kills],
        "replies paid and not used, per kill, mean and most": [_spread([k.unused for k in each]) for each in kills],
        "the same, in all, of replies paid": [
            f"{sum(j.wasted for j in d)} of {sum(j.wasted + j.replies for j in d)}" for d in jobs.values()
        ],
        "batch items submitted twice": [f"{sum(j.submitted_twice for j in d)}" for d in jobs.values()],
        "billed by the server's count": [f"${sum(j.billed for j in d):.5f}" for d in jobs.values()],
        "booked by docgen": [f"${sum(j.booked for j in d):.5f}" for d in jobs.values()],
        "booked is the bill less what was not used": [f"{sum(j.exact for j in d)} of {len(d)}" for d in jobs.values()],
    }
    for name, cells in lines.items():
        print(f"| {name} | {' | '.join(cells)} |")
    broken = sum(not _kept(mode, job) for mode, done in jobs.items() for job in done)
    print(f"\nJobs that broke a promise: {broken}")


def _spread(values: list[int]) -> str:
    return f"{statistics.fmean(values):.1f}, {max(values)}" if values else "-"


def _print_caps(caps: list[Capped]) -> None:
    if not caps:
        return
    print(f"Caps passed by the server's count: {sum(cap.billed > cap.cap for cap in caps)} of {len(caps)}")
    for mode in dict.fromkeys(cap.mode for cap in caps):
        used = [cap.billed / cap.cap for cap in caps if cap.mode == mode]
        print(f"  {mode}: {min(used):.0%} to {max(used):.0%} of the cap used, median {statistics.median(used):.0%}")


if __name__ == "__main__":
    main()
