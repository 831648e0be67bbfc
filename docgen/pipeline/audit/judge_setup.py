"""Sets up the judge of an audit: chosen by the options and the run, priced before it is called, opened when it is."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docgen.audit.judge.requests import MAX_TRIES
from docgen.errors import ConfigError
from docgen.files.run_folder.run_folder import OUTPUT, RunFolder
from docgen.llm.cost.pricing import Prices, load_prices
from docgen.llm.engine import EngineOptions, open_engine
from docgen.llm.journal import Journal, JournalReader
from docgen.llm.prompt_cache import pays_to_cache
from docgen.llm.protocol import Request, Usage
from docgen.llm.providers.table import Connection, default_paid_provider, find_provider
from docgen.llm.response_cache import ResponseCache
from docgen.options.audit import JudgeOptions
from docgen.options.run import RunOptions, resolve
from docgen.options.setting_types import ServerEntry
from docgen.pipeline.execution.shared_budget import check_handed_out, check_parents, lock_for_spending
from docgen.pipeline.execution.stopping import supervise
from docgen.pipeline.inputs.setup import Setup, engine_options, model_options
from docgen.progress import Reporter, SilentReporter
from docgen.prompts.requests import ModelOptions, typical_reply_tokens
from docgen.text import token_estimate
from docgen.text.output.plurals_and_money import money

__all__ = ["SILENT", "Judge", "JudgeCost", "never", "own_tokens"]

SILENT = SilentReporter()

MIN_REPLIES = 5
"""Number of replies from which their real length is used instead of a typical reply's; as in `pipeline/estimate.py`."""


def never() -> bool:
    """For judges that are never stopped."""
    return False


@dataclass(frozen=True)
class JudgeCost:
    """What a judge's calls will take: `dollars` expected, `at_most` if every reply were as long as it may be and none
    of the first could be used. Both are None without a known price. `is_capped`: there is a cap, whatever happens."""

    model: str
    calls: int
    tokens: int
    dollars: float | None
    at_most: float | None
    is_capped: bool = False

    def line(self, what: str) -> str:
        """The cost in one line, for the person who decides; `what` is what will be read, such as "200 documents"."""
        cost = "no known price"
        if self.dollars is not None and self.at_most is not None:
            cost = f"about {money(self.dollars)}, at the very worst {money(self.at_most)}"
        return f"The judge ({self.model}) reads {what}: {self.calls:,} calls, {self.tokens:,} tokens, {cost}"


@dataclass(frozen=True)
class Judge:
    """How to call a judge. `run` is locked during that; the journals of `parents` answer at no cost."""

    engine: EngineOptions
    model: ModelOptions
    journal: Path = OUTPUT / "judge" / "llm.jsonl"
    parents: tuple[Path, ...] = ()
    run: RunFolder | None = None

    @classmethod
    def of(cls, options: JudgeOptions, setup: Setup | None) -> "Judge":
        """The options over the audited run's own settings, its `extra` body fields and thinking effort included.

        Never a free engine, which only writes. Raises `ConfigError`.
        """
        written_by = setup.config.engine if setup and setup.is_paid else None
        name = options.engine or written_by or default_paid_provider().name
        provider = find_provider(name)
        if not provider.paid:
            fix = f"Use {default_paid_provider().name}, or leave the judge out"
            raise ConfigError(f"the {provider.name} engine cannot judge", "--engine", fix)
        if options.base_url and not options.model and not (setup and setup.config.base_url == options.base_url):
            fix = "Name the model that judges there with --model"
            raise ConfigError("is a server whose models docgen does not know", f"--base-url {options.base_url}", fix)
        own = setup.config.model if setup and setup.config.engine == provider.name else None
        options_of_judge = RunOptions(
            engine=provider.name,
            model=options.model or own or provider.default_model,
            base_url=options.base_url,
            concurrency=options.concurrency,
            max_cost=options.max_cost,
            max_tokens=options.max_tokens,
            timeout=options.timeout,
            batch=False,
        )
        before = setup.config if setup else None
        if before and written_by and written_by != provider.name:
            before = before.model_copy(update={"base_url": None, "servers": None})  # a server that speaks another API
        if setup and before and not options.base_url:
            before = before.model_copy(update=_server_of_writer(setup, options_of_judge.model, provider.name))
        config = resolve(before, None, options_of_judge)
        family = setup.engine_options.family if setup else ()
        is_named = bool(options.base_url) or (setup is not None and setup.is_named)
        engine = replace(engine_options(config), family=family, is_unnamed=not is_named)
        model = model_options(config)
        if setup is None:
            return cls(engine, model)
        return cls(engine, model, setup.run.journal, setup.parents, setup.run)

    @property
    def server(self) -> str:
        """Who answers: host and port of a server other than the API itself, "" for the API."""
        own_host, variable = find_provider(self.engine.engine).address
        host = urlsplit(self.engine.base_url or os.environ.get(variable) or "").netloc.rpartition("@")[2]
        return "" if host == own_host else host

    def check_key(self) -> None:
        """Raise `ConfigError` if the judge has neither a key nor an address. Does not send anything."""
        if not self.engine.servers:
            settings = self.engine
            connection = Connection(settings.base_url, headers=settings.headers, is_unnamed=settings.is_unnamed)
            find_provider(settings.engine).connect(connection)

    def cost(self, requests: Iterable[Request]) -> JudgeCost:
        """What is to be bought for the requests, each once; existing replies cost nothing.

        The length of a reply is that of a typical one, scaled by how long the replies to these very requests were
        that the journal has, if it has a few.
        """
        prices, reader = load_prices(self.engine.prices), JournalReader(self.journal, self.parents, self.engine.engine)
        to_buy, replies = dict[str, Request](), list[tuple[Request, Usage]]()
        for request in requests:
            reply = reader.get(request.key)
            if reply is None:
                to_buy.setdefault(request.key, request)
            else:
                replies.append((request, reply.usage))
        reader.close()
        cost = _priced(self.model.model, to_buy.values(), replies, prices)
        return replace(cost, is_capped=self.engine.max_cost is not None)

    @asynccontextmanager
    async def open(
        self, reporter: Reporter = SILENT, stopping: Callable[[], bool] = never
    ) -> AsyncIterator[ResponseCache]:
        """The judge's model, with its journal open for appending.

        What it books to is locked: the run, or outside of one the folder of the journal. Raises `RunError` when another
        process holds the lock, works on a run whose replies this one shares, or while a judge's requests lie in a file.
        Once `stopping`, calls that wait end with `StopRun`; those in flight are waited for at the end of the block.
        """
        check_parents(self.parents)
        fix = "Wait for it: judges outside a run share one journal, so that their costs are one sum"
        lock = lock_for_spending(self.run) if self.run is not None else RunFolder(self.journal.parent).lock(fix)
        with lock, Journal(self.journal, self.parents) as journal:
            if self.run is not None:
                check_handed_out(journal, (self.journal, *self.parents), stage="judge")
            async with open_engine(self.engine, journal, say=reporter.note) as engine:
                watching = asyncio.create_task(supervise(engine, stopping, reporter))
                try:
                    yield engine.llm
                finally:
                    watching.cancel()


