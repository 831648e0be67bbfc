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


def _requests(n: int) -> Iterator[Request]:
    for number in range(n):
        user = Prompts.user(number)
        yield Request("document", Prompts.system, user, "claude-haiku-5-5", 2000, cacheable=True)


async def _drain(llm: LLM, requests: Iterator[Request]) -> int:
    count = 0
    for request in requests:
        count += (await llm.complete(request)).stop_reason == "end_turn"
    return count


async def _run(url: str, n: int, concurrency: int, folder: Path) -> int:
    requests = _requests(n)
    with Journal(folder / "llm.jsonl") as journal:
        async with open_engine(EngineOptions(base_url=url, concurrency=concurrency), journal) as engine:
            return sum(await asyncio.gather(*(_drain(engine.llm, requests) for _ in range(concurrency))))


if __name__ == "__main__":
    import docgen.llm.providers.anthropic  # noqa: F401  the SDK's import is no part of the rate

    os.environ.setdefault("ANTHROPIC_API_KEY", "k")
    contestant(lambda *given: asyncio.run(_run(*given)), f"docgen {__version__}")
