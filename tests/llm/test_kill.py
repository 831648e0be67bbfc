"""Kill -9: nothing is lost or billed twice except calls in flight. `bench/engine_kill.py` does it 30 times."""

from pathlib import Path

from tests.e2e.forked_commands import CommandForker
from tests.llm.kill_and_resume import CONCURRENCY, kill_and_resume
from tests.loopback import BatchOptions, Options, every_fault


def test_a_killed_job_of_calls_loses_at_most_what_was_in_flight(tmp_path: Path, forker: CommandForker) -> None:
    options = Options(faults=every_fault(0.2), latency=0.05, jitter=0.05)
    outcome = kill_and_resume(options, tmp_path, 200, "sync", kills=1, seed=1, forker=forker)
    assert outcome.replies == 200
    assert outcome.wasted <= len(outcome.kills) * CONCURRENCY
    assert outcome.notices == 0


def test_a_killed_job_of_batches_pays_for_nothing_twice(tmp_path: Path, forker: CommandForker) -> None:
    batches = BatchOptions(seconds=0.4, errored=0.2, expired=0.2, lost_create=0.2)
    outcome = kill_and_resume(Options(batches=batches), tmp_path, 200, "batch", kills=1, seed=2, forker=forker)
    assert outcome.replies == 200
    assert outcome.submitted_twice == 0
    assert outcome.wasted <= len(outcome.kills)
    assert outcome.exact
