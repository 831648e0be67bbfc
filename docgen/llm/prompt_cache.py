"""Prompt caching where it pays: which requests set a breakpoint, and a first request that warms the cache."""

import asyncio
import time
from collections.abc import Callable

from docgen.llm.cost.pricing import Prices
from docgen.llm.protocol import LLM, Completion, Request
from docgen.text import digest, token_estimate

__all__ = ["PromptCacheWarmer", "pays_to_cache"]

LIFETIME_SECONDS = 280.0
"""Seconds after its last use at which an entry counts as cold: the API's five minutes, less some for latency."""


def pays_to_cache(prices: Prices) -> Callable[[Request], bool]:
    """Whether a cache breakpoint after a request's system text pays: many requests share it, and it is long enough.

    Only for models in the price file: compatible servers cache automatically or not at all.
    """

    def pays(request: Request) -> bool:
        price = prices.find(request.model)
        if price is None or not request.cacheable:
            return False
        return token_estimate(request.system) >= price.cache_min_tokens

    return pays


class PromptCacheWarmer:
    """Sends the first request of a prefix alone and holds back the rest until it is answered.

    Parallel requests on a cold cache would all pay for writing it. If the first fails, the next goes ahead. Requests
    for which `caches` is false are passed through.
    """

    def __init__(self, llm: LLM, caches: Callable[[Request], bool]) -> None:
        self._llm, self._caches = llm, caches
        self._warm_until: dict[str, float] = {}
        self._priming: dict[str, asyncio.Lock] = {}

    @property
    def engine(self) -> str:
        """Engine of the wrapped model."""
        return self._llm.engine

    async def complete(self, request: Request) -> Completion:
        """Answer one request; see `LLM.complete`."""
        if not self._caches(request):
            return await self._llm.complete(request)
        prefix = digest(request.model, request.system)
        if not self._is_warm(prefix):
            async with self._priming.setdefault(prefix, asyncio.Lock()):
                if not self._is_warm(prefix):
                    return await self._through(prefix, request)
        return await self._through(prefix, request)

    async def _through(self, prefix: str, request: Request) -> Completion:
        completion = await self._llm.complete(request)
        self._warm_until[prefix] = time.monotonic() + LIFETIME_SECONDS
        return completion

    def _is_warm(self, prefix: str) -> bool:
        return time.monotonic() < self._warm_until.get(prefix, 0.0)
