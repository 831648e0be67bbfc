"""An experiment killed -9 at ten moments and resumed, beside an unbroken one: python -m bench.behaviour_crash

Printed: calls that the server billed, replies in the journal, and whether both runs have the same transcripts.
"""

import tempfile
from pathlib import Path

from tests.behaviour.killed import CONCURRENCY, run_killed
from tests.behaviour.stand_ins import Policy
from tests.e2e.forked_commands import CommandForker

__all__ = ["main"]

MOMENTS = (1, 8, 20, 33, 47, 60, 78, 90, 111, 130)
COMMAND = ("experiment", "run", "helpful_only", "--only", "default", "--n", "30", "--yes", "--quiet")


def main() -> None:
    """Print one line."""
    with tempfile.TemporaryDirectory() as folder, CommandForker() as forker:
        outcome = run_killed(Path(folder), MOMENTS, COMMAND, Policy(0.6, 0.3, 0.4, 0.5), forker)
    lost = outcome.billed - outcome.journalled
    same = "the same" if outcome.transcripts == outcome.unbroken else "OTHER"
    print(
        f"{outcome.kills} kills, {CONCURRENCY} calls in flight: {outcome.billed} billed, "
        f"{outcome.journalled} journalled, {lost} lost in flight; {same} transcripts as unbroken"
    )


if __name__ == "__main__":
    main()
