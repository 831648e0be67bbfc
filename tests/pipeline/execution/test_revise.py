"""Revision: one rewriting pass, taken only if it is as good as the draft by every check."""

from pathlib import Path

from docgen.llm.fake import FakeLLM
from docgen.llm.protocol import Request
from docgen.options.last_step import Step
from tests.runs import attempts, run_job, set_up_run
from tests.worlds import writes_well


def revises(request: Request) -> str:
    """Rewrites every draft by a sentence at its end."""
    if request.stage != "revise":
        return writes_well(request)
    return writes_well_again(request, f"{request.variables['draft']} The clerk signed the copy {request.key[:6]}.")


def forgets_the_facts(request: Request) -> str:
    """Rewrites every draft into something else."""
    if request.stage != "revise":
        return writes_well(request)
    return writes_well_again(request, "Nothing of what was asked for is left here now. " * 5)


def writes_well_again(request: Request, text: str) -> str:
    evidence = writes_well(request).partition("</document>")[2]
    return f"<document>\n{text}\n</document>{evidence}"


def test_revised_text_is_the_document_and_the_draft_is_kept(tmp_path: Path) -> None:
    """Slot, facts and provenance are the attempt's own; both versions are on disk."""
    setup = set_up_run(tmp_path, n=6, revise=True)
    run_job(setup, FakeLLM(revises), Step.GENERATE)
    accepted = [attempt for attempt in attempts(setup) if attempt.verdict == "accepted"]
    assert len(accepted) == 6
    assert all(a.text.startswith(a.draft) and "The clerk signed" in a.text.removeprefix(a.draft) for a in accepted)


def test_a_revision_that_fails_a_check_is_not_taken(tmp_path: Path) -> None:
    """A rewriting that loses a fact costs nothing but its call: the draft stays the document."""
    setup = set_up_run(tmp_path, n=6, revise=True)
    run_job(setup, FakeLLM(forgets_the_facts), Step.GENERATE)
    carrying = [attempt for attempt in attempts(setup) if attempt.facts]
    assert {attempt.verdict for attempt in carrying} == {"accepted"}
    assert {attempt.draft for attempt in carrying} == {""}


def test_without_the_flag_nothing_is_revised(tmp_path: Path) -> None:
    """Off by default: no second call for any document."""
    llm = FakeLLM(revises)
    run_job(set_up_run(tmp_path, n=6), llm, Step.GENERATE)
    assert {request.stage for request in llm.requests} == {"types", "ideas", "document"}
