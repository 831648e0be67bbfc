"""Contestant: docgen's engine as a run uses it, with journal, budget, rate control and prompt-cache priming."""

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.engine_measure import Prompts, contestant
from docgen import __version__
from docgen.llm.engine import EngineOptions, open_engine
from docgen.llm.journal import Journal
from docgen.llm.protocol import LLM, Request

ENGINE = os.environ.get("BENCH_ENGINE", "anthropic")


def _requests(n: int) -> Iterator[Request]:
    for number in range(n):
        user = Prompts.user(number)
        yield Request("document", Prompts.system, user, "claude-haiku-5-5", 2000, cacheable=True)


async def _drain(llm: LLM, requests: Iterator[Request]) -> int:
    count = 0
    for request in requests:
        count += (await llm.complete(request)).ended
    return count


async def _run(url: str, n: int, concurrency: int, folder: Path) -> int:
    requests = _requests(n)
    with Journal(folder / "llm.jsonl") as journal:
        options = EngineOptions(engine=ENGINE, base_url=url, concurrency=concurrency)
        async with open_engine(options, journal) as engine:
            return sum(await asyncio.gather(*(_drain(engine.llm, requests) for _ in range(concurrency))))


if __name__ == "__main__":
    import docgen.llm.providers.anthropic
    import docgen.llm.providers.openai  # noqa: F401  the import is no part of the rate

    os.environ.setdefault("ANTHROPIC_API_KEY", "k")
    os.environ.setdefault("OPENAI_API_KEY", "k")
    contestant(lambda *given: asyncio.run(_run(*given)), f"docgen {__version__} ({ENGINE})")
