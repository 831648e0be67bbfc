"""Tallies a judge's verdicts on one fact over a random sample: how often it is there, how directly, how prominently."""

from collections import Counter
from typing import TYPE_CHECKING

from docgen.audit.measure.intervals import Mean, Moments, Share, sampled_share, share_of
from docgen.records import AssignedFact, Prominence, Record

if TYPE_CHECKING:
    from docgen.audit.judge.verdicts import Judgement

__all__ = ["JudgeTally", "JudgedFact"]

GRANTED = "presupposed"
"""How an implied fact is counted if the document was not assigned it and may take it for granted."""


class JudgedFact(Record):
    """One fact in the documents that a judge read.

    `expressed` is the share of documents that state it, or imply it other than by taking for granted what they may (the
    share of those is `presupposed`); intervals are for the corpus. `stated` and `central` are shares of the documents
    that express it. `as_asked` maps each directness and prominence to the share, among the documents that were asked to
    express the fact that way, of those that do. `verdicts` counts stated, implied, presupposed, contradicted, absent.
    `airtime` is the share of a document's sentences that are about the fact, 0 where it is absent, on average over the
    documents; None where a verdict does not say.
    """

    expressed: Share
    presupposed: Share
    stated: Share
    central: Share
    prominence: dict[Prominence, int]
    as_asked: dict[str, Share]
    verdicts: dict[str, int]
    airtime: Mean | None = None


class JudgeTally:
    """Counts verdicts on one fact."""

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self.prominence: Counter[Prominence] = Counter()
        self.asked: Counter[str] = Counter()
        self.as_asked: Counter[str] = Counter()
        self.airtime = Moments()
        self.untimed = 0

    def add(self, judgement: "Judgement", asked: AssignedFact | None, may_be_granted: bool) -> None:
        """Count one document, which was asked to express the fact that way; None if it was not to have it, or if that
        is not known."""
        is_granted = may_be_granted and asked is None and judgement.verdict == "implied"
        self.verdicts[GRANTED if is_granted else judgement.verdict] += 1
        is_expressed = judgement.verdict in ("stated", "implied") and not is_granted
        if is_expressed and judgement.prominence:
            self.prominence[judgement.prominence] += 1
        self.add_airtime(judgement)
        if asked is not None:
            self.asked.update((asked.directness, asked.prominence))
            self.as_asked[asked.directness] += judgement.verdict == asked.directness
            self.as_asked[asked.prominence] += is_expressed and judgement.prominence == asked.prominence

    def add_airtime(self, judgement: "Judgement") -> None:
        """Count the share of one document that is about the fact."""
        is_there = judgement.verdict in ("stated", "implied")
        self.untimed += is_there and judgement.airtime is None
        self.airtime.add(judgement.airtime or 0.0 if is_there else 0.0)

    def merge(self, later: "JudgeTally") -> None:
        """Add the counts of other documents."""
        for name in ("verdicts", "prominence", "asked", "as_asked"):
            getattr(self, name).update(getattr(later, name))
        self.airtime.merge(later.airtime)
        self.untimed += later.untimed

    def report(self, population: int) -> JudgedFact | None:
        """The shares in a corpus of `population` documents; None where nothing was judged."""
        total = self.verdicts.total()
        if not total:
            return None
        expressed = self.verdicts["stated"] + self.verdicts["implied"]
        return JudgedFact(
            expressed=sampled_share(expressed, total, max(population, total)),
            presupposed=sampled_share(self.verdicts[GRANTED], total, max(population, total)),
            stated=share_of(self.verdicts["stated"], expressed),
            central=share_of(self.prominence["central"], self.prominence.total()),
            prominence=dict(self.prominence),
            as_asked={grade: share_of(self.as_asked[grade], count) for grade, count in sorted(self.asked.items())},
            verdicts=dict(self.verdicts),
            airtime=None if self.untimed else self.airtime.mean(max(population, total)),
        )
