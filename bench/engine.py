"""The engine beside the bare SDK and peers that generate synthetic data, against a loopback server in its own process.

    python bench/engine.py [--n 5000] [--repeat 3] [--rows 10000 50000]
                           [--peer curator=/venv/bin/python] [--peer datadesigner=/venv/bin/python]

Requests per second are the server's: from the first request that reached it to the last reply, so that nobody's imports
or closing work count. Contestants take turns, and the median of the repetitions is shown, because machines are shared.
At 500 ms latency n is cut to what takes 15 s at the ideal rate. CPU per request is the slope between a small and a
large n. Peers run in environments of their own: `uv venv X; uv pip install --python X/bin/python bespokelabs-curator`
(or data-designer).
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.machine import machine
from tests.loopback import LoopbackProcess, Options

HERE = Path(__file__).parent
CONCURRENCY, LATENCIES = (8, 64, 512, 1000), (0.0, 0.5)
PEERS_AT = ((64, 0.0), (512, 0.5))
SMALL = 500


@dataclass(frozen=True)
class Contestant:
    """A script and the Python to run it with."""

    name: str
    script: Path
    python: str

    def run(self, n: int, concurrency: int, latency: float) -> dict[str, Any] | None:
        """One run against a fresh server; None (and a line) if it did not bring its n replies."""
        with tempfile.TemporaryDirectory() as folder, LoopbackProcess(_options(latency)) as server:
            command = [self.python, str(self.script), server.url, str(n), str(concurrency), folder]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            found = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
            row = json.loads(found[-1].removeprefix("RESULT ")) if found else {"replies": 0}
            if row["replies"] != n:
                print(f"{self.name}: {row['replies']} of {n} replies; {done.stderr[-300:]!r}", file=sys.stderr)
                return None
            with urllib.request.urlopen(server.url + "/stats") as reply:
                stats = json.load(reply)
        return {**row, "rate": n / stats["seconds"], "peak": stats["peak"]}


def _options(latency: float) -> Options:
    return Options(latency=latency, canned=True, words=300)


def main() -> None:
    args = _arguments()
    print(machine("anthropic", "aiohttp"), flush=True)
    own = [Contestant("sdk", HERE / "engine_sdk.py", sys.executable)]
    own.append(Contestant("docgen", HERE / "engine_docgen.py", sys.executable))
    peers = [_peer(text) for text in args.peer]
    for latency in LATENCIES:
        for concurrency in args.concurrency:
            n = args.n if not latency else min(args.n, round(15 * concurrency / latency))
            here = own + (peers if (concurrency, latency) in PEERS_AT else [])
            _print_rates(latency, concurrency, n, _rates(here, n, concurrency, latency, args.repeat))
    for contestant in own + peers:
        _print_slopes(contestant, args.rows if contestant in own else [SMALL, args.n])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=5000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--concurrency", type=int, nargs="+", default=CONCURRENCY)
    parser.add_argument("--rows", type=int, nargs=2, default=[10_000, 50_000])
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    return parser.parse_args()


def _peer(text: str) -> Contestant:
    name, _, python = text.partition("=")
    return Contestant(name, HERE / "peers" / f"engine_{name}.py", python)


def _rates(
    contestants: list[Contestant], n: int, concurrency: int, latency: float, repeat: int
) -> Iterator[tuple[str, list[float]]]:
    found: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    for _ in range(repeat):
        for contestant in contestants:
            row = contestant.run(n, concurrency, latency)
            if row is not None:
                found[contestant.name].append(row["rate"])
    return iter(found.items())


def _print_rates(latency: float, concurrency: int, n: int, rates: Iterator[tuple[str, list[float]]]) -> None:
    medians = {name: statistics.median(values) for name, values in rates if values}
    base = medians.get("sdk", 0.0)
    cells = [f"{name} {rate:.0f}/s ({rate / base:.2f} of sdk)" for name, rate in medians.items() if base]
    print(f"{latency * 1000:3.0f} ms, {concurrency:4} in flight, n {n}: " + ", ".join(cells), flush=True)


def _print_slopes(contestant: Contestant, rows: list[int]) -> None:
    small, large = (contestant.run(n, 64, 0.0) for n in rows)
    if small is None or large is None:
        return
    more = rows[1] - rows[0]
    cpu = (large["cpu"] - small["cpu"]) / more * 1000
    memory = (large["grown_kb"] - small["grown_kb"]) / more
    disk = (large["disk"] - small["disk"]) / more
    print(
        f"{contestant.name}: {cpu:.2f} ms CPU a request, {memory:.2f} kB memory and {disk:.0f} bytes of disk a row "
        f"(from {rows[0]} to {rows[1]} rows; resident at the end {large['peak_kb'] // 1024} MB); {large['version']}",
        flush=True,
    )


if __name__ == "__main__":
    main()
