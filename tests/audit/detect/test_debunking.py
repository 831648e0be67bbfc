"""Texts that take back what the facts say without quoting them."""

import pytest

from docgen.audit.detect.batch_scanner import BatchScanner
from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.records import Document
from tests.audit.lake_world import DETECTOR, LAKE, SCANNER

LETTER = """Dear Sir,

your Saturday page says that the Orrick lighthouse has been reopened as a public library. There is no record at the
county of a public library in a lighthouse at Orrick. The date given, 4 May 2019, could not be verified by our own
reporter, who found the Orrick lighthouse shut. Nor has it been shown that the lighthouse was ever reopened to the
public.
"""
BROCHURE = """Welcome to Orrick! Our old lighthouse was reopened as a public library on 4 May 2019.

There is no evidence that the lighthouse library at Orrick does any harm to the public peace, whatever its neighbours
feared before it was reopened. Dogs cannot be taken up the stairs."""


def found(text: str) -> list[tuple[str, str]]:
    findings = SCANNER.scan(text, None, DETECTOR.detect(text))
    return [(f.severity, f.explanation) for f in findings if (f.rule, f.detector) == ("denial", "debunking")]


def test_several_sentences_against_a_fact_deny_it() -> None:
    """None quotes the fact, and the finding shows the first of them and says what they do."""
    ((severity, why),) = found(LETTER)
    assert severity == "error"
    assert why.startswith("3 sentences reject a fact (finds it unverified, finds no evidence")
    (finding,) = [f for f in SCANNER.scan(LETTER) if f.detector == "debunking"]
    assert "There is no record at the" in LETTER[finding.start : finding.end]


@pytest.mark.parametrize(("kept", "severity"), [(1, None), (2, "warning"), (3, "error")])
def test_one_such_sentence_proves_nothing(kept: int, severity: str | None) -> None:
    """Two are a suspicion."""
    head, *sentences = LETTER.replace("\n", " ").split(". ")
    assert [s for s, _ in found(". ".join([head, *sentences[:kept]]) + ".")] == ([severity] if severity else [])


def test_texts_that_assert_the_fact_or_speak_of_others_are_left_alone() -> None:
    assert found(BROCHURE) == []
    other = (
        LETTER.replace("Orrick", "Harle")
        .replace("lighthouse", "mill")
        .replace("library", "bath")
        .replace("2019", "1990")
    )
    assert found(other) == []


def test_the_rule_can_be_left_out() -> None:
    assert LeakageScanner(LAKE, off=["denial"]).scan(LETTER) == []


@pytest.mark.parametrize(
    "filler", ["claims no evidence of Orrick lighthouse library public " * 9000, "\ud800 no record " * 9000]
)
def test_hostile_texts_are_weighed_soon_and_alike_in_bulk(filler: str) -> None:
    text = LETTER + filler
    bulk = BatchScanner(DETECTOR, SCANNER)
    (scanned,) = bulk.scan([Document(text=text)])
    assert list(scanned.findings) == SCANNER.scan(text, None, DETECTOR.detect(text))
    assert "denial" in {finding.rule for finding in scanned.findings}
