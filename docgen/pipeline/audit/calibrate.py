"""Scores detectors against labelled documents, and keeps the scores for later reports to cite."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic_core import from_json

from docgen.audit.detect.facts import FactDetector
from docgen.audit.detect.leakage_scanner import LeakageScanner
from docgen.audit.judge.panel import Panel, Unjudged, agreement, combine, judge_documents
from docgen.audit.judge.verdicts import Verdicts
from docgen.audit.measure.calibration import Calibration, Gold, Reading, calibrate
from docgen.audit.measure.salience import presence
from docgen.audit.rules.rule import rule_key
from docgen.errors import RunError
from docgen.files.atomic import write_beside
from docgen.llm.protocol import Request
from docgen.pipeline.audit.judge import Judge
from docgen.progress import Progress, Reporter
from docgen.records import Document, Finding
from docgen.text import digest, slug
from docgen.universe import UniverseContext

__all__ = ["GoldSet", "JudgedGold", "find_calibration", "judge_agreement", "save_calibration"]

FOLDER = "calibration"


@dataclass(frozen=True)
class JudgedGold:
    """A judge's verdicts on labelled documents, None where there was no usable one, and why so often."""

    panel: Panel
    verdicts: tuple[Verdicts | None, ...]
    reasons: Counter[str] = field(default_factory=Counter)


class GoldSet:
    """Labelled documents of one context, with what the scan tier sees in them."""

    def __init__(self, file: Path, gold: Sequence[Gold], context: UniverseContext) -> None:
        self.file, self.gold, self.context = file, gold, context
        self._scanner, self._detector = LeakageScanner(context), FactDetector(context)
        self._findings: list[list[Finding]] = []
        self._facts: list[dict[str, str]] = []
        for labelled in gold:
            sightings = self._detector.detect(labelled.text)
            facts = {s.fact: presence([other for other in sightings if other.fact == s.fact]) for s in sightings}
            self._facts.append(dict(facts))
            self._findings.append(self._scanner.scan(labelled.text, None, sightings, labelled.doc_type))

    def panel(self, judge: Judge) -> Panel:
        """What a judge is asked about each document."""
        return Panel.of(self.context, self._scanner.rules, judge.model)

    def requests(self, judge: Judge) -> list[Request]:
        """Every request that `judge` makes, for telling the cost before."""
        panel = self.panel(judge)
        return [panel.request(document) for document in self._documents()]

    def _documents(self) -> list[Document]:
        return [Document(text=one.text, id=one.id, doc_type=one.doc_type) for one in self.gold]

    async def judge(self, judge: Judge, reporter: Reporter) -> JudgedGold:
        """The judge's verdicts."""
        documents, panel = self._documents(), self.panel(judge)
        verdicts: list[Verdicts | None] = [None] * len(documents)
        reasons, done = Counter[str](), 0
        async with judge.open() as llm:
            async for position, answer in judge_documents(llm, panel, documents, judge.engine.concurrency):
                done += 1
                if isinstance(answer, Unjudged):
                    reasons[answer.reason] += 1
                else:
                    verdicts[position] = answer
                reporter.progress(Progress("judge", done, len(documents)))
        return JudgedGold(panel, tuple(verdicts), reasons)

    def calibration(self, judged: JudgedGold | None = None) -> Calibration | None:
        """Scores of the scan tier, or of both tiers; None where a judge said nothing usable of any document.

        A rule without a label anywhere cannot be scored.
        """
        readings = self._readings(judged)
        if not any(readings):
            return None  # a calibration made from nothing would be cited all the same
        labelled = {rule_key(leak.rule) for one in self.gold for leak in one.leaks}
        rules = [rule.id for rule in self._scanner.rules if rule_key(rule.id) in labelled]
        names = {
            "detector": f"judge {judged.panel.options.model}" if judged else "scan",
            "gold": self.file.stem,
            "gold_digest": digest(self.file.read_bytes()),
            "context": self.context.id,
        }
        return calibrate(self.gold, readings, [fact.id for fact in self.context.key_facts], rules, names)

    def _readings(self, judged: JudgedGold | None) -> list[Reading | None]:
        """By document, what the judge says of facts and both tiers together of rules; None where the judge failed."""
        pairs = list(zip(self._facts, self._findings, strict=True))
        if judged is None:
            return [Reading(facts, _errors(findings)) for facts, findings in pairs]
        return [
            None if verdicts is None else Reading(verdicts.presence, _errors(combine(one.text, findings, verdicts)))
            for one, findings, verdicts in zip(self.gold, self._findings, judged.verdicts, strict=True)
        ]


def _errors(findings: Sequence[Finding]) -> frozenset[str]:
    return frozenset(finding.rule for finding in findings if finding.severity == "error")


def judge_agreement(first: JudgedGold, second: JudgedGold) -> dict[str, tuple[float, float | None]]:
    """(share of equal verdicts, Cohen's kappa) by rule, on the documents that both judges could judge."""
    pairs = zip(first.verdicts, second.verdicts, strict=True)
    both = [(a, b) for a, b in pairs if a is not None and b is not None]
    return {
        rule.id: agreement([rule.id in a.leaks for a, _ in both], [rule.id in b.leaks for _, b in both])
        for rule in first.panel.rules
    }


def save_calibration(root: Path, calibration: Calibration) -> Path:
    """Keep a calibration; the same detector on the same gold set replaces the earlier one."""
    name = slug(f"{calibration.context}.{calibration.gold}.{calibration.detector}", 120)
    return write_beside(root / FOLDER / f"{name}.json", [calibration.model_dump_json(indent=2).encode(), b"\n"])


def find_calibration(root: Path, context: str, detector: str) -> Calibration | None:
    """The calibration of `detector` to cite: on this context if there is one, else the latest on another."""
    candidates = []
    for file in (root / FOLDER).glob("*.json"):
        try:
            calibration = Calibration.model_validate(from_json(file.read_bytes()))
        except ValueError as error:
            raise RunError("is not a calibration", str(file), "Delete it, and calibrate again") from error
        if calibration.detector == detector:
            candidates.append((calibration.context == context, file.stat().st_mtime, calibration))
    return max(candidates, key=lambda entry: entry[:2])[2] if candidates else None
