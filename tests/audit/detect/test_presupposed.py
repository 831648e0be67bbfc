"""Facts that stand behind an assigned one are no leak, and are counted apart from those that leak."""

from docgen.audit.detect.facts.fact_detector import FactDetector
from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.audit.measure.salience.tally import SalienceTally
from docgen.records import AssignedFact, Document
from docgen.universe import parse_context
from tests.worlds import LIGHTHOUSE

PLAIN = parse_context(LIGHTHOUSE, "lighthouse.yaml")
LINKED = parse_context(LIGHTHOUSE.replace("salience: 0.25\n", "salience: 0.25\n    presupposes: [opened]\n"), "l.yaml")
CHILD = next(fact for fact in LINKED.key_facts if fact.presupposes)
ROOT = next(fact for fact in LINKED.key_facts if fact.id == "opened")
TEXT = f"{CHILD.statement} {ROOT.statement} The quay was quiet that afternoon, and nobody minded."


def document() -> Document:
    return Document(
        id="d0000001", text=TEXT, doc_type="note", idea="", facts=(AssignedFact(fact=CHILD.id),), words=20, tokens=27,
        engine="fake", model="fake", attempts=1, seed=0,
    )  # fmt: skip


def test_what_an_assigned_fact_presupposes_is_no_leak() -> None:
    sightings = FactDetector(LINKED).detect(TEXT)
    rules = {
        context.digest: {f.rule for f in LeakageScanner(context).scan(TEXT, frozenset({CHILD.id}), sightings)}
        for context in (PLAIN, LINKED)
    }
    assert "unassigned_fact" in rules[PLAIN.digest]
    assert "unassigned_fact" not in rules[LINKED.digest]


def test_presupposed_and_unassigned_are_counted_apart() -> None:
    for context, counts in ((PLAIN, (0, 0, 1)), (LINKED, (1, 1, 0))):
        tally = SalienceTally(context)
        tally.add(document(), FactDetector(context).detect(TEXT))
        root = tally.report().facts[ROOT.id]
        assert (root.presupposed, root.presupposed_said, root.unassigned) == counts


def test_airtime_of_assigned_facts_is_the_share_of_tokens_in_their_sentences() -> None:
    tally = SalienceTally(PLAIN)
    tally.add(document(), FactDetector(PLAIN).detect(TEXT))
    report = tally.report()
    assert report.on_facts == report.facts[CHILD.id].airtime
    assert 0.1 < report.on_facts < 0.7
