"""Assembles an engine: provider, budget, rate control, prompt cache and journal, opened and closed as one."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from docgen.errors import ConfigError
from docgen.files.append_log import damaged_lines
from docgen.llm.batch.log import BatchPlan, lost_batches, read_batches
from docgen.llm.cost.budget import SPEND_FILE, Budget, BudgetedLLM, uncertain_dollars
from docgen.llm.cost.pricing import load_prices
from docgen.llm.journal import Journal, journal_totals
from docgen.llm.prompt_cache import PromptCacheWarmer, pays_to_cache
from docgen.llm.protocol import LLM
from docgen.llm.providers.lazy_provider import OnDemand
from docgen.llm.providers.table import Connection, Provider, choose_engine, find_provider
from docgen.llm.ratelimit.control import RateControl, RateLimitedLLM
from docgen.llm.ratelimit.wait_reports import tell_waits
from docgen.llm.response_cache import ResponseCache
from docgen.llm.servers.pool import ServerPool
from docgen.llm.servers.pool_opening import open_pool
from docgen.llm.servers.states import write_states
from docgen.llm.writer_router import has_own_server, open_writers
from docgen.options.setting_types import ServerEntry, WriterEntry
from docgen.text.output.plurals_and_money import plural

if TYPE_CHECKING:
    from docgen.llm.batch.batch_protocol import Batches
    from docgen.llm.batch.runner import BatchRunner

__all__ = [
    "BATCHES_FILE",
    "DEFAULT_CONCURRENCY",
    "DRAIN_SECONDS",
    "BatchPlan",
    "Engine",
    "EngineOptions",
    "batch_api",
    "choose_engine",
    "dollars_at_most",
    "open_engine",
]

DEFAULT_CONCURRENCY = 256
"""Most calls in flight unless the user says otherwise. Chosen: more than most servers take, and adapted to them."""
DRAIN_SECONDS = 60.0
"""How long an error waits for calls in flight, which are billed. Chosen: most documents take less than a minute."""
BATCHES_FILE = "batches.jsonl"
"""Next to the journal: what the batch runner must know after a kill."""


@dataclass(frozen=True)
class EngineOptions:
    """The engine settings of a run.

    `engine` None lets `choose_engine` decide, `base_url` None the environment. `servers`, if any, take the place of
    `base_url`. `concurrency` is the most calls in flight; rate control lowers it where necessary. `max_cost` in
    dollars, `timeout` in seconds. `headers`
    are sent with every request, `${NAME}` in them being an environment variable. `prices` is the user's
    own price file. With `batch`, rounds of requests are sent as message batches according to `batch_plan`.
    `is_unnamed`: address and headers come from a run folder alone, and so get no key.
    `writers`: the models that calls may name, those with a server of their own being sent there.
    `family`: journals of other runs, whose costs count against the same `max_cost`.
    """

    engine: str | None = None
    base_url: str | None = None
    servers: tuple[ServerEntry, ...] = ()
    concurrency: int = DEFAULT_CONCURRENCY
    max_cost: float | None = None
    timeout: float = 600.0
    headers: Mapping[str, str] = field(default_factory=dict)
    prices: Path | None = None
    caching: bool = True
    batch: bool = False
    family: tuple[Path, ...] = ()
    is_unnamed: bool = False
    batch_plan: BatchPlan = field(default_factory=BatchPlan)
    writers: tuple[WriterEntry, ...] = ()


@dataclass(frozen=True)
class Engine:
    """An open engine; `llm` answers requests. `budget` and `control` are None for engines that cost nothing.

    If `batches` is set, buy a round of requests first, `failed = await engine.batches.buy(requests)`, and then ask
    `batches` instead of `llm`: it answers from the journal and raises for those that failed.
    """

    llm: ResponseCache
    journal: Journal
    budget: Budget | None = None
    control: RateControl | None = None
    batches: "BatchRunner | None" = None
    servers: ServerPool | None = None

    @property
    def name(self) -> str:
        """ "anthropic", "offline" or "fake"."""
        return self.llm.engine

    def in_flight(self) -> str:
        """One line for people: the calls in flight, and what was spent so far."""
        oldest = self.control.oldest_call if self.control else None
        calls = f"{plural(self.llm.in_flight, 'call')} in flight" + (
            "" if oldest is None else f", the oldest for {oldest:.0f} s"
        )
        if self.control and self.control.activity.replied_at is not None:
            calls += f", the last reply {time.monotonic() - self.control.activity.replied_at:.0f} s ago"
        if self.control and self.control.held:
            calls += ", held by docgen ctl"
        servers = "; ".join(map(str, self.servers.states)) + "; " if self.servers else ""
        return f"{calls}; {servers}${self.journal.totals.all.dollars:.4f} spent so far"


@asynccontextmanager
async def open_engine(
    options: EngineOptions, journal: Journal, llm: LLM | None = None, say: Callable[[str], None] = lambda _: None
) -> AsyncIterator[Engine]:
    """Open the engine that `options` describe, over `journal`; `llm` replaces the provider (a fake).

    `say` gets lines for people: what the run waits for, and what is unusual about the server.

    On exit waits for calls in flight, which are billed, and closes connections; the journal stays open. Waits for a
    minute at most, or as long as it takes after `RateControl.stop`. Raises `ConfigError` for options that contradict
    each other, a missing key, and open batches without `batch`.
    """
    if llm is None:
        provider = find_provider(choose_engine(options.engine, options.base_url))
        if provider.paid:
            async with _open_paid(provider, options, journal, say) as engine:
                yield engine
            return
        llm = provider.connect(Connection())
    if options.batch:
        raise ConfigError(f"the {llm.engine} engine has no batches", "--batch", "Omit it, or use another --engine")
    journal.answer_for(llm.engine)
    cached = ResponseCache(llm, journal)
    try:
        yield Engine(cached, journal)
    finally:
        await cached.drain(DRAIN_SECONDS)


@asynccontextmanager
async def _open_paid(
    provider: Provider, options: EngineOptions, journal: Journal, say: Callable[[str], None]
) -> AsyncIterator[Engine]:
    """The parts of a paid engine, assembled before the first call and closed in order after the last."""
    for notice in _damages(journal.path):
        say(notice)
    _check_batches(provider, options, journal)
    prices = load_prices(options.prices)
    spent, ledger = journal.totals.all.dollars, journal.path.with_name(SPEND_FILE)
    budget = Budget(prices, options.max_cost, spent, ledger, elsewhere=sum(map(dollars_at_most, options.family)))
    control = RateControl(options.concurrency, budget.stop)
    caches = pays_to_cache(prices) if options.caching else (lambda _: False)
    connection = Connection(
        options.base_url,
        options.concurrency,
        options.timeout,
        caches,
        control.observe,
        options.headers,
        options.is_unnamed,
    )
    journal.answer_for(provider.name)
    llm = OnDemand(provider.name, lambda: provider.connect(connection))
    pool, connected = None, [llm]
    if options.servers:
        pool, connections = open_pool(provider, options.servers, connection, budget, control, say, journal)
        connected += connections
    own_server = RateLimitedLLM(BudgetedLLM(llm, budget, control.reserved, say, journal.room), control)
    routed, connections = open_writers(pool or own_server, options.writers, connection, budget, control, say, journal)
    connected += connections
    cached = ResponseCache(PromptCacheWarmer(routed, caches), journal, budget.book_unjournalled)
    telling = asyncio.ensure_future(tell_waits(control, options.timeout, say))
    try:
        with _exempt_from_collection():
            if options.batch:
                api = batch_api(provider, llm.connected)
                with _open_batch_runner(api, cached, budget, options.batch_plan) as runner:
                    yield Engine(cached, journal, budget, control, runner)
            else:
                yield Engine(cached, journal, budget, control, servers=pool)
    finally:
        seconds = None if control.stopped else DRAIN_SECONDS
        control.stop()
        await cached.drain(seconds)
        telling.cancel()
        for each in connected:
            await each.aclose()
        if pool is not None:
            await pool.aclose()
            write_states(journal.path, pool.states)
            for state in pool.states:
                say(str(state))
        budget.close()


def _check_batches(provider: Provider, options: EngineOptions, journal: Journal) -> None:
    """Raise `ConfigError` where message batches would be paid for twice, or could not be sent."""
    waiting = [entry for entry in read_batches(journal.path.with_name(BATCHES_FILE)) if entry.open]
    if waiting and not options.batch:  # buying what a batch is about to deliver would pay for it twice
        raise ConfigError(
            f"still has {plural(len(waiting), 'message batch', 'message batches')} at the server",
            journal.path.parent.name,
            "Go on with --batch, or cancel them first: docgen batches --cancel",
        )
    if options.batch and options.servers:
        raise ConfigError("message batches need one server", "--batch", "Omit it, or name one with --base-url")
    if options.batch and any(has_own_server(writer, provider.name) for writer in options.writers):
        raise ConfigError("batches need all writers at one server", "--batch", "Omit it, or make a run for each writer")


@contextmanager
def _exempt_from_collection() -> Iterator[None]:
    """Within the block what was loaded before it, modules above all, is exempt from garbage collection.

    With 1,000 calls in flight full collections took 0.87 s of 3.9, with this 0.40 s of 3.4 (docs/engine.md, "Speed").
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _damages(journal: Path) -> Iterator[str]:
    """One line for what is damaged in each log next to a journal."""
    for name in (SPEND_FILE, BATCHES_FILE):
        if count := damaged_lines(journal.with_name(name)):
            yield f"{name}: {plural(count, 'unreadable line')} skipped"
    if count := lost_batches(journal.with_name(BATCHES_FILE)):
        batches = plural(count, "batch", "batches")
        yield f"{BATCHES_FILE}: the beginning of {batches} is lost; their replies may be bought again"


def dollars_at_most(journal: Path) -> float:
    """The most that was spent on the replies in a journal and on the batches that were sent for it."""
    batches = read_batches(journal.with_name(BATCHES_FILE))
    waiting = sum(entry.worst for entry in batches if entry.open)
    return journal_totals(journal).all.dollars + uncertain_dollars(journal.with_name(SPEND_FILE)) + waiting


def batch_api(provider: Provider, llm: LLM) -> "Batches":
    """The API of a provider's message batches; `ConfigError` if it has none."""
    if provider.batches is None:
        raise ConfigError(f"the {provider.name} engine has no batches", "--batch", "Omit it")
    return provider.batches(llm)


@contextmanager
def _open_batch_runner(api: "Batches", sync: ResponseCache, budget: Budget, plan: BatchPlan) -> Iterator["BatchRunner"]:
    from docgen.llm.batch.lifecycle import BatchCollector
    from docgen.llm.batch.log import BatchLog
    from docgen.llm.batch.runner import BatchRunner

    log = BatchLog(sync.journal.path.with_name(BATCHES_FILE))
    try:
        yield BatchRunner(api, sync, budget, BatchCollector(api, sync.journal, budget, log, plan), plan)
    finally:
        log.close()
