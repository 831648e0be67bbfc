"""Tallies an audit's findings by rule: what a corpus says although it must not, with shares, bounds and examples."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from pydantic import Field

from docgen.audit.measure.calibration import Calibration, Score
from docgen.audit.measure.intervals import Share, sampled_share, share_of, upper_bound
from docgen.audit.measure.report_entries import ReportEntries
from docgen.audit.measure.unknown_languages import UnknownLanguages
from docgen.audit.rules.leakage_rule import Rule
from docgen.records import Document, Finding, Record, Severity

__all__ = ["Example", "LeakageReport", "LeakageTally", "RuleLeakage"]

CONTEXT_CHARS = 160
"""Characters shown on either side of a finding. Chosen: the sentence around it, and mostly the one before."""
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


class Example(Record):
    """A finding with the text around it: `before`, the evidence, `after`."""

    document: str
    doc_type: str
    severity: Severity
    detector: str
    explanation: str
    before: str
    evidence: str
    after: str
    start: int
    end: int


class RuleLeakage(Record):
    """One rule over the corpus.

    `documents` are those with an error, `suspects` those with a warning and no error; both by the scan tier, over all
    documents. `judged` is the share that a judge found among those it was shown, `at_most` the one-sided 95% bound
    that this sample puts on the corpus (None unless the judge's documents were drawn at random).
    """

    rule: str
    description: str
    severity: Severity
    documents: int
    share: Share
    suspects: int
    types: dict[str, int]
    facts: dict[str, int]
    detectors: dict[str, int]
    examples: tuple[Example, ...]
    judged: Share | None = None
    at_most: float | None = None
    calibration: Score | None = None

    @property
    def sampled(self) -> float:
        """Share by a judge who read a random sample, or all; 0 without one."""
        return self.judged.share if self.judged and self.at_most is not None else 0.0

    @property
    def unread(self) -> float:
        """Share of the corpus that the judge has not read."""
        return 1 - self.judged.total / max(1, self.judged.population or 0) if self.judged else 1.0


class LeakageReport(Record, ReportEntries[RuleLeakage]):
    """All rules. `flagged` documents have an error of any rule; `unjudged` ones a judge failed on, most often for the
    `unjudged_reasons`."""

    writer: str = Field("", description="says so where documents are the embedded writer's")
    documents: int
    flagged: Share
    rules: dict[str, RuleLeakage]
    calibration: str = ""
    judge: str = "none"
    unread: UnknownLanguages = Field(
        UnknownLanguages(), description="documents whose language the rules' wording does not know"
    )
    unjudged: int = 0
    unjudged_reasons: dict[str, int] = Field(default_factory=dict)

    @property
    def entries(self) -> dict[str, RuleLeakage]:  # noqa: D102
        return self.rules

    @property
    def is_judged(self) -> bool:
        """Whether a judge read documents. By wording alone, the number of missed leaks is unknown."""
        return any(rule.judged for rule in self.rules.values())

    @property
    def shares(self) -> dict[str, float]:
        """Share of documents by rule: the judge's where it read a random sample and found more; "any": all together."""
        shares = {name: max(rule.share.share, rule.sampled) for name, rule in self.rules.items()}
        return shares | {"any": max([self.flagged.share, *(rule.sampled for rule in self.rules.values())])}

    def shares_left(self, now: "LeakageReport | None") -> dict[str, float]:
        """The same once the documents found here were removed; `now` is what was found after they were replaced.

        Documents that no judge has read break a rule as often as the sample did: removing what a sample showed only
        cleans the sample.
        """
        left = {name: rule.sampled * rule.unread for name, rule in self.rules.items()}
        current = {name: rule.share.share for name, rule in now.rules.items()} if now else {}
        shares = {name: max(share, current.get(name, 0.0)) for name, share in left.items()}
        return shares | {"any": max([now.flagged.share if now else 0.0, *shares.values()])}


class _RuleTally:
    def __init__(self) -> None:
        self.documents = self.suspects = self.judged = self.judged_leaks = 0
        self.types: Counter[str] = Counter()
        self.facts: Counter[str] = Counter()
        self.detectors: Counter[str] = Counter()
        self.examples: list[tuple[int, int, Example]] = []

    def show(self, row: int, example: Example) -> None:
        """Keep the example if it is among the worst so far; of equally bad ones, those of the first rows are kept."""
        self.examples.append((SEVERITIES.index(example.severity), row, example))
        self.examples.sort(key=lambda entry: entry[:2])
        del self.examples[5:]  # enough to see what a rule finds; the explorer has them all

    def merge(self, other: "_RuleTally", base: int) -> None:
        self.documents += other.documents
        self.suspects += other.suspects
        self.judged += other.judged
        self.judged_leaks += other.judged_leaks
        self.types.update(other.types)
        self.facts.update(other.facts)
        self.detectors.update(other.detectors)
        for _, row, example in other.examples:
            self.show(base + row, example)


class LeakageTally:
    """Counts findings document by document; memory does not grow with their number."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = {rule.id: rule for rule in rules}
        self._tallies = {rule.id: _RuleTally() for rule in rules}
        self._documents = self._flagged = 0
        self.unjudged: Counter[str] = Counter()
        self._sampled = False

    def add(self, document: Document, findings: Sequence[Finding], row: int = 0) -> None:
        """Count one document, at `row` of the corpus, with what the scan tier found, or with all findings on it."""
        self._documents += 1
        self._flagged += any(finding.severity == "error" for finding in findings)
        for rule in {finding.rule for finding in findings}:
            self._count(self._tallies[rule], document, [finding for finding in findings if finding.rule == rule], row)

    def add_judged(self, leaks: Collection[str], judged: Iterable[str], sampled: bool) -> None:
        """Count a judge's verdicts on one document: which of the rules that were `judged` it broke."""
        self._sampled = sampled
        for rule in judged:
            self._tallies[rule].judged += 1
            self._tallies[rule].judged_leaks += rule in leaks

    def add_unjudged(self, reason: str) -> None:
        """Count a document whose judge gave no usable reply, by what was wrong with the last one."""
        # Without what the reason quotes of the reply, which differs from document to document; cut to a line and a
        # half, in case that it quotes it in some other way.
        self.unjudged[re.split(r": ['\"]", reason, maxsplit=1)[0][:160]] += 1

    def merge(self, other: "LeakageTally", base: int) -> None:
        """Add what a tally of the same rules counted of other documents, whose rows begin at `base`.

        The sum is one tally of all, whatever the order.
        """
        self._documents += other._documents
        self._flagged += other._flagged
        self.unjudged.update(other.unjudged)
        self._sampled |= other._sampled
        for rule, tally in other._tallies.items():
            self._tallies[rule].merge(tally, base)

    def _count(self, tally: _RuleTally, document: Document, findings: Sequence[Finding], row: int) -> None:
        worst = min(findings, key=lambda finding: SEVERITIES.index(finding.severity))
        if worst.severity == "error":
            tally.documents += 1
            tally.types[document.doc_type] += 1
            tally.facts.update(document.assigned or ())
            tally.detectors.update({f.detector for f in findings if f.severity == "error"})
        else:
            tally.suspects += 1
        start, end, text = worst.start, worst.end, document.text
        example = Example(
            document=document.id,
            doc_type=document.doc_type,
            severity=worst.severity,
            detector=worst.detector,
            explanation=worst.explanation,
            before=text[max(0, start - CONTEXT_CHARS) : start],
            evidence=text[start:end],
            after=text[end : end + CONTEXT_CHARS],
            start=start,
            end=end,
        )
        tally.show(row, example)

    def report(self, calibration: Calibration | None = None, judge: str = "none") -> LeakageReport:
        """The report on all documents counted so far."""
        return LeakageReport(
            documents=self._documents,
            flagged=share_of(self._flagged, self._documents),
            rules={rule: self._leakage(rule, calibration) for rule in self._rules},
            calibration=calibration.cited() if calibration else "",
            judge=judge,
            unjudged=self.unjudged.total(),
            unjudged_reasons=_ranked(self.unjudged, 5),
        )

    def _leakage(self, identifier: str, calibration: Calibration | None) -> RuleLeakage:
        rule, tally, n = self._rules[identifier], self._tallies[identifier], self._documents
        drawn = tally.judged and self._sampled
        return RuleLeakage(
            rule=rule.id,
            description=rule.description,
            severity=rule.severity,
            documents=tally.documents,
            share=share_of(tally.documents, n),
            suspects=tally.suspects,
            types=_ranked(tally.types),
            facts=_ranked(tally.facts),
            detectors=_ranked(tally.detectors),
            examples=tuple(example for *_, example in tally.examples),
            judged=sampled_share(tally.judged_leaks, tally.judged, max(n, tally.judged)) if tally.judged else None,
            at_most=upper_bound(tally.judged_leaks, tally.judged, max(n, tally.judged)) if drawn else None,
            calibration=calibration.rule(rule.id) if calibration else None,
        )


def _ranked(counts: Counter[str], most: int | None = None) -> dict[str, int]:
    """The most frequent first, equals by name."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most])
