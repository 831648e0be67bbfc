"""Diversity alone, which does not need a context, and the corpus that it is compared with."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from docgen.audit.measure.diversity import DiversityReport, DiversityTally
from docgen.audit.measure.world_use import WorldTally
from docgen.pipeline.audit.corpus import Source, file_corpus, open_corpus
from docgen.records import embedded_notice, is_embedded

__all__ = ["diversity_report", "measure_diversity"]


def measure_diversity(
    source: Source, by: Literal["doc_type", "idea"] = "doc_type", reference: Sequence[Path] = ()
) -> DiversityReport:
    """Signs of collapse in a corpus; `by` is what frequent items are attributed to."""
    corpus, documents, embedded = open_corpus(source), 0, 0
    tally = DiversityTally(by, WorldTally(corpus.run.context) if corpus.run else None)
    for document in corpus.documents():
        tally.add(document)
        documents, embedded = documents + 1, embedded + is_embedded(document.engine, document.model)
    report = diversity_report(tally, reference)
    return report.model_copy(update={"writer": embedded_notice(embedded, documents)})


def diversity_report(tally: DiversityTally, reference: Sequence[Path] = ()) -> DiversityReport:
    """The report of a tally, compared with the documents of the `reference` files if there are any."""
    if not reference:
        return tally.report()
    other = DiversityTally()
    for document in file_corpus(reference).documents():
        other.add(document)
    # A run's corpus is named after the run.
    names = [path.parent.name if path.name == "corpus.parquet" else "" for path in reference]
    return tally.report(other, ", ".join(name or str(path) for name, path in zip(names, reference, strict=True)))
