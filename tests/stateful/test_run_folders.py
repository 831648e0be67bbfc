"""A few short examples; `python bench/stateful.py --examples 300` runs many and long ones."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.e2e.forked_commands import CommandForker
from tests.stateful.machine import RunFolders, loopback


def test_any_order_of_commands_killed_anywhere_keeps_the_books(forker: CommandForker) -> None:
    few = settings(
        max_examples=2, stateful_step_count=4, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    with loopback() as server:
        RunFolders.forker, RunFolders.server = forker, server
        run_state_machine_as_test(RunFolders, settings=few)
