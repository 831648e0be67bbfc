"""The judge from the command line: how it is asked, what it costs, and its engine."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from docgen.cli.runner import ask_to_spend
from docgen.errors import ConfigError
from docgen.files.run_folder import OUTPUT, RunFolder
from docgen.llm.engine import EngineOptions, open_engine
from docgen.llm.journal import Journal, JournalReader
from docgen.llm.pricing import load_prices
from docgen.llm.protocol import LLM, Request, Usage
from docgen.options.run import RunOptions, resolve
from docgen.pipeline.setup import DEFAULT_MODELS, Setup
from docgen.progress import Reporter
from docgen.prompts.requests import ModelOptions
from docgen.text import token_estimate

__all__ = ["JudgeSettings", "judge_settings", "say_unjudged"]

MOST_REASONS = 3
REPLY_SHARE = 0.25
"""Of the tokens that a judge's reply may have, about this share is used."""


@dataclass(frozen=True)
class JudgeSettings:
    """How a judge is asked. `run` is locked meanwhile; the journals of `parents` answer at no cost."""

    engine: EngineOptions
    model: ModelOptions
    journal: Path = OUTPUT / "judge" / "llm.jsonl"
    parents: tuple[Path, ...] = ()
    run: RunFolder | None = None

    def agree(self, requests: Iterable[Request], what: str, yes: bool, reporter: Reporter) -> None:
        """Before money is spent: say how much, and ask as a run does. Replies that are there already cost nothing."""
        calls, total = self._to_buy(requests)
        if not calls:
            return
        model = self.model.model
        dollars = load_prices(self.engine.prices).cost(model, total)
        cost = "no known price" if dollars is None else f"about ${dollars:,.2f}"
        line = f"The judge ({model}) reads {what}: {calls:,} calls, {total.input + total.output:,} tokens, {cost}"
        ask_to_spend(line, yes or self.engine.max_cost is not None, reporter)

    def _to_buy(self, requests: Iterable[Request]) -> tuple[int, Usage]:
        """Calls and tokens of the requests, each once, that no journal answers."""
        total, new, reader = Usage(), set[str](), JournalReader(self.journal, self.parents)
        for request in requests:
            if request.key not in new and request.key not in reader:
                new.add(request.key)
                tokens = token_estimate(request.system) + token_estimate(request.user)
                total += Usage(input=tokens, output=round(request.max_tokens * REPLY_SHARE))
        reader.close()
        return len(new), total

    @contextmanager
    def journalled(self) -> Iterator[Journal]:
        """The journal for appending, with the run that it belongs to locked."""
        with self.run.lock() if self.run else nullcontext(), Journal(self.journal, self.parents) as journal:
            yield journal

    @asynccontextmanager
    async def asked(self, journal: Journal) -> AsyncIterator[LLM]:
        """The judge's model."""
        async with open_engine(self.engine, journal) as engine:
            yield engine.llm


def judge_settings(params: Mapping[str, Any], setup: Setup | None) -> JudgeSettings:
    """The run's own settings, then flags; never the offline engine, which writes and does not read.

    The judge's calls carry all of a run's `extra` body fields, and its thinking effort.
    """
    if params.get("engine") == "offline":
        raise ConfigError("the offline engine cannot judge", "--engine", "Use anthropic, or leave the judge out")
    asked = RunOptions(
        engine=params.get("engine") or "anthropic",
        model=_model(params, setup),
        batch=False,
        base_url=params.get("base_url"),
        concurrency=params.get("concurrency"),
        max_cost=params.get("max_cost"),
    )
    config = resolve(setup.config if setup else None, None, asked)
    engine = EngineOptions(
        engine=config.engine,
        base_url=config.base_url,
        concurrency=config.concurrency,
        max_cost=config.max_cost,
        prices=Path(config.prices) if config.prices else None,
    )
    model = ModelOptions(config.model or "", config.effort, tuple(sorted(config.extra.items())))
    if setup is None:
        return JudgeSettings(engine, model)
    return JudgeSettings(engine, model, setup.run.journal, setup.parents, setup.run)


def _model(params: Mapping[str, Any], setup: Setup | None) -> str:
    """The judge's model: the one named, else the run's if it has a real one."""
    if params.get("model"):
        return str(params["model"])
    own = setup.config.model if setup and setup.config.engine == "anthropic" else None
    return own or DEFAULT_MODELS["anthropic"]


def say_unjudged(unjudged: int, shown: int, what: str, reasons: Mapping[str, int]) -> None:
    """Say on standard error, whatever else is printed, that a judge left something without a verdict, and why."""
    many = f"ANY of the {shown:,}" if unjudged == shown else f"{unjudged:,} of the {shown:,}"
    line = f"NO USABLE VERDICT on {many} {what} that the judge was shown: this is no clean bill"
    typer.secho(f"{line}. Calls that failed are made again by the same command.", err=True, fg="red", bold=True)
    for reason, count in sorted(reasons.items(), key=lambda item: -item[1])[:MOST_REASONS]:
        typer.secho(f"  {count:,} times: {' '.join(reason.split())}", err=True, fg="red")
