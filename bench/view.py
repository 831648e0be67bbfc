"""The explorer on a million documents: index, disk, cold start, memory, and the time of every page and search.

    python bench/view.py [--n 1000000] [--run FOLDER] [--repeats 15] [--only index|pages]

Makes a run that nobody wrote (bench/view_corpus.py), unless --run names one made before, indexes it in a process of
its own, then starts `docgen view` and asks for each page over HTTP, one after the other. Searches are asked for each
time in words that were not asked for before, so that nothing is answered from memory. Beside the time by the clock
stands the processor's: on a machine that does other things as well, it says what an idle one would take. Exits 1 if
the smaller of the two is above a bound.
"""

import argparse
import http.client
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from bench.machine import machine
from bench.view_corpus import FACTS, PLANTED, TYPES, make_run

INDEX_SECONDS, DISK_BYTES, COLD_SECONDS, PAGE_SECONDS, PEAK_BYTES = 180, 2 << 30, 1.0, 0.3, 300 << 20
PORT = 8847
INDEX = """
import sys, time
from docgen.explorer.corpus_opening import open_views
begun = time.perf_counter()
open_views([sys.argv[1]])
print(time.perf_counter() - begun)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--run", type=Path, help="folder of a run made before; kept")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--only", choices=("index", "pages"), help="one half; pages need an index made before")
    args = parser.parse_args()
    print(machine("starlette", "uvicorn"), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        run = args.run or Path(scratch) / "bench"
        if not (run / "run.json").exists():
            make_run(run, args.n)
        print(f"load average {os.getloadavg()[0]:.1f}", flush=True)
        is_within = True
        if args.only != "pages":
            is_within = measure_index(run)
        if args.only != "index":
            is_within &= measure_pages(run, args.n, args.repeats)
        return int(not is_within)


def measure_index(run: Path) -> bool:
    """Print how long indexing takes and what it makes; whether that is within the bounds."""
    shutil.rmtree(run / "view", ignore_errors=True)
    seconds, cpu_seconds, peak = index(run)
    disk = sum(file.stat().st_size for file in (run / "view").iterdir())
    corpus = (run / "attempts.jsonl").stat().st_size
    print(f"index   {seconds:8.1f} s   {cpu_seconds:.1f} s of CPU, peak {peak / 2**20:,.0f} MiB")
    print(f"disk    {disk / 2**30:8.2f} GiB for {corpus / 2**30:.2f} GiB of attempts", flush=True)
    return min(seconds, cpu_seconds) <= INDEX_SECONDS and disk <= DISK_BYTES and peak <= PEAK_BYTES


def measure_pages(run: Path, n: int, repeats: int) -> bool:
    """Print how long the first page, every page and searches take, and the server's memory; whether within the bounds.

    The first page and searches are the smaller of the times by the clock and of CPU.
    """
    cold, cold_cpu = min(cold_start(run) for _ in range(3))
    print(f"cold start {cold:5.2f} s to the first page, {cold_cpu:.2f} s of CPU", flush=True)
    slowest = slowest_cpu = 0.0
    with server(run) as (pid, ask):
        for name, addresses in pages(run.name, n, repeats).items():
            both = [timed(ask, pid, address) for address in addresses]
            (p50, p95), (cpu50, cpu95) = (quantiles(column) for column in zip(*both, strict=True))
            slowest, slowest_cpu = max(slowest, p95), max(slowest_cpu, cpu95)
            clock, cpu = f"{1e3 * p50:6.0f} {1e3 * p95:6.0f}", f"{1e3 * cpu50:5.0f} {1e3 * cpu95:5.0f}"
            print(f"{name:36} p50, p95 in ms: {clock} by the clock, {cpu} of CPU", flush=True)
        peak = peak_of(pid)
    print(
        f"slowest p95 {1e3 * slowest:.0f} ms, {1e3 * slowest_cpu:.0f} ms of CPU; memory {peak / 2**20:,.0f} MiB at most"
    )
    return min(cold, cold_cpu) <= COLD_SECONDS and min(slowest, slowest_cpu) <= PAGE_SECONDS and peak <= PEAK_BYTES


def quantiles(times: Iterable[float]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    ordered = sorted(times)
    return ordered[len(ordered) // 2], ordered[int(0.95 * (len(ordered) - 1))]


def timed(ask: "Ask", pid: int, address: str) -> tuple[float, float]:
    """Seconds by the clock and of the server's CPU that an answer takes."""
    before = cpu_of(pid)
    return ask(address), cpu_of(pid) - before


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def index(run: Path) -> tuple[float, float, int]:
    """Seconds that indexing takes by the clock and of CPU, and the peak of its memory in bytes."""
    process = subprocess.Popen([sys.executable, "-c", INDEX, str(run)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit("indexing failed")
    return float(output), used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def cold_start(run: Path) -> tuple[float, float]:
    """Seconds from starting the command to the end of the first page, by the clock and of CPU."""
    begun = time.perf_counter()
    with server(run) as (pid, _):
        return time.perf_counter() - begun, cpu_of(pid)


@contextmanager
def server(run: Path) -> Iterator[tuple[int, "Ask"]]:
    """`docgen view` that has answered once: its process, and what asks it."""
    command = [sys.executable, "-m", "docgen", "view", str(run), "--no-open", "--port", str(PORT), "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        ask = Ask()
        while True:
            try:
                ask(f"/{run.name}/")
                break
            except ConnectionError:
                time.sleep(0.01)
        yield process.pid, ask
    finally:
        process.terminate()
        process.wait()


class Ask:
    """Asks for an address; seconds until the whole answer was there."""

    def __call__(self, address: str) -> float:
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        begun = time.perf_counter()
        connection.request("GET", address)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != 200:
            raise SystemExit(f"{address}: {answer.status}")
        return time.perf_counter() - begun


def pages(run: str, n: int, repeats: int) -> dict[str, list[str]]:
    """Addresses by what they show; each list holds different ones where there are such."""
    rng, base = random.Random(0), f"/{run}"
    docs = [f"d{rng.randrange(n):07d}" for _ in range(repeats)]
    facts = [f"fact_{i % FACTS}" for i in range(repeats)]
    types = [f"type-{i % TYPES}" for i in range(repeats)]
    listed = {
        "overview": [f"{base}/"] * repeats,
        "documents": [f"{base}/documents"] * repeats,
        "documents, deep in": [f"{base}/documents?after={rng.randrange(n)}" for _ in range(repeats)],
        "documents, longest first": [f"{base}/documents?sort=-words&after={rng.randrange(n)}" for _ in range(repeats)],
        "documents of a fact": [f"{base}/documents?fact={name}" for name in facts],
        "documents of a fact and a type": [
            f"{base}/documents?fact={f}&type={t}" for f, t in zip(facts, types, strict=True)
        ],
        "document": [f"{base}/documents/{name}" for name in docs],
        "document.json": [f"{base}/documents/{name}.json" for name in docs],
        "facts": [f"{base}/facts"] * repeats,
        "fact": [f"{base}/facts/{name}" for name in facts],
        "findings": [f"{base}/findings"] * repeats,
        "types": [f"{base}/types"] * repeats,
        "type": [f"{base}/types/{name}" for name in types],
        "idea": [f"{base}/ideas/{name}.{i % 100 + 1}" for i, name in enumerate(types)],
        "duplicates": [f"{base}/duplicates"] * repeats,
        "rejected": [f"{base}/rejected?code=missing_fact&after={rng.randrange(n // 12)}" for _ in range(repeats)],
        "attempt": [f"{base}/rejected/{10 * rng.randrange(n // 10)}-1" for _ in range(repeats)],
        "read ten": [f"{base}/ten?seed={i}" for i in range(repeats)],
        "labels": [f"{base}/labels"] * repeats,
        "blind": [f"{base}/blind"] * repeats,
    }
    for word, share in PLANTED.items():
        fresh = [quote(f"{word} -nowhere{i}") for i in range(repeats)]
        listed[f"search, in {share:.2%} of documents"] = [f"{base}/documents?q={q}" for q in fresh]
        ranked = [quote(f"{word} -never{i}") for i in range(repeats)]
        listed[f"search, in {share:.2%}, best first"] = [f"{base}/documents?q={q}&sort=rank" for q in ranked]
        both = [quote(f"{word} -nohow{i}") for i in range(repeats)]
        pairs = zip(both, facts, strict=True)
        listed[f"search, in {share:.2%}, of a fact"] = [f"{base}/documents?q={q}&fact={f}" for q, f in pairs]
    return listed


def peak_of(pid: int) -> int:
    """Most memory that a process has held, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    sys.exit(main())
