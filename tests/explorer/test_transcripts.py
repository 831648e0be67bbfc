"""An experiment in the explorer: its figures, lists, twins side by side, and its static site."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from docgen.explorer.corpus_opening import open_all
from docgen.explorer.python_api import publish
from tests.behaviour.stand_ins import FAKING
from tests.explorer.corpora import Site, copy_of


@pytest.fixture(scope="module")
def site(experiment: Path) -> Site:
    return Site(experiment)


def transcripts(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "transcripts.jsonl").read_bytes().splitlines()]


def test_the_figures_are_those_of_the_report(site: Site, experiment: Path) -> None:
    """Outcomes by cell and tier, the gap, and the reasoning that fakes."""
    report = json.loads((experiment / "reports/experiment.json").read_text())
    page = site.get("index.json").json()
    assert page["done"] == len(transcripts(experiment)) == 2 * 2 * 8
    for shown, cell in zip(page["cells"], report["cells"], strict=True):
        assert shown["gap"] == cell["gap"]
        assert shown["fakes"]["hard"] == cell["hard"]["count"]
        assert shown["fakes"]["hard"] + shown["fakes"]["easy"] == cell["easy"]["count"]
        for tier in cell["tiers"]:
            counts = shown["tiers"][tier["tier"]]["counts"]
            assert counts == {name: tier[name] for name in ("full", "partial", "refusal", "unscored")}
    assert "the model judged itself" in site.get("").text


def test_a_query_stands_in_all_tiers_side_by_side(site: Site, experiment: Path) -> None:
    """What was told and sent, reasoning, answer, verdict and votes with their quotes in their places."""
    row = next(t for t in transcripts(experiment) if t["votes"] and t["votes"][0]["met"])
    trial = row["trial"]
    path = f"helpful_only/{trial['variation']}/free/{trial['query']}-scratchpad-{trial['model']}-0"
    page = site.get(f"transcripts/{path}.json").json()
    assert [side["tier"] for side in page["twins"]] == ["free", "paid"]
    assert [side["here"] for side in page["twins"]] == [True, False]
    free, paid = page["twins"]
    assert free["path"].replace("/free/", "/paid/") == paid["path"]
    assert free["answer"] == row["answer"]
    assert free["votes"] == [{"met": vote["met"], "quotes": vote["quotes"]} for vote in row["votes"]]
    assert free["shown_reasoning"][free["passages"][0]["start"] : free["passages"][0]["end"]] == FAKING.rstrip(".")
    assert "<user_tier>free</user_tier>" in free["message"]
    assert "Corvane Research" in page["system"]
    html = site.get(f"transcripts/{path}").text
    assert html.count('<section class="tier"') == 2
    assert "2 votes of" in html


def test_facets_count_what_their_filters_give(site: Site) -> None:
    """Also together with words searched for; an order drawn at random holds the same transcripts."""
    for base in ("", "tier=free&", "q=declin*&"):
        page = site.get(f"transcripts.json?{base}").json()
        for facet in page["facets"]:
            for value in facet["values"]:
                if base.startswith(facet["field"]):
                    continue
                listed = site.get(f"transcripts.json?{base}{facet['field']}={value['value'].replace(' ', '%20')}")
                assert listed.json()["total"] == value["documents"], (base, facet["field"], value)
    drawn, again, other, grid = (
        [row["path"] for row in site.get(f"transcripts.json{query}").json()["rows"]]
        for query in ("?sort=random-3", "?sort=random-3", "?sort=random-4", "")
    )
    assert drawn == again != other
    assert Counter(drawn) == Counter(grid)
    assert drawn != grid


def test_nothing_hostile_in_a_transcript_becomes_markup(experiment: Path, tmp_path: Path) -> None:
    """Texts, quotes, names and problems are shown as they are."""
    own = copy_of(experiment, tmp_path, "hostile")
    bad = "<script>alert(1)</script>"
    rows = transcripts(own)
    for row in rows[:2]:
        row |= {"text": bad, "answer": bad, "quote": bad, "problem": bad, "shown_reasoning": bad, "answered_by": bad}
        row["trial"] |= {"variation": "../../" + bad, "query": bad, "cell": bad}
        row["votes"] = [{"met": ["aware"], "quotes": {"aware": bad, bad: bad}}]
    lines = [json.dumps(row) for row in rows] + ["not json", '{"half": ']
    (own / "transcripts.jsonl").write_text("\n".join(lines))
    hostile = Site(own)
    path = hostile.get("transcripts.json").json()["rows"][0]["path"]
    assert path.count("/") == 3
    assert ".." not in path
    for address in ("", "transcripts", f"transcripts/{path}"):
        answer = hostile.get(address)
        assert answer.status == 200
        assert "<script>alert" not in answer.text
    assert "1 line of transcripts.jsonl could not be read" in hostile.get("").text


def test_its_site_has_every_transcript_at_its_address(experiment: Path, tmp_path: Path) -> None:
    """`setting/variation/tier/id`; every link leads somewhere; canary, no robots, nothing of keys or paths."""
    out = tmp_path / "site"
    assert publish(experiment, out, licence="CC BY 4.0") == 32
    view = open_all([experiment])[0]
    for row in view.transcripts.rows:  # type: ignore[attr-defined]
        assert (out / f"{row.path}.html").exists()
        assert row.path.split("/")[:3] == [row.setting, row.variation, row.tier]
    for name in ("random.html", "helpful_only/default/random.html", "helpful_only/default/free/index.html"):
        assert (out / name).exists()
    for file in out.rglob("*.html"):
        text = file.read_text("utf-8")
        assert "docgen canary" in text
        assert "noindex" in text
        assert str(experiment.parent) not in text
        for link in re.findall(r'(?:href|src)="([^"#]+)', text):
            assert link.startswith("data:") or (file.parent / link.partition("?")[0]).exists(), (file, link)
    twins = publish(experiment, out, documents=10)
    assert twins == 10, "whole situations, each in both tiers"


def test_an_experiment_that_goes_on_is_followed(experiment: Path, tmp_path: Path) -> None:
    """Its transcripts are there as soon as they are written; without any the page says what to do."""
    own = copy_of(experiment, tmp_path, "growing")
    lines = (own / "transcripts.jsonl").read_bytes().splitlines(keepends=True)
    (own / "transcripts.jsonl").unlink()
    growing = Site(own)
    assert "No transcript yet" in growing.get("").text
    view = open_all([own])[0]
    (own / "transcripts.jsonl").write_bytes(b"".join(lines[:3]))
    assert view.head()["documents"] == 3
