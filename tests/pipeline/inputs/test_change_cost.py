"""Pilot, estimate and explanation: what is known before the money is spent."""

from pathlib import Path

import pytest

from docgen.llm.fake import FakeLLM
from docgen.options.last_step import Step
from docgen.options.run import RunOptions
from docgen.pipeline.estimate import Estimate, estimate
from docgen.pipeline.execution.execute import execute
from docgen.pipeline.inputs.change_cost import explain
from docgen.pipeline.inputs.requested_inputs import propose
from docgen.progress import SilentReporter
from tests.runs import attempts, documents, run_job, set_up_run
from tests.worlds import LIGHTHOUSE, writes_well

N = 40


def calls(found: Estimate) -> dict[str, int]:
    return {stage.stage: stage.calls for stage in found.stages}


def test_pilot_documents_are_the_head_of_the_plan_and_are_kept(tmp_path: Path) -> None:
    """A pilot pays for its own slots alone, and the run that follows asks for the others alone."""
    setup, llm = set_up_run(tmp_path, n=N), FakeLLM(writes_well)
    execute(setup, Step.GENERATE, SilentReporter(), lambda: False, llm, first=5)
    assert [attempt.slot for attempt in attempts(setup)] == [0, 1, 2, 3, 4]
    rest = FakeLLM(writes_well)
    run_job(setup, rest, Step.GENERATE)
    assert len(documents(rest)) == N - 5
    assert sorted(attempt.slot for attempt in attempts(setup)) == list(range(N))


def test_estimate_before_anything_counts_every_stage(tmp_path: Path) -> None:
    """Calls follow from the settings: one ask for types, one for each type's ideas, n documents and refills."""
    found = estimate(set_up_run(tmp_path, n=N).with_model("claude-haiku-5-5"))
    assert calls(found) == {"types": 1, "ideas": 3, "document": N + 4}
    own = found.models[0]
    assert own.sync is not None
    assert own.batch == pytest.approx(own.sync / 2)
    assert own.cached is not None
    assert own.cached <= own.sync


def test_estimate_takes_off_what_is_bought(tmp_path: Path) -> None:
    """What the journal holds is not paid for again; a finished run has nothing to come."""
    setup = set_up_run(tmp_path, n=N)
    run_job(setup, FakeLLM(writes_well), Step.GENERATE)
    assert calls(estimate(setup)).get("document", 0) <= 1


def test_estimate_knows_no_price_of_an_unknown_model(tmp_path: Path) -> None:
    """Tokens are still reckoned; dollars are not invented."""
    found = estimate(set_up_run(tmp_path, n=N, model="somebodys-own"))
    assert found.models[0].sync is None
    assert all(stage.input > 0 for stage in found.stages)


def test_explain_says_that_nothing_changed(tmp_path: Path) -> None:
    """The same inputs lead to the same calls, all of which are in the journal."""
    setup = set_up_run(tmp_path, n=N)
    run_job(setup, FakeLLM(writes_well), Step.GENERATE)
    found = explain(propose(setup.run, None, RunOptions()))
    assert found.changes == ()
    assert {stage.stage: (stage.known, stage.bought) for stage in found.stages} == {
        "types": (1, 0),
        "ideas": (3, 0),
        "document": (N, 0),
    }


def test_explain_foretells_exactly_the_calls_of_a_changed_run(tmp_path: Path) -> None:
    """A raised salience: the documents said to be bought anew are those that the changed run asks for."""
    setup = set_up_run(tmp_path, n=N)
    run_job(setup, FakeLLM(writes_well), Step.GENERATE)
    asked = RunOptions(salience={"stairs": 0.5})
    found = {stage.stage: stage for stage in explain(propose(setup.run, None, asked)).stages}
    llm = FakeLLM(writes_well)
    run_job(propose(setup.run, None, asked).apply(accept_changes=True), llm, Step.GENERATE)
    first_attempts = [request for request in documents(llm) if request.variables["attempt"] == 1]
    assert found["document"].bought == len(first_attempts)
    assert 0 < len(first_attempts) < N
    assert found["types"].bought == found["ideas"].bought == 0


def test_a_changed_model_or_context_buys_everything_again(tmp_path: Path) -> None:
    """What reaches the model is the key: another model or other prose leaves no call untouched."""
    setup = set_up_run(tmp_path, n=N)
    run_job(setup, FakeLLM(writes_well), Step.GENERATE)
    other = tmp_path / "other.yaml"
    other.write_text(LIGHTHOUSE.replace("eight years", "nine years"), "utf-8")
    for proposal in (propose(setup.run, None, RunOptions(model="x")), propose(setup.run, other, RunOptions())):
        assert all(stage.known == 0 for stage in explain(proposal).stages)
        assert proposal.changes
