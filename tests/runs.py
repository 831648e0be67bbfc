"""Whole runs for tests: set_up_run one, carry it out with any model, look at what came of it."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from docgen.files.run_folder.run_folder import RunFolder
from docgen.llm.fake import FakeLLM
from docgen.llm.protocol import LLM, Completion, Request
from docgen.options.last_step import Step
from docgen.options.run import RunOptions
from docgen.pipeline.execution.execute import execute
from docgen.pipeline.inputs.requested_inputs import propose
from docgen.pipeline.inputs.setup import Setup
from docgen.progress import Progress
from docgen.records import Attempt
from tests.worlds import LIGHTHOUSE

__all__ = ["Delayed", "Notes", "attempts", "by_verdict", "corpus", "documents", "run_job", "set_up_run", "small"]

SMALL = {"types": 3, "ideas": 4, "words": (30, 60), "engine": "custom", "model": "fake"}


@dataclass
class Notes:
    """Keeps what a run tells."""

    notes: list[str] = field(default_factory=list)
    states: list[Progress] = field(default_factory=list)

    def progress(self, state: Progress) -> None:
        self.states.append(state)

    def note(self, text: str) -> None:
        self.notes.append(text)


class Delayed:
    """A fake model whose replies arrive in a random order. `peak`: most calls at once."""

    engine = "fake"

    def __init__(self, reply: Callable[[Request], str | Completion], seed: int, longest: float = 0.004) -> None:
        self._llm, self._rng, self._longest = FakeLLM(reply), random.Random(seed), longest
        self.in_flight = self.peak = 0

    @property
    def requests(self) -> list[Request]:
        return self._llm.requests

    async def complete(self, request: Request) -> Completion:
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            await asyncio.sleep(self._rng.uniform(0, self._longest))
            return await self._llm.complete(request)
        finally:
            self.in_flight -= 1


def small(**settings: Any) -> dict[str, Any]:
    """Settings of a run small enough for a test."""
    engine_of_their_own = {"model": None} if "engine" in settings else {}
    return SMALL | engine_of_their_own | settings


def set_up_run(
    folder: Path, *, run: str = "r", text: str = LIGHTHOUSE, accept: bool = False, base: str = "", **settings: Any
) -> Setup:
    """Settle the run `run` in `folder` over the context `text`, with small defaults."""
    source = folder / "context-given.yaml"
    source.write_text(text, "utf-8")
    root = folder / "output"
    asked = RunOptions(**small(**settings))
    return propose(RunFolder(root / run), source, asked, base=RunFolder(root / base) if base else None).apply(accept)


def run_job(
    setup: Setup,
    llm: LLM,
    until: Step = Step.ALL,
    stopping: Callable[[], bool] = lambda: False,
) -> Notes:
    """Carry a run out with `llm`; what it told."""
    notes = Notes()
    execute(setup, until, notes, stopping, llm)
    return notes


def attempts(setup: Setup) -> list[Attempt]:
    """Every attempt on disk."""
    return list(setup.run.read_attempts())


def by_verdict(setup: Setup) -> Counter[str]:
    """Attempts by verdict."""
    return Counter(attempt.verdict for attempt in attempts(setup))


def corpus(setup: Setup) -> pl.DataFrame:
    """corpus.parquet."""
    return pl.read_parquet(setup.run.corpus)


def documents(llm: FakeLLM | Delayed) -> list[Request]:
    """Of the requests a model got, those for documents."""
    return [request for request in llm.requests if request.stage == "document"]
