"""One start of a run: what every step of it is handed."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

from docgen.llm.engine import Engine
from docgen.llm.protocol import Request
from docgen.pipeline.inputs.setup import Setup
from docgen.progress import Reporter

__all__ = ["Job", "Step"]


class Step(IntEnum):
    """How far to go. ALL is everything that `docgen run` does: GENERATE, then audit and export."""

    BRAINSTORM = 1
    PLAN = 2
    GENERATE = 3
    ALL = 4


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
