"""The judged sample at the end of a paid run: in the estimate, under the cap, paid once, and said for what it is."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from docgen.cli.app import app
from docgen.errors import ConfigError, StopRun
from docgen.llm.journal import journal_totals
from docgen.options.last_step import Step
from docgen.pipeline.audit.runs.run_reports import read_measured
from docgen.pipeline.estimate import estimate
from docgen.pipeline.execution.execute import execute
from docgen.pipeline.inputs.setup import Setup
from docgen.pipeline.status import summarise
from tests.loopback import Loopback, Options
from tests.runs import Notes, set_up_run

WRITER, JUDGE = "claude-haiku-5-5", "claude-sonnet-5-5"
N = 12


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Loopback]:
    for name in ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "x")
    monkeypatch.chdir(tmp_path)
    with Loopback() as loopback:
        yield loopback


def paid(server: Loopback, **settings: Any) -> Setup:
    asked: dict[str, Any] = {
        "engine": "anthropic",
        "model": WRITER,
        "base_url": server.url,
        "n": N,
        "words": (120, 160),
    }
    return set_up_run(Path(), **(asked | settings))


def carried_out(setup: Setup) -> Notes:
    notes = Notes()
    execute(setup, Step.ALL, notes, lambda: False)
    return notes


def judged_calls(setup: Setup) -> Counter[str]:
    """Calls of the judge by model."""
    stages = journal_totals(setup.run.journal).by_stage.items()
    return Counter({model: tally.calls for (stage, model), tally in stages if stage == "judge_document"})


def test_a_paid_run_ends_with_a_judged_sample(server: Loopback) -> None:
    """Another model reads as many documents as asked; reports and status tell its word from that of the wording."""
    setup = paid(server, verify=5, judge_model=JUDGE)
    carried_out(setup)
    assert judged_calls(setup) == {JUDGE: 5}
    salience, leaks = read_measured(setup)
    assert salience is not None
    assert leaks is not None
    assert leaks.judge == salience.judge == f"sample:5 by {JUDGE}"
    for fact in summarise(setup).facts:
        assert fact.judged is not None
        assert fact.at_least is not None
        assert (fact.judged.total, fact.judged.population, fact.measured) == (5, N, fact.judged.share)
        assert fact.judged.low <= fact.at_least <= fact.judged.high
    screen = " ".join(CliRunner().invoke(app, ["status", "r"], catch_exceptions=False).stdout.split())
    assert "judged (95%)" in screen
    assert "at least" in screen
    page = setup.run.report("report.html").read_text("utf-8")
    assert "Measured by a judge" in page


def test_going_on_buys_no_verdict_twice(server: Loopback) -> None:
    setup = paid(server, verify=5)
    carried_out(setup)
    served = len(server.served)
    carried_out(setup)
    assert len(server.served) == served
    more = paid(server, verify="all")
    carried_out(more)
    assert judged_calls(more) == {WRITER: N}, "the sample is among them"


def test_zero_turns_it_off_and_then_nothing_is_called_measured(server: Loopback) -> None:
    """No figure that nobody measured, and no interval that excludes what wording cannot see."""
    setup = paid(server, verify=0)
    carried_out(setup)
    assert judged_calls(setup) == {}
    salience, _ = read_measured(setup)
    assert salience is not None
    assert {(fact.measured, fact.interval[1]) for fact in salience.facts.values()} == {(None, 1.0)}
    assert "not judged" in CliRunner().invoke(app, ["status", "r"], catch_exceptions=False).stdout
    assert "Nobody measured" in setup.run.report("report.html").read_text("utf-8")


def test_the_embedded_writer_needs_no_judge(tmp_path: Path) -> None:
    """Its wordings are known: wording is exact."""
    setup = set_up_run(tmp_path, n=6, engine="offline")
    carried_out(setup)
    assert all(fact.measured == fact.at_least for fact in summarise(setup).facts)
    assert all(fact.judged is None for fact in summarise(setup).facts)


def test_the_estimate_holds_the_judge(server: Loopback) -> None:
    """By its own price, for as many documents as it reads, never as a message batch, and no more once it has read."""
    setup = paid(server, verify=5, judge_model=JUDGE)
    stages = {stage.stage: stage for stage in estimate(setup).stages}
    judge = stages["judge_document"]
    assert (judge.calls, judge.model, judge.batched) == (5, JUDGE, False)
    assert "judge_document" not in {stage.stage for stage in estimate(setup, judged=False).stages}
    whole, writing = (estimate(setup, judged=judged).dollars(batch=True) for judged in (True, False))
    assert whole is not None
    assert writing is not None
    carried_out(setup)
    billed = sum(t.dollars for (stage, _), t in journal_totals(setup.run.journal).by_stage.items() if "judge" in stage)
    assert whole - writing == pytest.approx(billed, rel=0.6)
    assert "judge_document" not in {stage.stage for stage in estimate(setup).stages}


def test_the_cap_of_the_run_holds_for_the_judge_and_leaves_a_finished_corpus(server: Loopback) -> None:
    """A cap that is used up stops the judge alone: documents, reports and export are there; a higher one goes on."""
    first = paid(server, verify=0)
    carried_out(first)
    spent = journal_totals(first.run.journal).all.dollars
    with pytest.raises(StopRun, match="cap"):
        carried_out(paid(server, verify="all", max_cost=spent + 0.001))
    setup = paid(server, verify="all", max_cost=spent + 5)
    assert (setup.run.path / "export").exists()
    assert summarise(setup).complete
    assert journal_totals(setup.run.journal).all.dollars <= spent + 0.001
    carried_out(setup)
    assert judged_calls(setup) == {WRITER: N}


def test_a_judge_that_babbles_leaves_the_wording_and_says_so(server: Loopback) -> None:
    with Loopback(Options(judge="babbles")) as babbler:
        setup = paid(babbler, verify=3)
        notes = carried_out(setup)
    assert any("no usable verdict on 3 documents" in note for note in notes.notes)
    salience, _ = read_measured(setup)
    assert salience is not None
    assert salience.judge == "none"


@pytest.mark.parametrize("value", ["-1", "some", "1.5", ""])
def test_a_number_of_documents_that_is_none_is_refused(value: str, server: Loopback) -> None:
    with pytest.raises(ConfigError, match="--verify"):
        CliRunner().invoke(app, ["run", "tutorial", "--n", "5", "--verify", value, "--yes"], catch_exceptions=False)


def test_a_judge_without_a_price_is_refused_under_a_cap(server: Loopback) -> None:
    """Before anything is spent, not when the documents are written."""
    with pytest.raises(ConfigError, match="no known price"):
        paid(server, judge_model="unheard-of", max_cost=5.0)


def test_the_command_says_the_cost_with_the_judge(server: Loopback) -> None:
    arguments = ["estimate", "tutorial", "--n", "300", "--verify", "all", "--model", WRITER, "--json"]
    stages = json.loads(CliRunner().invoke(app, arguments, catch_exceptions=False).stdout)["stages"]
    assert {stage["stage"]: stage["calls"] for stage in stages}["judge_document"] == 300
