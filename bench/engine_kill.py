"""Kill -9 at random moments of jobs against a faulty server: nothing lost, nothing paid twice but what was in flight.

    python bench/engine_kill.py [--jobs 6] [--kills 5]

Synchronous jobs meet every failure at 20 %; batch jobs errored and expired items at 20 % each and lost replies to batch
creation at 20 %. Each job is killed and resumed `--kills` times and then left to finish. Last, 20 jobs under random
caps, each killed once and resumed, whose bill by the server's own count must never pass the cap.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.machine import machine
from tests.llm.killing import CONCURRENCY, Outcome, capped, kill_and_resume
from tests.loopback import BatchOptions, Options, every_fault

COUNT = 400
OPTIONS = {
    "sync": Options(faults=every_fault(0.2), latency=0.1, jitter=0.2),
    "batch": Options(batches=BatchOptions(seconds=0.5, errored=0.2, expired=0.2, lost_create=0.2)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--caps", type=int, default=20)
    args = parser.parse_args()
    print(machine("anthropic"))
    bad = [mode for mode in OPTIONS for seed in range(args.jobs) if not _job(mode, seed, args.kills)]
    over = [seed for seed in range(args.caps) if not _cap(seed)]
    print(f"jobs that broke a promise: {len(bad)}; caps passed: {len(over)}")
    sys.exit(1 if bad or over else 0)


def _job(mode: str, seed: int, kills: int) -> bool:
    options = OPTIONS[mode].model_copy(update={"seed": seed})
    with tempfile.TemporaryDirectory() as folder:
        found = kill_and_resume(options, Path(folder), COUNT, mode, kills, seed)
    allowed = found.kills * (CONCURRENCY if mode == "sync" else 1)
    good = found.replies == COUNT and found.wasted <= allowed and not found.submitted_twice and not found.notices
    print(f"{mode:5} seed {seed}: {_line(found, allowed)} {'ok' if good else 'BROKEN'}", flush=True)
    return good


def _line(found: Outcome, allowed: int) -> str:
    return (
        f"{found.kills} kills, {found.starts} starts, {found.replies} replies, paid and not used {found.wasted} "
        f"(in flight at kills: at most {allowed}), batch items submitted twice {found.submitted_twice}, "
        f"billed ${found.billed:.5f}, booked ${found.booked:.5f}"
    )


def _cap(seed: int) -> bool:
    cap = random.Random(seed).uniform(0.006, 0.03)
    mode = "batch" if seed % 2 else "sync"
    options = OPTIONS[mode].model_copy(update={"seed": seed})
    with tempfile.TemporaryDirectory() as folder:
        billed, replies = capped(options, Path(folder), COUNT, mode, cap, seed)
    good = billed <= cap
    print(f"cap ${cap:.5f} {mode:5}: billed ${billed:.5f}, {replies} replies {'ok' if good else 'PASSED'}", flush=True)
    return good


if __name__ == "__main__":
    main()
