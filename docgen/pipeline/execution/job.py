"""One start of a run: what every step of it is handed."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from docgen.llm.engine import Engine
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
    """One start of a run. With `first`, only so many slots at the head of the plan are generated (a pilot)."""

    setup: Setup
    until: Step
    reporter: Reporter
    stopping: Callable[[], bool]
    engine: Engine
    first: int | None = None
