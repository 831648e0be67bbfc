"""A run that goes on with more documents pays for the new ones alone."""

from pathlib import Path

import pytest

from docgen.llm.fake import FakeLLM
from docgen.llm.protocol import Completion, Request
from docgen.options.last_step import Step
from docgen.options.run import RunOptions
from docgen.pipeline.inputs.change_cost import explain
from docgen.pipeline.inputs.requested_inputs import propose
from docgen.records import DocumentType, Idea
from docgen.stages.plan import plan
from tests.runs import attempts, by_verdict, documents, run_job, set_up_run
from tests.worlds import first, lighthouse, spoils, writes_well

TYPES = [DocumentType(id=f"t{i}", name=f"Type number {i}") for i in range(6)]


def pool(size: int) -> list[Idea]:
    return [Idea(id=f"{kind.id}.{i}", doc_type=kind.id, text="About it.") for kind in TYPES for i in range(size)]


def spoils_some(request: Request) -> str | Completion:
    """One first attempt in four is rejected, so that there are refills."""
    bad = request.stage == "document" and first(request) and int(request.key, 16) % 4 == 0
    return spoils(request, "too_long") if bad else writes_well(request)


@pytest.mark.parametrize(("n", "m"), [(20, 30), (30, 33), (30, 70), (50, 40)])
def test_another_n_asks_for_the_slots_that_are_new_and_the_explanation_foretells_it(
    tmp_path: Path, n: int, m: int
) -> None:
    """Refills included: what was rejected of the smaller run is rejected and refilled alike."""
    setup = set_up_run(tmp_path, n=n)
    run_job(setup, FakeLLM(spoils_some), Step.GENERATE)
    known = {attempt.key for attempt in attempts(setup)}
    proposal = propose(setup.run, None, RunOptions(n=m))
    foretold = {stage.stage: (stage.known, stage.bought) for stage in explain(proposal).stages}
    assert foretold["document"] == (min(n, m), max(m - n, 0))
    assert foretold["types"][1] == foretold["ideas"][1] == 0
    grown, llm = proposal.apply(accept_changes=True), FakeLLM(spoils_some)
    run_job(grown, llm, Step.GENERATE)
    all_attempts = attempts(grown)
    assert {attempt.key for attempt in all_attempts if attempt.slot < n} <= known
    assert len(documents(llm)) == sum(attempt.slot >= n for attempt in all_attempts)
    assert by_verdict(grown)["accepted"] == m


def test_ideas_added_to_the_pool_move_no_document_that_was_the_first_of_its_idea() -> None:
    """With four ideas for each of six types these are the first 24; the others were second documents of an idea."""
    few, more = (list(plan(lighthouse(), TYPES, pool(size), 60, 7).lines()) for size in (4, 9))
    assert few[:24] == more[:24]
    assert len({slot.idea for slot in plan(lighthouse(), TYPES, pool(9), 54, 7).slots()}) == 54


@pytest.mark.parametrize("overrides", [{"salience": {"keeper": 0.4}}, {"stated": {"opened": 0.5}}])
def test_a_plan_with_overrides_grows_too(overrides: dict[str, dict[str, float]]) -> None:
    few, more = (list(plan(lighthouse(), TYPES, pool(4), n, 7, **overrides).lines()) for n in (200, 300))  # type: ignore[arg-type]
    assert sum(first != second for first, second in zip(few, more, strict=False)) <= 2
