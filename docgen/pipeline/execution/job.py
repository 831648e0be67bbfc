"""One start of a run: what every step of it gets."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from docgen.llm.engine import Engine
from docgen.llm.protocol import Request
from docgen.options.last_step import Step
from docgen.pipeline.inputs.setup import Setup
from docgen.progress import Reporter

__all__ = ["Job"]


@dataclass(frozen=True)
class Job:
    """One start of a run. With `first`, only so many slots at the head of the plan are generated (a pilot).

    `buy`, if set, is called with all requests of a pass before the engine is asked for them one by one.
    """

    setup: Setup
    until: Step
    reporter: Reporter
    stopping: Callable[[], bool]
    engine: Engine
    first: int | None = None
    buy: Callable[[Callable[[], Iterable[Request]]], Awaitable[object]] | None = None
