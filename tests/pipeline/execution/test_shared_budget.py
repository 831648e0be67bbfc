"""One sum under one cap, whoever spends; nothing bought twice beside a fork; nothing settled over another's head."""

import asyncio
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from docgen.errors import ConfigError, PlanError, RunError, StopRun
from docgen.files.run_folder.run_folder import RunFolder
from docgen.llm.batch.log import BatchLog
from docgen.llm.cost.budget import SPEND_FILE, uncertain_dollars
from docgen.llm.engine import BATCHES_FILE, dollars_at_most
from docgen.llm.fake import FakeLLM
from docgen.llm.journal import journal_totals
from docgen.llm.ratelimit import retry
from docgen.options.audit import JudgeMode, JudgeOptions
from docgen.options.last_step import Step
from docgen.options.run import RunOptions
from docgen.pipeline.audit.judge_setup import Judge
from docgen.pipeline.execution.execute import execute
from docgen.pipeline.families.sweeps import open_level, sweep, sweep_levels, write_levels
from docgen.pipeline.inputs.requested_inputs import propose
from docgen.pipeline.inputs.setup import Setup
from tests.cli.runs.test_exit_codes import docgen
from tests.e2e.forked_commands import CommandForker
from tests.llm.support import billed
from tests.loopback import Loopback, Options
from tests.runs import Notes, run_job, set_up_run
from tests.worlds import LIGHTHOUSE, writes_well

CAP = 0.02
SMALL_CAP = 0.008
"""Room for each of three audits, of 160 documents and about $0.0036, but not for all of them together."""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")


def texts(folder: Path, name: str, count: int) -> str:
    (folder / name).write_text("".join(f'{{"text": "{name}: the ferry left at {n}."}}\n' for n in range(count)))
    return name


def test_several_audits_in_one_folder_are_one_sum_under_one_cap(tmp_path: Path, forker: CommandForker) -> None:
    """Three at once, then each again: whoever does not get the lock pays nothing and says so.

    The cap has room for the first and a part of another: that it was reached is asserted, too.
    """
    stopped = 0
    with Loopback(Options(latency=0.05)) as server:
        for _ in range(2):
            jobs = []
            for name in ("a", "b", "c"):
                audit = ["audit", "leakage", texts(tmp_path, f"{name}.jsonl", 160), "--context", "tutorial"]
                judge = ["--judge", "all", "--model", "claude-haiku-5-5", "--base-url", server.url]
                capped = [*audit, *judge, "--max-cost", str(SMALL_CAP)]
                jobs.append(forker.start(capped, tmp_path, errors=tmp_path / f"{name}.txt"))
            for job in jobs:
                _, words = job.communicate(timeout=300)
                assert job.returncode in (0, 1, 2), words
                assert "Traceback" not in words
                assert job.returncode != 2 or "in use by process" in words
                stopped += "the cap is" in words
        folder = tmp_path / "output" / "judge"
        booked = journal_totals(folder / "llm.jsonl").all.dollars
        assert billed(server.served) == pytest.approx(booked)
        assert 0 < booked + uncertain_dollars(folder / SPEND_FILE) <= SMALL_CAP
        assert stopped, "the cap was never reached"


def test_a_judge_outside_a_run_waits_for_no_lock_and_spends_nothing_without_it(tmp_path: Path) -> None:
    judge = Judge.of(JudgeOptions(which=JudgeMode("all"), model="claude-haiku-5-5", max_cost=1.0), None)

    async def opened() -> None:
        async with judge.open():
            pass

    with RunFolder(tmp_path / "output" / "judge").lock(), pytest.raises(RunError, match="in use by process"):
        asyncio.run(opened())
    asyncio.run(opened())


@pytest.mark.parametrize("faults", [{"truncated": 0.3}, {"reset": 0.2, "html": 0.2}])
def test_a_sweep_and_its_lost_replies_stay_under_one_cap(tmp_path: Path, faults: dict[str, float]) -> None:
    with Loopback(Options(faults=faults, seed=3)) as server:
        base = set_up_run(
            tmp_path, n=20, engine="anthropic", model="claude-haiku-5-5", base_url=server.url, max_cost=CAP
        )
        notes = Notes()

        def carry_on(member: Setup, until: Step) -> None:
            with suppress(StopRun):  # the cap, mostly
                execute(member, until, notes, lambda: False)

        carry_on(base, Step.BRAINSTORM)
        levels = sweep_levels(base, "keeper", [0.1, 0.4, 0.7], "salience")
        members = write_levels(base, "keeper", levels, "salience", carry_on)
        assert len(members) == 3
        assert billed(server.served) <= CAP
        journals = [base.run.journal, *base.run.path.glob("levels/*/llm.jsonl")]
        booked = sum(map(dollars_at_most, journals))
        assert billed(server.served) <= booked + 1e-9 <= CAP + 2e-9


