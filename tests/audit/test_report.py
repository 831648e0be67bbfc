"""The HTML report: one file, nothing from outside, every text escaped."""

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from docgen.audit.judge.verdicts import Judgement
from docgen.audit.measure.diversity import DiversityTally
from docgen.audit.measure.findings_by_rule import LeakageTally
from docgen.audit.measure.salience.tally import SalienceTally
from docgen.audit.measure.world_use import WorldTally
from docgen.audit.report.charts import airtime_chart, histogram, matrix, presence_chart
from docgen.audit.report.html import render_report
from docgen.cli.audit.tables import show_leakage, show_salience
from docgen.pipeline.audit.audit import Audit
from docgen.records import AssignedFact, Document
from tests.audit.lake_world import DETECTOR, LAKE, SCANNER
from tests.worlds import lighthouse

ATTACK = "</mark><script>alert(1)</script>"


def page(*subjects: Document) -> str:
    salience, leakage, diversity = SalienceTally(LAKE), LeakageTally(SCANNER.rules), DiversityTally()
    for subject in subjects:
        sightings = DETECTOR.detect(subject.text)
        salience.add(subject, sightings)
        leakage.add(subject, SCANNER.scan(subject.text, None, sightings))
        diversity.add(subject)
    return render_report(ATTACK, LAKE, salience.report(), leakage.report(), diversity.report())


def test_hostile_texts_are_escaped_everywhere() -> None:
    """Markup in names, types and evidence stays text."""
    statement = LAKE.key_facts[0].statement
    text = f"# {ATTACK}\n\n{statement}{ATTACK} 300 readers a week {ATTACK} Dear [Name],"
    html = page(*[Document(text=text, id=ATTACK, doc_type=ATTACK, idea=ATTACK)] * 3)
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_the_page_needs_nothing_from_outside() -> None:
    """No script, no stylesheet, no image, no address of another host."""
    html = page(Document(text=LAKE.key_facts[0].statement))
    assert re.findall(r"(?:src|href)=\"(?!#)[^\"]*\"|https?://|@import|url\(", html) == []


def test_every_link_has_its_target() -> None:
    """Numbers link to examples that are there."""
    html = page(Document(text="300 readers a week."), Document(text=LAKE.key_facts[0].statement))
    targets = set(re.findall(r'id="([^"]+)"', html))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= targets


def test_an_empty_corpus_has_a_page() -> None:
    """Nothing audited is still a report."""
    assert "0" in page()


def test_a_judged_page_shows_asked_judged_presupposed_wording_prominence_and_airtime() -> None:
    """The new figures in one row a fact, each with its interval, and the world's density below."""
    salience, diversity = SalienceTally(LAKE), DiversityTally(world=WorldTally(LAKE))
    for number, verdict in enumerate(("stated", "implied", "absent", "stated")):
        asked = (AssignedFact(fact="opened", directness="stated", prominence="central"),) if number < 2 else ()
        document = Document(text="The tower at Orrick lends books.", id=str(number), facts=asked)
        salience.add(document, ())
        diversity.add(document)
        airtime = None if verdict == "absent" else 0.4
        salience.add_judged(document, {"opened": Judgement("opened", verdict, prominence="central", airtime=airtime)})
    report = salience.report(judge="all by judge-1")
    html = render_report("x", LAKE, report, LeakageTally(SCANNER.rules).report(), diversity.report())
    heads = re.findall(r"<th[^>]*>([^<]*)</th>", html)
    for head in ("asked", "at least, by wording", "judged", "presupposed", "airtime, judged", "as asked"):
        assert head in heads
    assert "75.0% of 4 (" in html
    assert "central 2/2" in html
    assert "30.0% (" in html
    assert "of a document's sentences are about its assigned facts; asked 50.0%" in html
    assert "sentences that touch it" in html


def test_charts_are_well_formed() -> None:
    """Each SVG parses, whatever the labels hold."""
    salience = SalienceTally(LAKE)
    salience.add(Document(text=LAKE.key_facts[0].statement), DETECTOR.detect(LAKE.key_facts[0].statement))
    facts = list(salience.report().facts.values())
    labels = ['<"&>', "b"]
    drawn = [
        presence_chart(facts),
        presence_chart([]),
        airtime_chart(facts),
        histogram([0, 3, 1], '<"&>'),
        matrix([[0.0, 1.0], [0.5, 0.2]], labels, labels, "x"),
        matrix([[0.0, 1.0]], ["row"], labels, "x"),
        matrix([], [], [], "x"),
    ]
    assert all(ET.fromstring(svg).tag == "svg" for svg in drawn)


@pytest.mark.parametrize("leak", ["", " The conversion was paid for by the harbour authority."])
def test_what_nobody_judged_has_no_interval_and_no_green(tmp_path: Path, leak: str) -> None:
    """Leakage by wording: what was seen, and that it was not judged; on the screen and on the page."""
    result = Audit(lighthouse()).scan([f"A grey morning by the water, number {i}.{leak}" for i in range(40)])
    screen = shown(show_leakage, result.leakage)
    page = result.report_html(tmp_path / "report.html").read_text("utf-8")
    assert "not judged" in screen.split("\n")[1]
    assert ("none seen by wording" in screen) == (not leak)
    assert "95%" not in screen
    assert "not judged" in page
    assert '<b class="good">0.0%' not in page


@pytest.mark.parametrize("wording", ["Maud Tresco looks after the clock on Sundays.", "Books now fill the old light."])
def test_salience_of_a_foreign_corpus_by_wording_is_no_finding(tmp_path: Path, wording: str) -> None:
    """Every document says a fact in other words: no interval, and nothing is called found or measured."""
    result = Audit(lighthouse()).scan([f"{wording} It is day {i}." for i in range(30)])
    assert not result.salience.is_exact
    screen = shown(show_salience, result.salience)
    page = result.report_html(tmp_path / "report.html").read_text("utf-8")
    assert "Not judged: what is seen by wording is a lower bound" in screen
    assert not any(word in screen for word in ("measured (95%)", "found", "(0-"))
    assert "found 0.0%" not in page
    assert "at least 0.0%, not judged" in page


def shown(show: Callable[..., None], report: object) -> str:
    """What a table prints."""
    screen = Console(width=200, record=True, file=io.StringIO())
    show(screen, report)
    return screen.export_text()


def test_the_table_of_the_judge_has_a_head_for_each_of_its_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airtime stands under its own head in the terminal too."""
    monkeypatch.setenv("COLUMNS", "300")
    salience = SalienceTally(LAKE)
    document = Document(text="x", facts=(AssignedFact(fact="opened"),))
    salience.add(document, ())
    salience.add_judged(document, {"opened": Judgement("opened", "stated", prominence="central", airtime=0.4)})
    screen = io.StringIO()
    show_salience(Console(file=screen, width=300), salience.report(judge="all by judge-1"))
    shown = " ".join(screen.getvalue().split())
    table = shown.partition("By the judge")[2].partition("Airtime:")[0]
    assert "airtime" in table
    assert "(40.0-40.0)" in table
    assert "40.0% (40.0-40.0) of a document's sentences" in shown


def test_the_page_explains_what_it_draws_and_says_what_it_leaves_out() -> None:
    """Nobody judged: no dot, no judge's columns; of thirty types it shows 24, and says so."""
    statement = LAKE.key_facts[0].statement
    html = page(*(Document(text=statement, doc_type=f"type {number}") for number in range(30)))
    assert "The 24 largest of 30 types" in html
    assert "The dot is" not in html
    assert "<th>as asked</th>" not in html
    assert "such facts.." not in html
