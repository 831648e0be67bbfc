"""Whole runs in five languages: good replies are accepted, what is missing or leaks is found."""

import itertools
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any, Literal

import pytest

from docgen.llm.fake import FakeLLM
from docgen.llm.protocol import Request
from docgen.options.last_step import Step
from docgen.pipeline.execution.execute import execute
from docgen.pipeline.inputs.setup import Setup
from tests.languages.worlds import WORLDS, World, document, sentences
from tests.loopback import Loopback, Options
from tests.runs import Notes, attempts, by_verdict, run_job, set_up_run
from tests.worlds import first

N = 40
EACH = pytest.mark.parametrize("world", WORLDS, ids=[world.code for world in WORLDS])


def run_of(folder: Path, world: World, **more: Any) -> Setup:
    return set_up_run(folder, text=world.text, n=N, words=(120, 200), max_attempts=4, **more)


@EACH
def test_good_replies_are_accepted_at_once(world: World, tmp_path: Path) -> None:
    """Forty documents, forty attempts: neither length nor facts nor endings nor rules of wording stand in the way."""
    setup = run_of(tmp_path, world)
    run_job(setup, FakeLLM(lambda request: document(world, request)))
    assert [(a.slot, a.reasons) for a in attempts(setup) if a.reasons] == []
    assert by_verdict(setup) == {"accepted": N}


@EACH
def test_good_replies_of_a_server_are_accepted(world: World, tmp_path: Path) -> None:
    options = Options(sentences=sentences(world, 1, 2000), latency=0.001)
    with Loopback(options) as server:
        setup = run_of(tmp_path, world, engine="anthropic", base_url=server.url, model="claude-haiku-5-5")
        execute(setup, Step.ALL, Notes(), lambda: False)
    assert [reason for a in attempts(setup) for reason in a.reasons] == []
    assert by_verdict(setup) == {"accepted": N}


@EACH
def test_a_missing_fact_is_missed(world: World, tmp_path: Path) -> None:
    """First attempts leave their facts out, though they claim quotes of them; those with facts are rejected for it."""
    setup = run_of(tmp_path, world)
    run_job(setup, FakeLLM(lambda request: document(world, request, without=first(request))))
    firsts = [a for a in attempts(setup) if a.number == 1]
    for attempt in firsts:
        missed = {reason.subject for reason in attempt.reasons if reason.code == "missing_fact"}
        assert missed == {fact.fact for fact in attempt.facts}
    assert by_verdict(setup)["accepted"] == N
    assert by_verdict(setup)["rejected"] > N / 2


@EACH
def test_a_leak_is_found_in_either_form(world: World, tmp_path: Path) -> None:
    """A banned statement or a pattern, composed or decomposed, is found in every first attempt."""
    planted = {"banned_statement": world.banned, "sinking": world.leak}
    kinds: list[tuple[str, Literal["NFC", "NFD"]]] = [(rule, form) for rule in planted for form in ("NFC", "NFD")]
    turns = itertools.cycle(kinds)

    def reply(request: Request) -> str:
        if not first(request):
            return document(world, request)
        rule, form = next(turns)
        return document(world, request, plus=unicodedata.normalize(form, planted[rule]))

    setup = run_of(tmp_path, world)
    run_job(setup, FakeLLM(reply))
    firsts = [a for a in attempts(setup) if a.number == 1]
    holds = [rule_in(a.text, planted) for a in firsts]
    assert [{reason.subject for reason in a.reasons} for a in firsts] == [{rule} for rule in holds]
    assert Counter(holds) == dict.fromkeys(planted, N // 2)
    assert by_verdict(setup)["accepted"] == N


def rule_in(text: str, planted: dict[str, str]) -> str:
    """The rule whose planted statement stands in the text."""
    (rule,) = (rule for rule, words in planted.items() if composed(words) in composed(text))
    return rule


def composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
