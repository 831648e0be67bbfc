"""Kill -9 and Ctrl-C against the real command: nothing paid is lost, nothing is paid twice, the corpus is whole."""

import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from docgen.errors import RunError
from docgen.files.run_folder.run_folder import RunFolder
from docgen.options.last_step import Step
from docgen.pipeline.execution.execute import execute
from docgen.pipeline.inputs.setup import reopen
from docgen.pipeline.status import summarise
from tests.e2e.forked_commands import CommandForker
from tests.e2e.kill_and_account import Job
from tests.loopback import Loopback, Options, every_fault
from tests.runs import Notes


@pytest.fixture
def job(tmp_path: Path, forker: CommandForker) -> Iterator[Job]:
    log = tmp_path / "billed.jsonl"
    with Loopback(Options(faults=every_fault(0.1), latency=0.05, jitter=0.05, log=str(log))) as server:
        yield Job(tmp_path / "work", server.url, log, n=40, concurrency=4, forker=forker)


def wait_for(job: Job, accepted: int) -> None:
    deadline = time.monotonic() + 60
    while job.accepted() < accepted:
        assert time.monotonic() < deadline, "the job does not come to it"
        time.sleep(0.01)


def test_killed_three_times_it_ends_as_if_it_never_was(job: Job) -> None:
    """The corpus has its n and its salience; the server was paid twice for nothing but what was in flight."""
    rng = random.Random(7)
    kills = [job.kill(rng.uniform(0.0, 0.8)) for _ in range(3)]
    before = job.books()
    assert job.finish()[0] == 0
    assert [kill is not None and kill.lost <= job.concurrency for kill in kills] == [True] * 3
    assert job.books().lost == before.lost == sum(kill.lost for kill in kills if kill)
    assert len(job.keys()) == len(set(job.keys()))
    assert job.corpus().height == 40
    assert job.salience() == {"keeper": 12, "opened": 24, "stairs": 10}


def test_interrupted_it_waits_for_what_is_in_flight_and_loses_nothing(job: Job) -> None:
    process = job.start()
    wait_for(job, 3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Continue with the same command" in errors
    assert "Traceback" not in errors
    job.set_up_run()
    assert job.books().lost == 0
    assert 3 <= job.accepted() < 40
    assert job.finish()[0] == 0
    assert (job.corpus().height, job.books().lost) == (40, 0)


def test_interrupted_twice_it_stops_at_once(job: Job) -> None:
    process = job.start()
    wait_for(job, 2)
    process.send_signal(signal.SIGINT)
    time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors


def test_run_in_use_can_be_looked_at_and_not_worked_on(job: Job) -> None:
    process = job.start()
    try:
        wait_for(job, 1)
        setup = reopen(RunFolder(job.run))
        with pytest.raises(RunError, match=f"in use by process {process.pid}"):
            execute(setup, Step.ALL, Notes(), lambda: False)
        assert 1 <= summarise(setup).accepted < 40
        assert process.poll() is None
    finally:
        process.kill()
