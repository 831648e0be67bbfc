"""What the entry point `inspect_ai` of pyproject.toml loads: every task that `inspect eval docgen/...` knows."""

from docgen.behaviour.inspect_tasks.tasks import behaviour
from docgen.belief.inspect_tasks.tasks import (
    belief_calibration,
    belief_choice,
    belief_general,
    belief_open,
    belief_unrelated,
)

__all__ = ["behaviour", "belief_calibration", "belief_choice", "belief_general", "belief_open", "belief_unrelated"]