def _server_of_writer(setup: Setup, model: str | None, engine: str) -> dict[str, Any]:
    """The settings of the server of one of several writers, if that writer's model judges."""
    for writer in setup.config.writers or ():
        if writer.base_url and writer.model == model and (writer.engine or setup.config.engine) == engine:
            servers = (ServerEntry(base_url=writer.base_url, key=writer.key),) if writer.key else None
            return {"base_url": writer.base_url, "servers": servers}
    return {}


def _priced(model: str, requests: Iterable[Request], replies: list[tuple[Request, Usage]], prices: Prices) -> JudgeCost:
    """The cost of each request by itself, so that the price of a long prompt holds for long prompts only.

    Of requests that share a cached prefix the first writes it and the others read it. Estimated lengths are scaled by
    what the `replies` so far really took, if there are a few.
    """
    price, caches, prefixes = prices.find(model), pays_to_cache(prices), Counter[str]()
    scale_in = scale_out = 1.0
    if len(replies) >= MIN_REPLIES:
        read = sum(usage.input + usage.cache_read + usage.cache_write for _, usage in replies)
        scale_in = read / sum(token_estimate(request.system) + own_tokens(request) for request, _ in replies)
        written = sum(usage.output for _, usage in replies)
        scale_out = written / sum(typical_reply_tokens(request) for request, _ in replies)
    calls, tokens, dollars, worst = 0, 0, 0.0, 0.0
    for request in requests:
        prefix, own = round(scale_in * token_estimate(request.system)), round(scale_in * own_tokens(request))
        output = round(scale_out * typical_reply_tokens(request))
        usage = Usage(input=prefix + own, output=output)
        if caches(request):
            is_warm = prefixes[request.system] > 0
            usage = Usage(input=own, output=output, **{"cache_read" if is_warm else "cache_write": prefix})
            prefixes[request.system] += 1
        calls, tokens = calls + 1, tokens + prefix + own + output
        dollars += prices.cost(model, usage) or 0.0
        worst += MAX_TRIES * (prices.worst_case(request) or 0.0)
    has_price = price is not None
    return JudgeCost(model, calls, tokens, dollars if has_price else None, worst if has_price else None)


def own_tokens(request: Request) -> int:
    """Tokens of a prompt beyond its prefix: the document, and the schema, which the server adds to what it reads."""
    # Four characters to a token: the usual rule of thumb, since a schema is not prose.
    schema = len(json.dumps(request.schema)) // 4 if request.schema else 0
    return token_estimate(request.user) + schema
