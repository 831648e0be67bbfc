"""The main job through the Anthropic engine against a server that fails a fifth of all calls, in every way."""

import gc
import json
from pathlib import Path

import pytest

from docgen.errors import StopRun
from docgen.files.append_log import read_lines
from docgen.llm.ratelimit import retry
from docgen.options.last_step import Step
from docgen.pipeline.execution.execute import execute
from docgen.pipeline.inputs.setup import Setup
from docgen.pipeline.status import Summary, summarise
from tests.loopback import Loopback, Options, every_fault
from tests.runs import Notes, attempts, corpus, set_up_run

MODEL = "claude-haiku-5-5"
BILLED_AS = {"empty": "empty", "refusal": "refused", "max_tokens": "truncated"}


def settled(folder: Path, url: str, n: int) -> Setup:
    return set_up_run(
        folder, n=n, engine="anthropic", base_url=url, model=MODEL, max_attempts=12, words=(60, 120), concurrency=16
    )


def stage_calls(summary: Summary, stage: str) -> int:
    return sum(line.calls for line in summary.spending if line.stage == stage)


def test_every_fault_is_survived_and_accounted_for(tmp_path: Path) -> None:
    with Loopback(Options(faults=every_fault(0.2), latency=0.005, seed=1)) as server:
        setup = settled(tmp_path, server.url, 60)
        execute(setup, Step.ALL, Notes(), lambda: False)
        billed, answers = server.served, server.server.answers
    summary = summarise(setup)
    assert (summary.accepted, summary.failed, corpus(setup).height) == (60, 0, 60)
    assert sum(line.calls for line in summary.spending) == len(billed)
    assert sum(line.input + line.cache_read for line in summary.spending) == sum(
        call.input + call.cache_read for call in billed
    )
    assert sum(line.output for line in summary.spending) == sum(call.output for call in billed)
    assert summary.attempts == summary.accepted + summary.rejected == stage_calls(summary, "document")
    assert len([fault for fault in answers if fault != "200"]) >= 5, "the test met what it is about"


def test_billed_failures_are_reasons_by_their_kind(tmp_path: Path) -> None:
    """Empty, refused and cut-off replies were paid for: each is an attempt with its own reason."""
    faults = dict.fromkeys(("empty", "refusal", "max_tokens"), 0.1)
    with Loopback(Options(faults=faults, latency=0.002, seed=5)) as server:
        setup = settled(tmp_path, server.url, 60)
        execute(setup, Step.ALL, Notes(), lambda: False)
    reasons = summarise(setup).reasons
    lines = [json.loads(line) for _, line in read_lines(setup.run.journal)]
    replies = [line for line in lines if line["stage"] == "document"]
    assert reasons.get("refused", 0) == sum(line["stop_reason"] == "refusal" for line in replies) > 0
    assert reasons.get("truncated", 0) == sum(line["stop_reason"] == "max_tokens" for line in replies) > 0
    assert (
        reasons.get("empty", 0) == sum(line["stop_reason"] == "end_turn" and not line["text"] for line in replies) > 0
    )
    assert sum(not a.text and a.verdict == "rejected" for a in attempts(setup)) >= reasons["refused"]


def test_spend_limit_stops_cleanly_and_a_higher_one_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING")
    with Loopback(Options(spend_limit=20)) as server:
        setup = settled(tmp_path, server.url, 30)
        with pytest.raises(StopRun, match="spend_limit"):
            execute(setup, Step.ALL, Notes(), lambda: False)
        first = len(server.served)
    gc.collect()
    assert caplog.records == [], "no noise from the other calls that were refused"
    with Loopback() as server:
        setup = settled(tmp_path, server.url, 30)
        execute(setup, Step.ALL, Notes(), lambda: False)
        second = len(server.served)
    summary = summarise(setup)
    assert summary.accepted == 30
    assert sum(line.calls for line in summary.spending) == first + second


def test_server_that_is_gone_stops_the_run_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FAULT_BACKOFF", (0.01, 0.02))
    with Loopback(Options(faults={"500": 1.0})) as server:
        setup = settled(tmp_path, server.url, 5)
        with pytest.raises(StopRun, match="500"):
            execute(setup, Step.ALL, Notes(), lambda: False)
    assert not setup.run.attempts.exists()
