"""The last step that a run is to take. It imports nothing, so that commands can name a step early."""

from enum import IntEnum

__all__ = ["Step"]


class Step(IntEnum):
    """How far to go. ALL is everything that `docgen run` does: GENERATE, then audit and export."""

    BRAINSTORM = 1
    PLAN = 2
    GENERATE = 3
    ALL = 4
