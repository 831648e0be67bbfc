"""The main job over a Messages server that fails a fifth of its calls in every way, then killed again and again.

    python bench/crash.py [--n 300] [--kills 20] [--seed 1]

1. Unbroken: n documents accepted, and every count of the report beside the server's own.
2. Killed (kill -9) at random moments, in start-up and at work, each time begun again with the same command: the corpus
   has the same size and salience; calls that the server billed and no journal holds ("lost") are at most those that
   were in flight at a kill, and none besides.

Exits 1 if any of it does not hold.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.machine import machine
from tests.e2e.kill_and_account import Job, Kill, asked
from tests.loopback import LoopbackProcess, Options, every_fault

FAULTS = 0.2
CONCURRENCY = 8
STARTUP_KILLS = 0.2
"""Share of the kills before the first reply of a start."""
CALLS_PER_DOCUMENT = 1.6
"""About what a killed job comes to; spreads the kills over the whole of it."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(machine("anthropic", "aiohttp"), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        whole, held = unbroken(folder / "whole", args.n)
        held &= killed(folder / "killed", args.n, args.kills, random.Random(args.seed), whole)
    print("all of it holds" if held else "IT DOES NOT HOLD")
    return 0 if held else 1


def unbroken(folder: Path, n: int) -> tuple[dict[str, int], bool]:
    """Salience of the job left alone, and whether its books balance."""
    with served(folder, n, latency=0.02) as job:
        begun = time.perf_counter()
        code, errors = job.finish()
        seconds, status, figures, books = time.perf_counter() - begun, job.status(), asked(job.url), job.books()
        faults = {name: count for name, count in sorted(figures["answers"].items()) if name != "200"}
        print(f"\nUnbroken, n={n}, {FAULTS:.0%} of calls fail: exit {code} after {seconds:.1f} s {errors[-300:]}")
        print(f"  server: {books.billed} replies billed; faults {faults}")
        calls = sum(line["calls"] for line in status["spending"])
        print(f"  report: {calls} calls, {status['attempts']} attempts = {status['accepted']} accepted + "
              f"{status['rejected']} rejected {status['reasons']}, {status['failed']} failed")  # fmt: skip
        sums = status["attempts"] == status["accepted"] + status["rejected"] and calls == books.billed
        held = code == 0 and sums and status["accepted"] == job.corpus().height == n and books.lost == 0
        print(f"  {'holds' if held else 'DOES NOT HOLD'}: lost {books.lost}")
        return job.salience(), held


def killed(folder: Path, n: int, kills: int, rng: random.Random, whole: dict[str, int]) -> bool:
    """Whether a job that was killed so often ends as the unbroken one did."""
    with served(folder, n, latency=0.3) as job:
        print(
            f"\nKilled {kills} times, n={n}\n  {'kill':>4} {'after':>22} {'journalled':>10} {'accepted':>8} {'lost':>4}"
        )
        step = round(CALLS_PER_DOCUMENT * n / kills)
        numbers = range(1, kills + 1)
        done = [kill for number in numbers if (kill := one_kill(job, number, rng, rng.randint(1, step)))]
        before = job.books().lost
        code, errors = job.finish()
        books, salience, keys = job.books(), job.salience(), job.keys()
        balanced = before == books.lost == sum(kill.lost for kill in done)
        print(f"  finished: exit {code} {errors[-300:]}\n  accepted {job.corpus().height}, salience {salience}")
        print(f"  server: {books.billed} replies billed; journal: {books.journalled}; lost {books.lost}")
        print(f"  {'all' if balanced else 'NOT ALL'} of the lost ones were in flight at a kill")
        return (
            code == 0
            and len(done) == kills
            and (job.corpus().height, salience) == (n, whole)
            and len(keys) == len(set(keys))
            and balanced
            and all(kill.lost <= CONCURRENCY for kill in done)
        )


def one_kill(job: Job, number: int, rng: random.Random, replies: int) -> Kill | None:
    """Kill it once and say what that cost."""
    kill = job.kill(rng.uniform(0.0, 1.5), 0) if rng.random() < STARTUP_KILLS else job.kill(rng.random() / 3, replies)
    if kill is None:
        print(f"  {number:>4} it was done before")
        return None
    when = f"{kill.replies} replies + {kill.seconds:.2f} s"
    print(f"  {number:>4} {when:>22} {kill.journalled:>10} {kill.accepted:>8} {kill.lost:>4}", flush=True)
    return kill


@contextmanager
def served(folder: Path, n: int, latency: float) -> Iterator[Job]:
    """A job with a server of its own."""
    folder.mkdir()
    log = folder / "billed.jsonl"
    options = Options(faults=every_fault(FAULTS), latency=latency, jitter=latency, log=str(log), seed=n)
    with LoopbackProcess(options) as server:
        yield Job(folder / "work", server.url, log, n, CONCURRENCY)


if __name__ == "__main__":
    sys.exit(main())
