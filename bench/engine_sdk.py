"""Contestant: the bare SDK with its aiohttp transport, the replies thrown away."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import anthropic
import httpx2

from bench.engine_measure import Prompts, contestant


async def _drain(client: anthropic.AsyncAnthropic, numbers: Iterator[int]) -> int:
    count = 0
    for number in numbers:
        message = await client.messages.create(
            model="claude-haiku-5-5",
            max_tokens=2000,
            system=Prompts.system,
            messages=[{"role": "user", "content": Prompts.user(number)}],
        )
        count += message.stop_reason == "end_turn"
    return count


async def _run(url: str, n: int, concurrency: int, _: Path) -> int:
    limits = httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    numbers = iter(range(n))
    async with anthropic.AsyncAnthropic(
        api_key="k", base_url=url, http_client=anthropic.DefaultAioHttpClient(limits=limits)
    ) as client:
        return sum(await asyncio.gather(*(_drain(client, numbers) for _ in range(concurrency))))


if __name__ == "__main__":
    contestant(lambda *given: asyncio.run(_run(*given)), f"anthropic {anthropic.__version__}, aiohttp transport")
