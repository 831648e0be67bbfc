"""The embedding shortlist: which documents are nearest in meaning to what documents must not say.

It comes between the scan tier, which knows wordings, and the judge, which costs money. It decides nothing: the
documents that it lists are suspects. Each sentence is compared together with its neighbour, since it often takes two to
break a rule. What all documents share, the topic, is taken out first: the mean of the sentences (Mu and Viswanath,
All-but-the-Top, 2018, section 2).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from docgen.audit.rules.leakage_rule import Rule, rule_key
from docgen.audit.shortlist.exemplars import exemplars
from docgen.embedding.document_vectors import sentences_of, unit_rows
from docgen.embedding.embedder import Embedder
from docgen.records import Document, Finding
from docgen.universe import UniverseContext

__all__ = ["NEVER", "Nearness", "Query", "Scores", "Shortlist", "nearest", "queries_of"]

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

NEVER = np.float32(-9)
"""The score of a document that a query does not apply to: below any cosine."""


@dataclass(frozen=True)
class Query:
    """Something that documents must not say, and sentences that say it.

    `rule` is the rule that findings name; with `fact`, only documents that must not express that fact count.
    """

    rule: str
    about: str
    texts: tuple[str, ...]
    fact: str | None = None


def queries_of(context: UniverseContext, rules: Sequence[Rule]) -> tuple[Query, ...]:
    """One for each key fact (if unassigned facts are looked for), each banned statement, and each other rule that a
    judge applies."""
    by_key = {rule_key(rule.id): rule for rule in rules}
    queries = []
    for key, judged in by_key.items():
        if judged.judged and key != "banned_statement":
            examples = (*judged.leak, *exemplars().get(key, ()))
            # Without examples its definition has to do, which is a poor guide.
            queries.append(Query(judged.id, f"the rule {judged.id}", examples or (judged.description,)))
    if "banned_statement" in by_key:
        rule = by_key["banned_statement"].id
        queries += [Query(rule, f"the statement: {text}", (text,)) for text in context.banned_statements]
    if "unassigned_fact" in by_key:
        rule = by_key["unassigned_fact"].id
        for fact in context.key_facts:
            texts = (fact.statement, *fact.paraphrases, *fact.implications)
            queries.append(Query(rule, f"the fact {fact.id}", texts, fact.id))
    return tuple(queries)


@dataclass(frozen=True)
class Scores:
    """How near n documents come to q queries (higher is nearer), and where: (n, q), (n, q, 2)."""

    score: Floats
    place: npt.NDArray[np.int32]


class Nearness:
    """Scores documents. The first batch determines what the corpus is about; results depend on that batch alone."""

    def __init__(self, embedder: Embedder, queries: Sequence[Query]) -> None:
        self.queries = tuple(queries)
        self._embedder = embedder
        texts = [text for query in queries for text in query.texts]
        self._firsts = np.cumsum([0, *(len(query.texts) for query in queries[:-1])])
        self._rows = embedder.encode(texts) if texts else np.empty((0, 1), np.float32)
        self._topic: Floats | None = None

    def score(self, documents: Sequence[Document]) -> Scores:
        """Scores of some documents, whatever facts they may express."""
        if not self.queries or not documents:
            none = (len(documents), len(self.queries))
            return Scores(np.empty(none, np.float32), np.empty((*none, 2), np.int32))
        spans = [sentences_of(document.text) for document in documents]
        texts = [s.text[start:end] for s, own in zip(documents, spans, strict=True) for start, end in own]
        rows = self._embedder.encode(texts)
        if self._topic is None:
            self._topic = rows.mean(axis=0)
        sentences, exemplar_rows = unit_rows(rows - self._topic), unit_rows(self._rows - self._topic)
        parts = np.split(sentences, np.cumsum([len(own) for own in spans])[:-1])
        scores, places = [], []
        for part, own in zip(parts, map(np.array, spans), strict=True):
            # Pairs of neighbouring sentences, by the row of the second; a single sentence is a pair with itself.
            last = np.minimum(np.arange(max(1, len(part) - 1)) + 1, len(part) - 1)
            pairs = unit_rows(part[: len(last)] + part[last])
            by_query = np.maximum.reduceat(pairs @ exemplar_rows.T, self._firsts, axis=1)  # the best of its exemplars
            best = by_query.argmax(axis=0)
            scores.append(by_query.max(axis=0))
            places.append(np.stack([own[best, 0], own[last[best], 1]], axis=1))
        return Scores(np.array(scores, np.float32), np.array(places, np.int32))


def nearest(score: Floats, share: float) -> tuple[Ints, Ints]:
    """(rows, ranks): the documents to read, at most ceil(share * n), and the rank (n, q) of each, 0 the nearest.

    Queries take turns: the nearest document of each, then the second nearest of each, and so on. So scores of different
    queries are never compared. A query does not list documents where its score is `NEVER`.
    """
    n = len(score)
    order = np.argsort(-score, axis=0, kind="stable")
    ranks = np.empty(score.shape, np.int64)
    np.put_along_axis(ranks, order, np.broadcast_to(np.arange(n)[:, None], score.shape), axis=0)
    ranks[score <= NEVER] = n
    if not score.size:
        return np.empty(0, np.int64), ranks
    turn = ranks.min(axis=1)
    rows = np.lexsort((ranks.argmin(axis=1), turn))[: ceil(share * n)]
    return np.sort(rows[turn[rows] < n]), ranks


@dataclass(frozen=True)
class Shortlist:
    """The listed documents by row of the corpus: for each its ranks, scores and places, by query, and how many `turns`
    were taken."""

    queries: tuple[Query, ...]
    rows: dict[int, int]
    ranks: Ints
    scores: Scores
    turns: int
    documents: int

    @classmethod
    def of(cls, queries: Sequence[Query], scores: Scores, share: float) -> "Shortlist":
        """The nearest `share` of all documents."""
        rows, ranks = nearest(scores.score, share)
        listed = Scores(scores.score[rows], scores.place[rows])
        places = {row: place for place, row in enumerate(rows.tolist())}
        turns = int(ranks[rows].min(axis=1).max()) + 1 if len(rows) else 0
        return cls(tuple(queries), places, ranks[rows], listed, turns, len(scores.score))

    def findings(self, row: int, text: str) -> tuple[Finding, ...]:
        """What makes this document a suspect, if it is listed: the queries that listed it by the last turn."""
        if row not in self.rows:
            return ()
        place, findings = self.rows[row], []
        for number, query in enumerate(self.queries):
            rank, score = int(self.ranks[place, number]), float(self.scores.score[place, number])
            if rank >= self.turns:
                continue
            start, end = self.scores.place[place, number].tolist()
            finding = Finding(
                rule=query.rule,
                severity="info",
                detector="embedding",
                start=start,
                end=end,
                evidence=text[start:end],
                explanation=f"number {rank + 1:,} of {self.documents:,} in nearness to {query.about} ({score:.2f})",
            )
            findings.append(finding)
        return tuple(findings)
