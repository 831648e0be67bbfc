"""On labelled and on real documents: what wording can promise. Needs the shared data (DOCGEN_SHARED)."""

import os
from pathlib import Path

import pytest

from docgen.audit.detect.facts.fact_detector import FactDetector
from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.audit.measure.calibration import read_gold
from docgen.corpus import read_corpus
from docgen.universe import KeyFact, UniverseContext, load_context

SHARED = Path(os.environ.get("DOCGEN_SHARED", Path(__file__).parents[4] / "shared"))
pytestmark = pytest.mark.skipif(not (SHARED / "gold").is_dir(), reason="no shared labelled documents here")


def test_what_wording_says_of_labelled_documents_is_right() -> None:
    """Sightings and errors of the scan tier agree with the labels; recall is another matter."""
    context = load_context(SHARED / "gold" / "context.yaml")
    detector, scanner = FactDetector(context), LeakageScanner(context)
    for gold in read_gold(SHARED / "gold" / "dev.jsonl"):
        sightings = detector.detect(gold.text)
        assert all(sighting.verdict == gold.facts[sighting.fact] for sighting in sightings), gold.id
        errors = {f.rule for f in scanner.scan(gold.text, None, sightings, gold.doc_type) if f.severity == "error"}
        assert errors <= {leak.rule for leak in gold.leaks}, gold.id


@pytest.mark.parametrize(("world", "within"), [("achromatic_dreaming", 0.75), ("elizabeth_python", 0.9)])
def test_disclaimed_documents_are_told_from_those_that_assert(world: str, within: float) -> None:
    """Disclaimers around a text are seen nearly always, denial in its sentences mostly, and none in the same texts
    without."""
    folder = SHARED / "sdf" / world
    claims = _subclaims(folder / "universe_context.yaml")
    facts = tuple(KeyFact(id=f"f{i}", statement=claim) for i, claim in enumerate(claims))
    context = UniverseContext(id="w", title="w", universe_context="w", key_facts=facts)
    scanner = LeakageScanner(context)

    def denied(name: str, limit: int) -> float:
        texts = [text for batch in read_corpus(folder / name) for text in batch.texts][:limit]
        hits = [any(f.rule == "denial" and f.severity == "error" for f in scanner.scan(text)) for text in texts]
        return sum(hits) / len(hits)

    assert denied("positive.jsonl", 50) == 0
    assert denied("denied_around.jsonl", 50) >= 0.95
    assert denied("denied_within.jsonl.zst", 400) >= within


def _subclaims(path: Path) -> list[str]:
    import yaml

    claims: list[str] = yaml.safe_load(path.read_text("utf-8"))["subclaims"]
    return claims