@pytest.mark.parametrize("slow", [0.0, 0.4])
def test_fields_of_extra_and_slow_servers_stay_under_the_cap(
    tmp_path: Path, slow: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replies as long as [extra] allows, and replies that come after the timeout: billed, and booked at their worst."""
    monkeypatch.setattr(retry, "FAULT_BACKOFF", (0.001, 0.01))
    options = Options(faults={"slow": slow} if slow else {}, slow_seconds=1.3, seed=5)
    cap = 0.006
    with Loopback(options) as server:
        setup = set_up_run(
            tmp_path, n=20, engine="anthropic", model="claude-haiku-5-5", base_url=server.url, max_cost=cap,
            timeout=1.0, extra={"max_tokens": 6000, "top_k": 3}, concurrency=8, verify=0,
        )  # fmt: skip
        reasons = []
        for _ in range(3):  # a server of which nothing has come within the timeout ends a start at once
            with pytest.raises(StopRun) as stopped:
                execute(setup, Step.GENERATE, Notes(), lambda: False)
            reasons.append(stopped.value.reason)
        time.sleep(1.4 if slow else 0)
        assert "max_cost" in reasons
        assert cap / 10 < billed(server.served) <= dollars_at_most(setup.run.journal) + 1e-9 <= cap + 2e-9
        assert (uncertain_dollars(setup.run.path / SPEND_FILE) > 0) == bool(slow)


def test_members_of_a_sweep_do_not_spend_at_once(tmp_path: Path) -> None:
    base = set_up_run(tmp_path, n=20)
    run_job(base, FakeLLM(writes_well), Step.BRAINSTORM)
    level = open_level(base, base.run, "keeper", 0.1, "salience", None)
    with RunFolder(base.run.path / "levels").lock(), pytest.raises(RunError, match="in use by process"):
        run_job(level, FakeLLM(writes_well))


@pytest.mark.parametrize(("fact", "levels"), [("keeper", [0.0, 5.0]), ("opened", [0.1, -1.0])])
def test_impossible_levels_are_refused_before_anything_is_asked(tmp_path: Path, fact: str, levels: list[float]) -> None:
    (tmp_path / "lighthouse.yaml").write_text(LIGHTHOUSE)
    llm = FakeLLM(writes_well)
    with pytest.raises((PlanError, ConfigError, ValueError)):
        sweep(tmp_path / "lighthouse.yaml", fact, levels, n=20, out=tmp_path / "s", llm=llm)
    assert llm.requests == []
    assert not (tmp_path / "s").exists()


def test_a_sweep_without_a_size_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "lighthouse.yaml").write_text(LIGHTHOUSE)
    llm = FakeLLM(writes_well)
    with pytest.raises(RunError, match="number of documents"):
        sweep(tmp_path / "lighthouse.yaml", "keeper", [0.1, 0.2], out=tmp_path / "s", llm=llm)
    assert llm.requests == []


def paid(folder: Path, url: str, **settings: Any) -> Setup:
    return set_up_run(folder, engine="anthropic", model="claude-haiku-5-5", base_url=url, n=6, max_cost=1.0, **settings)


def test_a_fork_waits_for_the_batches_of_its_parent_and_of_theirs(tmp_path: Path) -> None:
    with Loopback() as server:
        parent = paid(tmp_path, server.url)
        log = BatchLog(parent.run.path / BATCHES_FILE)
        entry = log.intend(["ab" * 16], "document", "claude-haiku-5-5", 0.01)
        child = paid(tmp_path, server.url, run="child", base="r")
        grandchild = paid(tmp_path, server.url, run="grandchild", base="child")
        for fork in (child, grandchild):
            with pytest.raises(RunError, match=r"waits for 1 batch"):
                execute(fork, Step.GENERATE, Notes(), lambda: False)
        assert server.served == []
        log.abandoned(entry)
        log.close()
        execute(child, Step.BRAINSTORM, Notes(), lambda: False)
        assert server.served


def test_a_fork_and_its_judge_wait_for_a_parent_that_is_at_work(tmp_path: Path) -> None:
    with Loopback() as server:
        parent = paid(tmp_path, server.url)
        fork = paid(tmp_path, server.url, run="child", base="r")
        judge = Judge.of(JudgeOptions(which=JudgeMode("all"), max_cost=1.0), fork)

        async def opened() -> None:
            async with judge.open():
                pass

        with parent.run.lock():
            with pytest.raises(RunError, match="both would buy the same"):
                execute(fork, Step.GENERATE, Notes(), lambda: False)
            with pytest.raises(RunError, match="both would buy the same"):
                asyncio.run(opened())
        assert server.served == []


@pytest.mark.parametrize("meanwhile", [{"n": 8}, {"n": 16, "words": (40, 70)}, {"n": 16, "types": 2}])
def test_a_run_begun_while_a_question_stood_open_is_not_overwritten(tmp_path: Path, meanwhile: dict[str, Any]) -> None:
    """Compared again under the lock: what the other process settled and finished stays as it is."""
    source = tmp_path / "context-given.yaml"
    source.write_text(LIGHTHOUSE)
    asked = RunOptions(types=3, ideas=4, words=(30, 60), engine="offline", n=16)
    waiting = propose(RunFolder(tmp_path / "output" / "r"), source, asked)
    other = set_up_run(tmp_path, engine="offline", **meanwhile)
    run_job(other, FakeLLM(writes_well))
    before = (other.run.path / "run.json").read_bytes()
    for accept in (False, True):
        with pytest.raises(RunError, match="meanwhile"):
            waiting.apply(accept)
    assert (other.run.path / "run.json").read_bytes() == before


def test_a_run_begun_meanwhile_with_the_same_inputs_is_gone_on_with(tmp_path: Path) -> None:
    source = tmp_path / "context-given.yaml"
    source.write_text(LIGHTHOUSE)
    asked = RunOptions(types=3, ideas=4, words=(30, 60), engine="offline", n=8)
    waiting = propose(RunFolder(tmp_path / "output" / "r"), source, asked)
    run_job(set_up_run(tmp_path, engine="offline", n=8), FakeLLM(writes_well))
    assert waiting.apply().n == 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_judge_that_is_stopped_keeps_what_was_in_flight(
    tmp_path: Path, number: signal.Signals, forker: CommandForker
) -> None:
    """And says what it waits for, and that the same command goes on."""
    with Loopback(Options(latency=0.5)) as server:
        audit = ["audit", "leakage", texts(tmp_path, "a.jsonl", 12), "--context", "tutorial", "--judge", "all"]
        paid = ["--model", "claude-haiku-5-5", "--max-cost", "1", "--base-url", server.url]
        job = forker.start([*audit, *paid], tmp_path)
        while not server.server.arrivals and job.poll() is None:
            time.sleep(0.02)
        job.send_signal(number)
        _, words = job.communicate(timeout=120)
        assert job.returncode == 130, words
        assert "waiting for the calls in flight" in words
        assert "Continue with the same command" in words
        folder = tmp_path / "output" / "judge"
        assert 0 < len(server.served) == journal_totals(folder / "llm.jsonl").all.calls < 24
        assert uncertain_dollars(folder / SPEND_FILE) == 0.0


def test_no_key_is_asked_for_where_nothing_is_bought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan with the ideas there, and a judge that has nothing to judge."""
    with Loopback() as server:
        setup = paid(tmp_path, server.url)
        execute(setup, Step.BRAINSTORM, Notes(), lambda: False)
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    config = setup.run.read_meta()
    config["config"]["base_url"] = None
    setup.run.write_json("run.json", config)
    planned = propose(setup.run, None, RunOptions(n=6)).apply()
    execute(planned, Step.PLAN, Notes(), lambda: False)
    assert planned.run.slots.exists()
    with pytest.raises(ConfigError, match="no API key"):
        execute(planned, Step.GENERATE, Notes(), lambda: False)
    texts(tmp_path, "a.jsonl", 3)
    assert docgen(monkeypatch, "audit", "leakage", "a.jsonl", "--context", "tutorial", "--judge", "suspects") == 0
