"""Puts an engine together: provider, rate control, budget and journal, opened and closed as one."""

import gc
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from docgen.errors import ConfigError
from docgen.llm.batch.log import BatchPlan, read_batches
from docgen.llm.budget import Budget, BudgetedLLM
from docgen.llm.journal import Journal
from docgen.llm.pricing import load_prices
from docgen.llm.prompt_cache import PromptCacheWarmer, pays_to_cache
from docgen.llm.protocol import LLM
from docgen.llm.ratelimit.control import RateControl, RateLimitedLLM
from docgen.llm.response_cache import ResponseCache

if TYPE_CHECKING:
    from docgen.llm.batch.runner import BatchRunner
    from docgen.llm.providers.anthropic import AnthropicLLM

__all__ = [
    "BATCHES_FILE",
    "DEFAULT_CONCURRENCY",
    "DRAIN_SECONDS",
    "SPEND_FILE",
    "BatchPlan",
    "Engine",
    "EngineOptions",
    "choose_engine",
    "open_engine",
]

DEFAULT_CONCURRENCY = 256
DRAIN_SECONDS = 60.0
SPEND_FILE, BATCHES_FILE = "spend.jsonl", "batches.jsonl"
"""Beside the journal: what the budget and the batches have to know after a kill."""


@dataclass(frozen=True)
class EngineOptions:
    """What a run's configuration says about its engine.

    `engine` None chooses by `choose_engine`. `base_url` None leaves it to the environment. `concurrency` is the most
    calls in flight; fewer are made where the server asks for it. `timeout` in seconds. `prices` is the user's own price
    file. `batch` has rounds of requests sent as message batches, by the `batch_plan`.
    """

    engine: str | None = None
    base_url: str | None = None
    concurrency: int = DEFAULT_CONCURRENCY
    max_cost: float | None = None
    timeout: float = 600.0
    prices: Path | None = None
    caching: bool = True
    batch: bool = False
    batch_plan: BatchPlan = field(default_factory=BatchPlan)


@dataclass(frozen=True)
class Engine:
    """An open engine: ask `llm`. `budget` and `control` are None for engines that cost nothing.

    With `batches` a round of requests is bought first, `failed = await engine.batches.buy(requests)`; `batches` is then
    the LLM to ask: it answers each from the journal, and raises for those that failed.
    """

    llm: ResponseCache
    journal: Journal
    budget: Budget | None = None
    control: RateControl | None = None
    batches: "BatchRunner | None" = None

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

    Leaving the block waits for calls in flight, which are paid for, and closes connections; the journal stays open. It
    waits a minute at most, unless the calls were told to come to their end (`RateControl.stop`).
    """
    name = llm.engine if llm is not None else choose_engine(options.engine, options.base_url)
    if name == "anthropic" and llm is None:
        async with _open_anthropic(options, journal) as engine:
            yield engine
        return
    if options.batch:
        raise ConfigError(f"the {name} engine has no batches", "--batch", "Leave it out, or use --engine anthropic")
    journalled = ResponseCache(llm or _offline(), journal)
    try:
        yield Engine(journalled, journal)
    finally:
        await journalled.drain(DRAIN_SECONDS)


def _offline() -> LLM:
    from docgen.embedded_writer import OfflineLLM

    return OfflineLLM()


@asynccontextmanager
async def _open_anthropic(options: EngineOptions, journal: Journal) -> AsyncIterator[Engine]:
    from docgen.llm.providers.anthropic import AnthropicLLM

    _refuse_open_batches(options, journal)
    prices = load_prices(options.prices)
    spent, ledger = journal.totals.all.dollars, journal.path.with_name(SPEND_FILE)
    budget = Budget(prices, options.max_cost, spent, ledger)
    control = RateControl(options.concurrency, budget.stop)
    caches = pays_to_cache(prices) if options.caching else (lambda _: False)
    provider = AnthropicLLM(
        base_url=options.base_url,
        concurrency=options.concurrency,
        timeout=options.timeout,
        caches=caches,
        observe=control.observe,
    )
    primed = PromptCacheWarmer(RateLimitedLLM(BudgetedLLM(provider, budget, control.reserved), control), caches)
    journalled = ResponseCache(primed, journal)
    try:
        with _rare_collections():
            if options.batch:
                with _batches(provider, journalled, budget, options.batch_plan) as runner:
                    yield Engine(journalled, journal, budget, control, runner)
            else:
                yield Engine(journalled, journal, budget, control)
    finally:
        seconds = None if control.stopped else DRAIN_SECONDS
        control.stop()
        await journalled.drain(seconds)
        await provider.aclose()
        budget.close()


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Spare the cyclic collector what was there before the first call, modules above all.

    With a thousand calls in flight it would walk all of that often enough to take a tenth of the CPU time.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _refuse_open_batches(options: EngineOptions, journal: Journal) -> None:
    """Buying what a batch is about to deliver would pay for it twice."""
    waiting = [entry for entry in read_batches(journal.path.with_name(BATCHES_FILE)) if entry.open]
    if waiting and not options.batch:
        raise ConfigError(
            f"{len(waiting)} message batch(es) of this run are still at the server",
            journal.path.parent.name,
            "Go on with --batch, or cancel them first: docgen batches --cancel",
        )


@contextmanager
def _batches(provider: "AnthropicLLM", sync: ResponseCache, budget: Budget, plan: BatchPlan) -> Iterator["BatchRunner"]:
    from docgen.llm.batch.api import BatchAPI
    from docgen.llm.batch.collect import BatchCollector
    from docgen.llm.batch.log import BatchLog
    from docgen.llm.batch.runner import BatchRunner

    api, log = BatchAPI(provider), BatchLog(sync.journal.path.with_name(BATCHES_FILE))
    try:
        yield BatchRunner(api, sync, budget, BatchCollector(api, sync.journal, budget, log, plan), plan)
    finally:
        log.close()
