"""A few short examples; `python bench/stateful.py --examples 300` runs many and long ones."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

import docgen
from bench.stateful_mutants import MUTANTS, Mutant
from tests.e2e.forked_commands import CommandForker
from tests.stateful.machine import RunFolders, loopback


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_fault_that_the_bench_puts_in_can_still_be_put_in(mutant: Mutant) -> None:
    """The code has not moved away from under it; that it is caught is for bench/stateful_mutants.py."""
    text = (Path(docgen.__file__).parent / mutant.file).read_text("utf-8")
    assert mutant.changed(text) != text


def test_any_order_of_commands_killed_anywhere_keeps_the_books(forker: CommandForker) -> None:
    """The invariants of `RunFolders` assert after each step what docs/robustness.md promises."""
    few = settings(
        max_examples=2, stateful_step_count=4, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    with loopback() as server:
        RunFolders.forker, RunFolders.server = forker, server
        run_state_machine_as_test(RunFolders, settings=few)
