"""A storm: the server allows 50 requests a second with a burst of 50 and answers 429 beyond; 1,500 requests are wanted.

    python bench/engine_storm.py [--n 1500] [--rate 50]

The ideal time is (n - burst) / rate. With true rate-limit headers, with none, with ones that claim a tenth of the rate
or ten times as much, with and without retry-after; at 0 and 500 ms latency.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.engine_docgen import _requests
from bench.machine import machine
from docgen.llm.engine import EngineOptions, open_engine
from docgen.llm.journal import Journal
from tests.loopback import Limits, LoopbackProcess, Options

CASES: tuple[tuple[Any, float | None], ...] = (
    ("true", None), ("true", 1.0), ("none", None), ("none", 1.0), ("wrong", None), ("boast", None),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1500)
    parser.add_argument("--rate", type=float, default=50.0)
    args = parser.parse_args()
    os.environ.setdefault("ANTHROPIC_API_KEY", "k")
    import docgen.llm.providers.anthropic  # noqa: F401  the SDK's import is no part of the time

    print(machine("anthropic"), flush=True)
    for latency in (0.0, 0.5):
        for headers, retry_after in CASES:
            limits = Limits(requests=(args.rate, args.rate), headers=headers, retry_after=retry_after)
            options = Options(latency=latency, canned=True, words=300, limits=limits)
            with LoopbackProcess(options) as server, tempfile.TemporaryDirectory() as folder:
                seconds, refused = asyncio.run(_storm(server.url, args.n, Path(folder)))
            ideal = (args.n - args.rate) / args.rate
            asked = "no retry-after" if retry_after is None else f"retry-after {retry_after:g} s"
            line = f"{latency * 1000:3.0f} ms, headers {headers:5}, {asked:15}: {seconds:5.1f} s"
            print(f"{line}, {seconds / ideal:.3f} of the ideal {ideal:.0f} s, {refused} refused", flush=True)


async def _storm(url: str, n: int, folder: Path) -> tuple[float, int]:
    with Journal(folder / "llm.jsonl") as journal:
        async with open_engine(EngineOptions(base_url=url), journal) as engine:
            start = time.perf_counter()
            await asyncio.gather(*(engine.llm.complete(request) for request in _requests(n)))
            assert engine.control is not None
            return time.perf_counter() - start, engine.control.pacer.refusals


if __name__ == "__main__":
    main()
