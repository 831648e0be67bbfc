"""The engine beside the bare SDK and peers that generate synthetic data, against a loopback server in its own process.

    python bench/engine.py [--n 5000] [--repeat 3] [--rows 10000 50000] [--peer-n 2500]
                           [--peer curator=/venv/bin/python] [--peer datadesigner=/venv/bin/python]

Prints two tables in Markdown, in about a quarter of an hour with both peers. Requests per second are the server's: from
the first request that reached it to the last reply, so that nobody's imports or closing work count. Contestants take
turns, and the median of the repetitions is shown, because machines are shared; peers, which are slow, run once. At 500
ms latency n is cut to what takes 8 s at the ideal rate. CPU per request is the slope between a small and a large n.
Peers run in environments of their own: `uv venv X; uv pip install --python X/bin/python bespokelabs-curator` (or
data-designer).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.machine import machine
from tests.loopback import LoopbackProcess, Options

HERE = Path(__file__).parent
CONCURRENCY, LATENCIES = (8, 64, 512, 1000), (0.0, 0.5)
SMALL, SECONDS = 500, 8
CHAT = "docgen by chat completions"


@dataclass(frozen=True)
class Contestant:
    """A script and the Python to run it with; `engine` is docgen's."""

    name: str
    script: Path
    python: str
    engine: str = ""

    def run(self, n: int, concurrency: int, latency: float) -> dict[str, Any] | None:
        """One run against a fresh server; None (and a line) if it did not bring its n replies."""
        with tempfile.TemporaryDirectory() as folder, LoopbackProcess(_options(latency)) as server:
            command = [self.python, str(self.script), server.url, str(n), str(concurrency), folder]
            settings = os.environ | ({"BENCH_ENGINE": self.engine} if self.engine else {})
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=settings)
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
    print(machine("anthropic", "aiohttp") + "\n", flush=True)
    own = [Contestant("bare SDK", HERE / "engine_sdk.py", sys.executable)]
    own.append(Contestant("docgen", HERE / "engine_docgen.py", sys.executable))
    own.append(Contestant(CHAT, HERE / "engine_docgen.py", sys.executable, "openai"))
    peers = [_peer(text) for text in args.peer]
    _head(
        "latency",
        "in flight",
        "n",
        "bare SDK",
        "docgen",
        "of SDK",
        CHAT,
        *(peer.name for peer in peers),
        "of best peer",
    )
    for latency in LATENCIES:
        for concurrency in args.concurrency:
            _print_cell(own, peers, concurrency, latency, args)
    print()
    _head("", "rows", "CPU a request", "memory a row", "disk a row", "resident at the end")
    for contestant in own + peers:
        _print_slopes(contestant, args.rows if contestant in own else [SMALL, args.peer_n])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=5000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--concurrency", type=int, nargs="+", default=CONCURRENCY)
    parser.add_argument("--rows", type=int, nargs=2, default=[10_000, 50_000])
    parser.add_argument("--peer-n", type=int, default=2500)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    return parser.parse_args()


def _peer(text: str) -> Contestant:
    name, _, python = text.partition("=")
    return Contestant(name, HERE / "peers" / f"engine_{name}.py", python)


def _head(*names: str) -> None:
    print(f"| {' | '.join(names)} |\n|{' --- |' * len(names)}", flush=True)


def _print_cell(
    own: list[Contestant], peers: list[Contestant], concurrency: int, latency: float, args: argparse.Namespace
) -> None:
    """Run everybody at one concurrency and latency; a row of the table, "-" for who did not bring n replies."""
    most = round(SECONDS * concurrency / latency) if latency else args.n
    n, peer_n = min(args.n, most), min(args.peer_n, most)
    found: dict[str, list[float]] = {contestant.name: [] for contestant in own + peers}
    for turn in range(args.repeat):
        for contestant in own + (peers if not turn else []):
            row = contestant.run(peer_n if contestant in peers else n, concurrency, latency)
            found[contestant.name] += [row["rate"]] if row else []
    rates = {name: statistics.median(values) if values else 0.0 for name, values in found.items()}
    docgen = rates["docgen"]
    best = max((rates[peer.name] for peer in peers), default=0.0)
    shown = [f"{rates['bare SDK']:,.0f}", f"{docgen:,.0f}", _times(docgen, rates["bare SDK"]), f"{rates[CHAT]:,.0f}"]
    shown += [f"{rates[peer.name]:,.0f}" if rates[peer.name] else "-" for peer in peers]
    cells = [f"{latency * 1000:.0f} ms", f"{concurrency:,}", f"{n:,}", *shown, _times(docgen, best)]
    print(f"| {' | '.join(cells)} |", flush=True)


def _times(rate: float, other: float) -> str:
    return f"{rate / other:.2f}" if other else "-"


def _print_slopes(contestant: Contestant, rows: list[int]) -> None:
    small, large = (contestant.run(n, 64, 0.0) for n in rows)
    if small is None or large is None:
        return
    more = rows[1] - rows[0]
    cpu = (large["cpu"] - small["cpu"]) / more * 1000
    memory = (large["grown_kb"] - small["grown_kb"]) / more
    disk = (large["disk"] - small["disk"]) / more
    resident = large["peak_kb"] // 1024
    cells = [large["version"], f"{rows[0]:,} to {rows[1]:,}", f"{cpu:.2f} ms", f"{memory:.2f} kB"]
    print(f"| {' | '.join([*cells, f'{disk:,.0f} bytes', f'{resident} MB'])} |", flush=True)


if __name__ == "__main__":
    main()
