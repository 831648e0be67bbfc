"""Buys a fixed set of replies; made to be killed: `python -m tests.llm.worker URL FOLDER COUNT MODE [CAP]`."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from docgen.errors import RequestFailed, StopRun
from docgen.llm.engine import BatchPlan
from docgen.llm.ratelimit import retry
from tests.llm.support import engine_over, request


async def _buy(url: str, folder: Path, count: int, mode: str, cap: float | None) -> int:
    plan = BatchPlan(requests=40, poll=(0.02, 0.05), looks=(0.05, 0.1))
    name = "openai" if mode.startswith("openai") else "anthropic"
    async with engine_over(
        url,
        folder,
        engine=name,
        concurrency=16,
        batch=mode.endswith("batch"),
        batch_plan=plan,
        caching=False,
        max_cost=cap,
    ) as engine:
        print("ready", flush=True)
        if engine.batches is not None:
            return len(await engine.batches.buy(lambda: (request(n) for n in range(count))))
        calls = (engine.llm.complete(request(n)) for n in range(count))
        results = await asyncio.gather(*calls, return_exceptions=True)
    return _failures(results)


def _failures(results: Sequence[object]) -> int:
    for result in results:
        if isinstance(result, StopRun) or (isinstance(result, Exception) and not isinstance(result, RequestFailed)):
            raise result
    return sum(isinstance(result, RequestFailed) for result in results)


def main() -> None:
    """Exit code 0: everything bought; 1: some failed; 3: the cap was reached."""
    url, folder, count, mode = sys.argv[1:5]
    cap = float(sys.argv[5]) if len(sys.argv) > 5 else None
    os.environ.setdefault("ANTHROPIC_API_KEY", "k")
    os.environ.setdefault("OPENAI_API_KEY", "k")
    retry.FAULT_BACKOFF = retry.BUSY_BACKOFF = (0.01, 0.1)
    try:
        failed = asyncio.run(_buy(url, Path(folder), int(count), mode, cap))
    except StopRun as error:
        print(error)
        sys.exit(3)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
