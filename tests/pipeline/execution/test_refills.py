"""Refills: they begin while other slots still wait, and take an idea of their own while there is one."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from docgen.llm.fake import FakeLLM
from docgen.llm.protocol import Completion, Request
from docgen.options.last_step import Step
from tests.runs import Delayed, attempts, run_job, set_up_run
from tests.worlds import spoils, writes_well


def every_other_first(request: Request) -> str | Completion:
    """Refuses half of the first attempts."""
    refused = request.stage == "document" and request.variables["attempt"] == 1 and int(request.key[:4], 16) % 2
    return spoils(request, "refused") if refused else writes_well(request)


class Straggler:
    """Refuses all first attempts but the first, which is answered when every other slot has its second reply."""

    engine = "fake"

    def __init__(self, slots: int) -> None:
        self.missing, self.straggling, self.gate = slots - 1, "", asyncio.Event()

    async def complete(self, request: Request) -> Completion:
        if request.stage != "document":
            return await FakeLLM(writes_well).complete(request)
        if not self.straggling:
            self.straggling = request.key
            await asyncio.wait_for(self.gate.wait(), 20)
            return await FakeLLM(writes_well).complete(request)
        if request.variables["attempt"] == 1:
            return await FakeLLM(lambda asked: spoils(asked, "refused")).complete(request)
        self.missing -= 1
        if not self.missing:
            self.gate.set()
        return await FakeLLM(writes_well).complete(request)


@pytest.mark.parametrize("ideas", [4, 10], ids=["no spare ideas", "a spare idea for each"])
def test_refills_do_not_wait_for_the_straggler_of_their_round(tmp_path: Path, ideas: int) -> None:
    """The first slot's first reply comes after the second replies of all others; with rounds apart it never would."""
    setup = set_up_run(tmp_path, n=8, types=2, ideas=ideas)
    run_job(setup, Straggler(8), Step.GENERATE)
    assert Counter((a.number, a.verdict) for a in attempts(setup)) == {
        (1, "accepted"): 1, (1, "rejected"): 7, (2, "accepted"): 7,
    }  # fmt: skip
    assert [a.number for a in attempts(setup)] == sorted(a.number for a in attempts(setup)), "judged round by round"


@pytest.mark.parametrize("ideas", [6, 9])
def test_no_refill_takes_another_slots_idea_while_unused_ones_are_left(tmp_path: Path, ideas: int) -> None:
    """Of each type as many refills get an idea of their own as there are refills, or ideas that no slot has."""
    setup = set_up_run(tmp_path, n=10, types=2, ideas=ideas)
    run_job(setup, FakeLLM(every_other_first), Step.GENERATE)
    planned = {slot.idea for slot in setup.run.read_slots()}
    refills = [attempt for attempt in attempts(setup) if attempt.number == 2]
    assert len(refills) > 1
    for kind in setup.run.read_types():
        spare = {idea.id for idea in setup.run.read_ideas() if idea.doc_type == kind.id} - planned
        own = [attempt.idea for attempt in refills if attempt.doc_type == kind.id]
        assert len(spare & set(own)) == min(len(own), len(spare))


def test_ideas_of_refills_do_not_depend_on_when_replies_arrive(tmp_path: Path) -> None:
    """Or a run that was killed would ask for, and pay for, other documents when it goes on."""
    ideas = set()
    for seed in range(4):
        (tmp_path / str(seed)).mkdir()
        setup = set_up_run(tmp_path / str(seed), n=12, types=2, ideas=7, concurrency=1 + 3 * seed)
        run_job(setup, Delayed(every_other_first, seed), Step.GENERATE)
        ideas.add(tuple((a.slot, a.number, a.idea, a.verdict) for a in attempts(setup)))
    assert len(ideas) == 1
