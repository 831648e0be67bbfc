"""Scores detectors against labelled documents, and keeps the scores for later reports to cite."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic_core import from_json

from docgen.audit.detect.facts.fact_detector import FactDetector
from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.audit.judge.judge_runner import (
    JudgeQuestions,
    UnjudgedDocument,
    agreement,
    combine_findings,
    judge_documents,
)
from docgen.audit.judge.verdicts import Verdicts
from docgen.audit.measure.calibration import Calibration, DetectorVerdicts, GoldDocument, calibrate
from docgen.audit.measure.salience.tally import combine_sightings
from docgen.audit.rules.leakage_rule import rule_key
from docgen.errors import RunError
from docgen.files.atomic import write_atomically
from docgen.llm.protocol import Request
from docgen.pipeline.audit.judge_setup import Judge, never
from docgen.progress import Progress, Reporter
from docgen.records import Document, Finding, Record
from docgen.text import digest, slug
from docgen.universe import UniverseContext

__all__ = [
    "Disagreement",
    "GoldSet",
    "JudgedGold",
    "find_calibration",
    "judge_agreement",
    "judge_detector",
    "save_calibration",
]

FOLDER = "calibration"


@dataclass(frozen=True)
class JudgedGold:
    """A judge's verdicts on labelled documents, None without a usable one, and the reasons with their counts."""

    panel: JudgeQuestions
    verdicts: tuple[Verdicts | None, ...]
    reasons: Counter[str] = field(default_factory=Counter)
    server: str = ""

    @property
    def model(self) -> str:
        """The model that really answered, as the server names it; for most documents."""
        answered = Counter(verdicts.model for verdicts in self.verdicts if verdicts and verdicts.model)
        return answered.most_common(1)[0][0] if answered else self.panel.options.model


class Disagreement(Record):
    """A labelled document on which label and verdict differ; `passage` and `reason` are the detector's."""

    document: str
    kind: Literal["fact", "rule"]
    subject: str
    label: str
    verdict: str
    passage: str
    reason: str


