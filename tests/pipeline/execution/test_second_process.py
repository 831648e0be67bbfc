"""A second process changes how long a job takes, and nothing else."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from docgen.errors import RunError
from docgen.options.last_step import Step
from docgen.parallel.worker import WorkerProcess
from docgen.pipeline.audit import scan as scanning
from docgen.pipeline.execution import steps
from docgen.pipeline.execution.execute import execute
from tests.pipeline.execution.spawned import Adder
from tests.runs import Notes, set_up_run

PARENT = """
import time
from docgen.parallel.worker import WorkerProcess
from tests.pipeline.execution.spawned import Adder

if __name__ == "__main__":
    with WorkerProcess(Adder, 0) as worker:
        print(worker.result(worker.submit(1))[1], flush=True)
        time.sleep(60)
"""


def test_results_come_from_another_process_in_order() -> None:
    with WorkerProcess(Adder, 10) as worker:
        futures = [worker.submit(number) for number in range(20)]
        results = [worker.result(future) for future in futures]
    assert [value for value, _ in results] == list(range(10, 30))
    assert {pid for _, pid in results}.isdisjoint({os.getpid()})


def test_a_killed_process_is_one_clear_error() -> None:
    with WorkerProcess(Adder, 10) as worker, pytest.raises(RunError, match="was killed"):
        worker.result(worker.submit(-1))


KILLED = """
from docgen.parallel.executors import ProcessExecutor
from docgen.errors import RunError
from tests.pipeline.execution.spawned import fatal

if __name__ == "__main__":
    try:
        with ProcessExecutor(2) as processes:
            processes.collect([processes.submit(fatal, number, results=1)[0] for number in range(8)])
    except RunError as error:
        print(error)
"""


def test_a_killed_worker_among_several_ends_the_job_with_one_error(tmp_path: Path) -> None:
    """And does not leave it waiting for the others."""
    script = tmp_path / "job.py"
    script.write_text(KILLED)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    line = [sys.executable, str(script)]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert "was killed" in done.stdout


def test_the_process_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(child)


def test_a_run_beside_a_second_process_is_the_same_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts and reports, byte for byte."""
    whole = {}
    for name, big in (("alone", 10**9), ("beside", 1)):
        monkeypatch.setattr(steps, "MIN_PARALLEL_DOCUMENTS", big)
        monkeypatch.setattr(scanning, "MIN_PARALLEL_DOCUMENTS", big)
        setup = set_up_run(tmp_path, run=name, n=40, engine="offline", words=(80, 120))
        execute(setup, Step.ALL, Notes(), lambda: False)
        reports = [setup.run.report(f"{kind}.json").read_bytes() for kind in ("salience", "leakage", "diversity")]
        whole[name] = [setup.run.attempts.read_bytes(), *reports]
    assert whole["alone"] == whole["beside"]


def test_what_cannot_be_made_is_the_error_of_the_work() -> None:
    with WorkerProcess(Adder, 1, 2) as worker, pytest.raises(TypeError, match="positional"):
        worker.result(worker.submit(1))


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
