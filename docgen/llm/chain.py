"""Puts an engine together: provider, rate control, budget and journal, opened and closed as one."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from docgen.errors import ConfigError
from docgen.llm.budget import Budget, Budgeted
from docgen.llm.journal import Journal
from docgen.llm.journalled import Journalled
from docgen.llm.pricing import ModelPrice, Prices, load_prices
from docgen.llm.protocol import LLM, Request
from docgen.llm.rate import RateControl, RateControlled
from docgen.text import token_estimate

__all__ = ["DEFAULT_CONCURRENCY", "Engine", "EngineOptions", "choose_engine", "open_engine"]

DEFAULT_CONCURRENCY = 256
DRAIN_SECONDS = 60.0
CACHED_STAGES = frozenset({"ideas", "document", "verdict", "revise"})
"""Stages whose many requests share a prefix; a single call of a stage would only pay for writing the cache."""


@dataclass(frozen=True)
class EngineOptions:
    """What a run's configuration says about its engine.

    `engine` None chooses by `choose_engine`. `base_url` None leaves it to the environment. `timeout` in seconds.
    """

    engine: str | None = None
    base_url: str | None = None
    concurrency: int = DEFAULT_CONCURRENCY
    max_cost: float | None = None
    timeout: float = 600.0
    prices: Path | None = None
    caching: bool = True


@dataclass(frozen=True)
class Engine:
    """An open engine: ask `llm`. `budget` is None for engines that cost nothing."""

    llm: Journalled
    journal: Journal
    budget: Budget | None = None

    @property
    def name(self) -> str:
        """ "anthropic", "offline" or "fake"."""
        return self.llm.engine


def choose_engine(engine: str | None, base_url: str | None) -> str:
    """The engine to use: the one named, else anthropic when a key or a base URL is set, else offline."""
    if engine is not None:
        if engine not in ("anthropic", "offline"):
            raise ConfigError(f"no engine {engine!r}", "--engine", "Use anthropic or offline")
        return engine
    names = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL")
    return "anthropic" if base_url or any(os.environ.get(name) for name in names) else "offline"


@asynccontextmanager
async def open_engine(options: EngineOptions, journal: Journal, llm: LLM | None = None) -> AsyncIterator[Engine]:
    """The engine that `options` ask for over `journal`; `llm` puts another provider (fake, offline) in its place.

    Leaving the block waits for calls in flight, which are paid for, and closes connections; the journal stays open.
    """
    name = llm.engine if llm is not None else choose_engine(options.engine, options.base_url)
    if name == "anthropic" and llm is None:
        async with _open_anthropic(options, journal) as engine:
            yield engine
        return
    if llm is None:
        from docgen.llm.offline import OfflineLLM

        llm = OfflineLLM()
    journalled = Journalled(llm, journal)
    try:
        yield Engine(journalled, journal)
    finally:
        await journalled.drain(DRAIN_SECONDS)


@asynccontextmanager
async def _open_anthropic(options: EngineOptions, journal: Journal) -> AsyncIterator[Engine]:
    from docgen.llm.anthropic import AnthropicLLM

    prices = load_prices(options.prices)
    ledger = journal.path.with_name("spend.jsonl")
    budget = Budget(prices, options.max_cost, spent=journal.totals.all.dollars, ledger=ledger)
    control = RateControl(options.concurrency)
    provider = AnthropicLLM(
        base_url=options.base_url,
        concurrency=options.concurrency,
        timeout=options.timeout,
        caches=(lambda request: pays_to_cache(request, prices)) if options.caching else (lambda _: False),
        observe=control.observe,
    )
    journalled = Journalled(RateControlled(Budgeted(provider, budget), control), journal)
    try:
        yield Engine(journalled, journal, budget)
    finally:
        await journalled.drain(DRAIN_SECONDS)
        await provider.aclose()
        budget.close()


def pays_to_cache(request: Request, prices: Prices) -> bool:
    """Whether a cache breakpoint after the system text can pay: many requests share it, and it is long enough."""
    price: ModelPrice | None = prices.find(request.model)
    if price is None or request.stage not in CACHED_STAGES:
        return False
    return token_estimate(request.system) >= price.cache_min_tokens
