"""Puts an engine together: provider, rate control, budget and journal, opened and closed as one."""

import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from docgen.errors import ConfigError
from docgen.llm.batch.log import BatchPlan, read_batches
from docgen.llm.budget import Budget, Budgeted
from docgen.llm.journal import Journal
from docgen.llm.pricing import load_prices
from docgen.llm.prompt_cache import Primed, pays_to_cache
from docgen.llm.protocol import LLM
from docgen.llm.providers.table import Connection, Provider, choose_engine, find_provider
from docgen.llm.ratelimit.control import RateControl, RateControlled
from docgen.llm.response_cache import Journalled

if TYPE_CHECKING:
    from docgen.llm.batch.api import BatchAPI
    from docgen.llm.batch.runner import BatchRunner

__all__ = [
    "BATCHES_FILE",
    "DEFAULT_CONCURRENCY",
    "DRAIN_SECONDS",
    "SPEND_FILE",
    "BatchPlan",
    "Engine",
    "EngineOptions",
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

    llm: Journalled
    journal: Journal
    budget: Budget | None = None
    control: RateControl | None = None
    batches: "BatchRunner | None" = None

    @property
    def name(self) -> str:
        """ "anthropic", "offline" or "fake"."""
        return self.llm.engine


@asynccontextmanager
async def open_engine(options: EngineOptions, journal: Journal, llm: LLM | None = None) -> AsyncIterator[Engine]:
    """The engine that `options` ask for over `journal`; `llm` puts another provider (fake, offline) in its place.

    Leaving the block waits for calls in flight, which are paid for, and closes connections; the journal stays open. It
    waits a minute at most, unless the calls were told to come to their end (`RateControl.stop`).
    """
    if llm is None:
        provider = find_provider(choose_engine(options.engine, options.base_url))
        if provider.paid:
            async with _open_paid(provider, options, journal) as engine:
                yield engine
            return
        llm = provider.connect(Connection())
    if options.batch:
        raise ConfigError(f"the {llm.engine} engine has no batches", "--batch", "Leave it out, or use another --engine")
    journalled = Journalled(llm, journal)
    try:
        yield Engine(journalled, journal)
    finally:
        await journalled.drain(DRAIN_SECONDS)


@asynccontextmanager
async def _open_paid(provider: Provider, options: EngineOptions, journal: Journal) -> AsyncIterator[Engine]:
    _refuse_open_batches(options, journal)
    prices = load_prices(options.prices)
    spent, ledger = journal.totals.all.dollars, journal.path.with_name(SPEND_FILE)
    budget = Budget(prices, options.max_cost, spent, ledger)
    control = RateControl(options.concurrency, budget.stop)
    caches = pays_to_cache(prices) if options.caching else (lambda _: False)
    llm = provider.connect(
        Connection(options.base_url, options.concurrency, options.timeout, caches, observe=control.observe)
    )
    primed = Primed(RateControlled(Budgeted(llm, budget, control.reserved), control), caches)
    journalled = Journalled(primed, journal)
    try:
        with _rare_collections():
            if options.batch:
                with _batches(_batch_api(provider, llm), journalled, budget, options.batch_plan) as runner:
                    yield Engine(journalled, journal, budget, control, runner)
            else:
                yield Engine(journalled, journal, budget, control)
    finally:
        seconds = None if control.stopped else DRAIN_SECONDS
        control.stop()
        await journalled.drain(seconds)
        await llm.aclose()
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


def _batch_api(provider: Provider, llm: LLM) -> "BatchAPI":
    if provider.batches is None:
        raise ConfigError(f"the {provider.name} engine has no batches", "--batch", "Leave it out")
    return provider.batches(llm)


@contextmanager
def _batches(api: "BatchAPI", sync: Journalled, budget: Budget, plan: BatchPlan) -> Iterator["BatchRunner"]:
    from docgen.llm.batch.collect import BatchCollector
    from docgen.llm.batch.log import BatchLog
    from docgen.llm.batch.runner import BatchRunner

    log = BatchLog(sync.journal.path.with_name(BATCHES_FILE))
    try:
        yield BatchRunner(api, sync, budget, BatchCollector(api, sync.journal, budget, log, plan), plan)
    finally:
        log.close()