class GoldSet:
    """Labelled documents of one context, with what the scan tier finds in them."""

    def __init__(self, file: Path, gold: Sequence[GoldDocument], context: UniverseContext) -> None:
        self.file, self.gold, self.context = file, gold, context
        self._scanner, self._detector = LeakageScanner(context), FactDetector(context)
        self._findings: list[list[Finding]] = []
        self._facts: list[dict[str, str]] = []
        for labelled in gold:
            sightings = self._detector.detect(labelled.text)
            facts = {
                s.fact: combine_sightings([other for other in sightings if other.fact == s.fact]) for s in sightings
            }
            self._facts.append(dict(facts))
            self._findings.append(self._scanner.scan(labelled.text, None, sightings, labelled.doc_type))

    def panel(self, judge: Judge) -> JudgeQuestions:
        """What a judge is asked about each document."""
        return JudgeQuestions.of(self.context, self._scanner.rules, judge.model)

    def requests(self, judge: Judge) -> list[Request]:
        """Every request that `judge` makes, for estimating the cost."""
        panel = self.panel(judge)
        return [panel.request(document) for document in self._documents()]

    def _documents(self) -> list[Document]:
        return [Document(text=one.text, id=one.id, doc_type=one.doc_type) for one in self.gold]

    async def judge(self, judge: Judge, reporter: Reporter, stopping: Callable[[], bool] = never) -> JudgedGold:
        """The judge's verdicts."""
        documents, panel = self._documents(), self.panel(judge)
        verdicts: list[Verdicts | None] = [None] * len(documents)
        reasons, done = Counter[str](), 0
        async with judge.open(reporter, stopping) as llm:
            async for position, answer in judge_documents(llm, panel, documents, judge.engine.concurrency):
                done += 1
                if isinstance(answer, UnjudgedDocument):
                    reasons[answer.reason] += 1
                else:
                    verdicts[position] = answer
                reporter.progress(Progress("judge", done, len(documents)))
        return JudgedGold(panel, tuple(verdicts), reasons, judge.server)

    def calibration(self, judged: JudgedGold | None = None) -> Calibration | None:
        """Scores of the scan tier, or of both tiers; None if the judge gave no usable verdict on any document.

        A rule without a label anywhere cannot be scored.
        """
        readings = self._readings(judged)
        if not any(readings):
            return None  # a calibration made from nothing would still be cited
        labelled = {rule_key(leak.rule) for one in self.gold for leak in one.leaks}
        rules = [rule.id for rule in self._scanner.rules if rule_key(rule.id) in labelled]
        names = {
            "detector": judge_detector(judged.model, judged.server) if judged else "scan",
            "gold": self.file.stem,
            "gold_digest": digest(self.file.read_bytes()),
            "context": self.context.id,
            "context_digest": self.context.digest,
            "server": judged.server if judged else "",
        }
        return calibrate(self.gold, readings, [fact.id for fact in self.context.key_facts], rules, names)

    def _readings(self, judged: JudgedGold | None) -> list[DetectorVerdicts | None]:
        """By document, what the judge says about facts, and both tiers together about rules; None where the judge
        failed."""
        if judged is None:
            pairs = zip(self._facts, self._findings, strict=True)
            return [DetectorVerdicts(facts, _errors(findings)) for facts, findings in pairs]
        readings: list[DetectorVerdicts | None] = []
        for one, findings, verdicts in zip(self.gold, self._findings, judged.verdicts, strict=True):
            reading = None
            if verdicts is not None:
                # A fact whose quoted passage does not occur in the text has no verdict.
                facts = {**dict.fromkeys(verdicts.open - verdicts.rules.keys(), "no verdict"), **verdicts.presence}
                reading = DetectorVerdicts(facts, _errors(combine_findings(one.text, findings, verdicts)))
            readings.append(reading)
        return readings

    def disagreements(self, judged: JudgedGold | None = None) -> list[Disagreement]:
        """Where labels and verdicts differ, in the order of the documents: facts, then rules."""
        listed: list[Disagreement] = []
        verdicts = judged.verdicts if judged else (None,) * len(self.gold)
        rows = zip(self.gold, self._readings(judged), self._findings, verdicts, strict=True)
        for labelled, reading, findings, said in rows:
            if reading is not None:
                both = combine_findings(labelled.text, findings, said) if said else findings
                listed += self._on_facts(labelled, reading, said)
                listed += self._on_rules(labelled, reading, both)
        return listed

    def _on_facts(
        self, labelled: GoldDocument, reading: DetectorVerdicts, said: Verdicts | None
    ) -> Iterator[Disagreement]:
        for fact in self.context.key_facts:
            label, verdict = (facts.get(fact.id, "absent") for facts in (labelled.facts, reading.facts))
            if label != verdict:
                word = said.facts.get(fact.id) if said else None
                passage, reason = (labelled.text[word.start : word.end], word.reason) if word else ("", "")
                yield Disagreement(
                    document=labelled.id, kind="fact", subject=fact.id,
                    label=label, verdict=verdict, passage=passage, reason=reason,
                )  # fmt: skip

    def _on_rules(
        self, labelled: GoldDocument, reading: DetectorVerdicts, findings: Sequence[Finding]
    ) -> Iterator[Disagreement]:
        evidence = {rule_key(leak.rule): leak.evidence for leak in labelled.leaks}
        broken = {rule_key(rule) for rule in reading.rules}
        for rule in self._scanner.rules:
            key = rule_key(rule.id)
            if (key in evidence) != (key in broken):
                shown = next((f for f in findings if f.rule == rule.id and f.severity == "error"), None)
                yield Disagreement(
                    document=labelled.id, kind="rule", subject=rule.id,
                    label="leak" if key in evidence else "clean", verdict="leak" if key in broken else "clean",
                    passage=shown.evidence if shown else evidence.get(key, ""),
                    reason=shown.explanation if shown else "",
                )  # fmt: skip


def judge_detector(model: str, server: str) -> str:
    """The name that a judge's calibration is filed under."""
    return f"judge {model} at {server}" if server else f"judge {model}"


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
    """Store a calibration; the same detector, at the same server, on the same gold set replaces the earlier one."""
    where = f".{calibration.server}" if calibration.server else ""
    name = slug(f"{calibration.context}.{calibration.gold}.{calibration.detector}{where}", 120)
    return write_atomically(root / FOLDER / f"{name}.json", [calibration.model_dump_json(indent=2).encode(), b"\n"])


def find_calibration(root: Path, context: UniverseContext, detector: str, server: str = "") -> Calibration | None:
    """The latest calibration of `detector` for this context and server; None without one.

    A calibration for another universe, or from before this one's facts and rules were edited, does not apply.
    """
    candidates = []
    for file in (root / FOLDER).glob("*.json"):
        try:
            calibration = Calibration.model_validate(from_json(file.read_bytes()))
        except ValueError as error:
            raise RunError("is not a calibration", str(file), "Delete it, and calibrate again") from error
        is_of_context = calibration.context == context.id and calibration.context_digest in ("", context.digest)
        if is_of_context and (calibration.detector, calibration.server) == (detector, server):
            candidates.append((file.stat().st_mtime, calibration))
    return max(candidates, key=lambda entry: entry[0])[1] if candidates else None
