"""The HTML report: one file, nothing from outside, every text escaped."""

import re
import xml.etree.ElementTree as ET

from docgen.audit.measure.diversity import DiversityTally
from docgen.audit.measure.leakage import LeakageTally
from docgen.audit.measure.salience import SalienceTally
from docgen.audit.report.charts import airtime_chart, histogram, matrix, presence_chart
from docgen.audit.report.html import render_report
from docgen.records import Document
from tests.audit.lake_world import DETECTOR, LAKE, SCANNER

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
