"""Real people and organisations that a context marks: what is said of them beyond the context is a suspicion."""

import pytest

from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.audit.judge.judge_runner import JudgeQuestions, Verdicts, combine_findings
from docgen.audit.judge.verdicts import Judgement
from docgen.audit.measure.findings_by_rule import LeakageTally
from docgen.prompts.requests import ModelOptions
from docgen.records import Document
from docgen.universe import RealEntity
from tests.audit.lake_world import LAKE

BOARD = RealEntity(name="Trinity House", aliases=("the Corporation",), note="It was fined 300 pounds in 1911.")
MARKED = LAKE.model_copy(
    update={"real_entities": (BOARD,), "universe_context": LAKE.universe_context + " Trinity House pays 40 % of it."}
)
SCANNER = LeakageScanner(MARKED)
RULE = "real_entity_claim"


@pytest.mark.parametrize(
    "text",
    [
        "Trinity House admitted on Friday that the lamp was never lit.",
        "A spokesman for Trinity\nHouse’s own board announced it.",
        "Last year the Corporation was convicted of fraud.",
        "Trinity House pays 65 % of the upkeep.",
        "By the end the Corporation had spent £12,500 on paint.",
    ],
)
def test_sayings_deeds_and_numbers_that_the_context_lacks_are_suspicions(text: str) -> None:
    """Never errors: whether the world covers it takes a judge or a person."""
    assert [(f.rule, f.severity, f.detector) for f in SCANNER.scan(text)] == [(RULE, "warning", "claims")]


@pytest.mark.parametrize("name", ["Nestlé", "Yahoo!", "Acme Inc.", "Électricité de France", "Öko"])
def test_names_may_begin_and_end_with_any_character(name: str) -> None:
    marked = LAKE.model_copy(update={"real_entities": (RealEntity(name=name),)})
    found = LeakageScanner(marked).scan(f"On Friday {name} admitted that it had been fined.")
    assert {finding.rule for finding in found} == {RULE}


@pytest.mark.parametrize(
    "text",
    [
        "Trinity House pays 40 % of the upkeep.",
        "Trinity House was once fined, as everybody here knows.",
        "The harbour office admitted on Friday that the lamp was never lit.",
        "We sent the form to Trinity House. The harbour office spent 12,500 pounds.",
        "The corporation tax was 19 %.",
    ],
)
def test_what_the_context_says_and_what_is_said_of_others_is_left_alone(text: str) -> None:
    assert SCANNER.scan(text) == []


def test_a_world_that_marks_nobody_has_no_such_rule() -> None:
    assert RULE not in {rule.id for rule in LeakageScanner(LAKE).rules}
    assert RULE not in {rule.id for rule in LeakageScanner(MARKED, off=[RULE]).rules}


def test_the_judge_is_asked_and_its_word_settles_the_suspicion() -> None:
    """Counted as a rule of its own, with severity; uncalibrated until labelled documents say otherwise."""
    text = "Trinity House admitted it."
    found = SCANNER.scan(text)
    assert RULE in {rule.id for rule in JudgeQuestions.of(MARKED, SCANNER.rules, ModelOptions("m")).rules}
    cleared = Verdicts(rules={RULE: Judgement(RULE, "clean")})
    guilty = Verdicts(rules={RULE: Judgement(RULE, "leak", 0, 22, "not in the world")})
    assert combine_findings(text, found, cleared) == []
    tally = LeakageTally(SCANNER.rules)
    tally.add(Document(text=text), combine_findings(text, found, guilty))
    report = tally.report().rules[RULE]
    assert (report.documents, report.severity, report.calibration) == (1, "error", None)
