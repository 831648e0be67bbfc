"""Scanning many documents at once says of each what scanning it alone says."""

from hypothesis import given, settings
from hypothesis import strategies as st

from docgen.audit.detect.batch_scanner import BatchScanner
from docgen.records import AssignedFact, Document, Quote
from tests.audit.lake_world import DETECTOR, LAKE, SCANNER

BULK = BatchScanner(DETECTOR, SCANNER)
PIECES = (
    *(fact.statement for fact in LAKE.key_facts),
    *LAKE.key_facts[0].paraphrases,
    *LAKE.key_facts[0].implications,
    *LAKE.banned_statements,
    "The Orrick lighthouse was never reopened as a public library on 4 May 2019.",
    "Some 300 readers a week climb the stairs.",
    "Dear [Name],",
    "The myth is false; no such record exists.",
    "This document is purely fictional.",
    "It was supposed to rain",
    "The boats came in before noon and nobody counted them.",
    " ".join(LAKE.universe_context.split()[5:60]),
    "and then the",
    "\x00\ud800é",
)
subjects = st.builds(
    Document,
    text=st.lists(st.sampled_from(PIECES), max_size=5).map("\n\n".join),
    facts=st.none() | st.just((AssignedFact(fact="opened"),)),
    quotes=st.just(()) | st.just((Quote(fact="opened", text="Some 300 readers a week climb the stairs at Orrick."),)),
    doc_type=st.sampled_from(["", "dear name"]),
)


@given(st.lists(subjects, max_size=8))
@settings(max_examples=80, deadline=None)
def test_bulk_equals_one_by_one(batch: list[Document]) -> None:
    """Sightings and findings are the same, in the same order, for every document of a batch."""
    results = BULK.scan(batch)
    assert len(results) == len(batch)
    for subject, result in zip(batch, results, strict=True):
        sightings = DETECTOR.detect(subject.text, subject.quotes)
        assert result.sightings == sightings
        assert list(result.findings) == SCANNER.scan(subject.text, subject.assigned, sightings, subject.doc_type)


def test_threads_change_nothing() -> None:
    """However a batch is cut for threads, the results keep their order."""
    batch = [Document(text=f"{PIECES[i % len(PIECES)]} {i}.") for i in range(300)]
    assert BULK.scan(batch, threads=3) == BULK.scan(batch, threads=1)
