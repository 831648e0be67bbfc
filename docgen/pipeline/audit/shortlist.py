"""The embedding shortlist over a corpus: one pass before the scan, which keeps scores and no texts."""

from collections.abc import Sequence
from itertools import islice

import numpy as np

from docgen.audit.rules.rule import Rule
from docgen.audit.rules.unassigned_facts import stray_facts
from docgen.audit.shortlist.nearest import NEVER, Nearness, Scores, Shortlist, queries_of
from docgen.embedding.embedder import Embedder
from docgen.errors import ConfigError
from docgen.pipeline.audit.targets import Target
from docgen.progress import Progress, Reporter
from docgen.records import Document

__all__ = ["NEAREST", "make_shortlist"]

NEAREST = 0.8
"""Share of the documents that is listed where nothing else is said: on labelled documents, made to be hard, 77 % had to
be for 95 % of the leaks (bench/shortlist.py)."""
BATCH = 64
"""Documents embedded together; the first of them say what the corpus is about."""


def make_shortlist(
    target: Target, rules: Sequence[Rule], share: float, embedder: Embedder, total: int, reporter: Reporter
) -> Shortlist:
    """The `share` of the documents that come nearest to breaking one of `rules`.

    Takes 12 bytes a document and query, and 16 more while it ranks. Raises `ConfigError` unless `share` lies above 0
    and at most at 1.
    """
    if not 0 < share <= 1:
        raise ConfigError(f"{share} is no share of the documents", "--nearest", "Give a number above 0, at most 1")
    queries = queries_of(target.context, rules)
    nearness, parts, done = Nearness(embedder, queries), list[Scores](), 0
    subjects = iter(target.subjects())
    reporter.progress(Progress("embedded", 0, total))
    while batch := list(islice(subjects, BATCH)):
        parts.append(_allowed(nearness.score(batch), batch, target, nearness))
        done += len(batch)
        reporter.progress(Progress("embedded", done, max(total, done)))
    return Shortlist.of(queries, _joined(parts, len(queries)), share)


def _allowed(scores: Scores, batch: Sequence[Document], target: Target, nearness: Nearness) -> Scores:
    """Without the facts that a document may express."""
    for row, subject in enumerate(batch):
        stray = stray_facts(target.context, subject.assigned)
        for number, query in enumerate(nearness.queries):
            if query.fact is not None and query.fact not in stray:
                scores.score[row, number] = NEVER
    return scores


def _joined(parts: Sequence[Scores], queries: int) -> Scores:
    none = Scores(np.empty((0, queries), np.float32), np.empty((0, queries, 2), np.int32))
    every = [none, *parts]
    return Scores(np.concatenate([one.score for one in every]), np.concatenate([one.place for one in every]))
