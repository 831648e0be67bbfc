"""What a judge said is read from the run's journal: shown in its place, filtered by, scored against labels."""

import json
from pathlib import Path

import pytest

from docgen.explorer.corpus_opening import open_views
from docgen.explorer.labels.stratified_draws import strata_of
from docgen.explorer.read.verdicts import Judges
from docgen.explorer.view import View
from tests.explorer.corpora import Site, copy_of

JUDGE = "claude-judge-of-the-test"


@pytest.fixture(scope="module")
def judged(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A run whose first six documents a judge has read; it saw every fact that wording sees, and a leak in one."""
    own = copy_of(run, tmp_path_factory.mktemp("judged"))
    _append(own, "ab" * 16, {"facts": [], "rules": []})  # names the judge's model
    view = open_views([str(own)])[0]
    judges = Judges.of(view.run, view.snapshot) if view.run else None
    assert judges is not None
    for doc in range(6):
        _append(own, _key(view, judges, doc), _reply(view, doc))
    return Site(own)


def _key(view: View, judges: Judges, doc: int) -> str:
    panel = next(panel for panel in judges._panels if panel.options.model == JUDGE)
    return panel.request(judges._document(view.snapshot.record(doc))).key


def _reply(view: View, doc: int) -> dict[str, object]:
    text = str(view.snapshot.record(doc)["text"])
    detectors = view.detectors
    assert detectors is not None
    facts = [
        {
            "fact": s.fact,
            "quote": text[s.start : s.end],
            "reason": "It says so.",
            "verdict": s.verdict,
            "prominence": "central",
        }
        for s in detectors.sightings(text)
    ]
    leak = {
        "rule": "scaffold",
        "quote": " ".join(text.split()[:4]),
        "reason": "Looks odd.",
        "denies": "",
        "verdict": "leak",
    }
    return {"facts": facts, "rules": [leak] if doc == 2 else []}


def _append(run: Path, key: str, reply: object) -> None:
    entry = {
        "key": key, "stage": "judge_document", "engine": "anthropic", "model": JUDGE, "stop_reason": "end_turn",
        "category": "", "usage": [10, 5, 0, 0], "dollars": 0.01, "batched": False, "text": json.dumps(reply),
    }  # fmt: skip
    with (run / "llm.jsonl").open("a", encoding="utf-8") as journal:
        journal.write(json.dumps(entry, separators=(",", ":")) + "\n")


def test_verdicts_stand_beside_their_quotes(judged: Site) -> None:
    """Each fact's verdict with the passage that the judge quoted."""
    name = judged.view.snapshot.id_of(2)
    page = judged.get(f"documents/{name}.json").json()
    leak = next(verdict for verdict in page["verdicts"] if verdict["kind"] == "rule")
    assert (leak["subject"], leak["reason"], leak["start"]) == ("scaffold", "Looks odd.", 0)
    assert page["text"][: leak["end"]].split() == page["text"].split()[:4]
    seen = {verdict["subject"] for verdict in page["verdicts"] if verdict["kind"] == "fact"}
    assert seen == {one["fact"] for one in page["sightings"]}
    assert "judge: scaffold leak" in judged.get(f"documents/{name}").text


def test_documents_are_filtered_by_what_the_judge_said(judged: Site) -> None:
    """Read, leaking, or with a verdict on a fact."""
    assert judged.get("documents.json?judged=read").json()["total"] == 6
    leaking = judged.get("documents.json?judged=leak").json()["rows"]
    assert [row["id"] for row in leaking] == [judged.view.snapshot.id_of(2)]
    stated = judged.get("documents.json?judged=opened%3Astated").json()["rows"]
    for row in stated:
        assert "opened" in {fact["id"] for fact in row["facts"]}


def test_verdicts_on_a_fact_can_be_chosen(judged: Site) -> None:
    """With a fact chosen its verdicts are a facet; the fact's page counts them; blind draws tell them apart."""
    facets = judged.get("documents.json?fact=opened").json()["facets"]
    values = next(facet["values"] for facet in facets if facet["title"] == "Judge on opened")
    for value in values:
        listed = judged.get(f"documents.json?fact=opened&judged={value['value']}").json()
        assert listed["total"] == value["documents"] > 0
    verdicts = judged.get("facts/opened.json").json()["verdicts"]
    assert sum(count for _, count in verdicts) == 6
    strata = {stratum.name: stratum.size for stratum in strata_of(judged.view.snapshot, "fact:opened")}
    assert sum(size for name, size in strata.items() if name.startswith("judged")) == 6
    assert sum(strata.values()) == judged.view.snapshot.documents


def test_the_judge_is_scored_against_labels(judged: Site) -> None:
    """On the documents that it read and somebody labelled whole."""
    snapshot = judged.view.snapshot
    for doc in (0, 1, 2, 8):
        name = snapshot.id_of(doc)
        for seen in judged.get(f"documents/{name}.json").json()["sightings"]:
            judged.post("label", document=name, say=f"fact:{seen['verdict']}", fact=seen["fact"])
        judged.post("label", document=name, say="whole:complete")
    page = judged.get("labels.json").json()
    assert page["judge_scores"]["documents"] - page["judge_scores"]["failures"] == 3
    assert page["judge_scores"]["facts_overall"]["recall"] == 1.0
    assert page["judge_scores"]["by_rule"] == {}
    assert judged.get("labels").status == 200
