"""How far a detector can be trusted: precision, recall and F1 against labelled documents, with bootstrap intervals."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from docgen.audit.measure.intervals import wilson
from docgen.audit.rules.leakage_rule import rule_key
from docgen.errors import InputError
from docgen.files.text_files import LARGEST_TEXT, read_text
from docgen.records import Record

__all__ = ["Calibration", "DetectorVerdicts", "GoldDocument", "GoldLeak", "Score", "calibrate", "read_gold"]


class GoldLeak(Record):
    """A rule that a labelled document breaks, and the passage."""

    rule: str
    evidence: str = ""


class GoldDocument(Record):
    """One labelled document: `facts` maps ids to stated, implied, absent or contradicted (absent when left out)."""

    id: str
    text: str
    doc_type: str = ""
    facts: dict[str, str] = Field(default_factory=dict)
    leaks: tuple[GoldLeak, ...] = ()


@dataclass(frozen=True)
class DetectorVerdicts:
    """What a detector stack says of one document: verdicts on facts (absent when left out) and the rules broken."""

    facts: Mapping[str, str]
    rules: Collection[str]


class Score(Record):
    """Precision, recall and F1 of one fact or rule, each with its 95% interval; None if there is nothing to compute
    it from.

    `positives` counts the labelled cases, `negatives` the others that were scored.
    """

    subject: str
    positives: int
    negatives: int
    true_positives: int
    false_positives: int
    precision: float | None
    precision_interval: tuple[float, float] | None
    recall: float | None
    recall_interval: tuple[float, float] | None
    f1: float | None
    f1_interval: tuple[float, float] | None


class Calibration(Record):
    """A detector stack against one gold set; kept with reports, which cite it.

    `facts_overall` scores "stated", `implied` and `contradicted` those; `confusion[label][verdict]` counts all pairs of
    document and fact. `context` and `context_digest` say in which universe, `server` who answered as the judge ("" for
    the API itself). `macro_rule_f1` averages over the rules that have labelled cases. `clean_flagged` is the share of
    documents without any labelled leak that were flagged all the same.
    """

    detector: str
    gold: str
    gold_digest: str
    context: str
    context_digest: str = ""
    server: str = ""
    documents: int
    failures: int = 0
    facts: tuple[Score, ...]
    facts_overall: Score
    implied: Score | None = None
    contradicted: Score
    confusion: dict[str, dict[str, int]] = Field(default_factory=dict)
    rules: tuple[Score, ...]
    rules_overall: Score
    macro_rule_f1: float | None
    clean_flagged: float | None
    clean_flagged_interval: tuple[float, float] | None = None

    def cited(self) -> str:
        """Whose figures these are, for a report that cites them."""
        server = f" at {self.server}" if self.server else ""
        return f"{self.detector}{server} on {self.gold}, context {self.context}"

    def rule(self, identifier: str) -> Score | None:
        """The score of one rule, by id."""
        key = rule_key(identifier)
        return next((score for score in self.rules if rule_key(score.subject) == key), None)


def read_gold(path: Path) -> list[GoldDocument]:
    """Labelled documents from JSONL. Raises `InputError` with the line of the first that is not one."""
    documents = []
    lines = read_text(path, LARGEST_TEXT, InputError).split("\n")  # JSON texts may contain other line breaks
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value: Any = json.loads(line)
            fields = {key: value[key] for key in GoldDocument.model_fields if key in value}
            documents.append(GoldDocument.model_validate(fields))
        except (ValueError, RecursionError, TypeError) as error:
            fix = "Give one JSON object a line with id, text, facts {id: verdict} and leaks [{rule, evidence}]"
            raise InputError("is not a labelled document", f"{path}:{number}", fix) from error
    if not documents:
        raise InputError("has no labelled documents", str(path))
    return documents


def calibrate(
    gold: Sequence[GoldDocument],
    readings: Sequence[DetectorVerdicts | None],
    facts: Sequence[str],
    rules: Sequence[str],
    names: Mapping[str, str],
) -> Calibration:
    """Score one reading for each labelled document; None is a document whose judge failed, and is left out.

    Facts are scored as stated against absent or contradicted: pairs labelled "implied" are neutral and left out there,
    and have a separate row, implied against all else. Rules are scored by document and rule. `names` has detector,
    gold, gold_digest and context.
    """
    import numpy as np

    pairs = [(g, r) for g, r in zip(gold, readings, strict=True) if r is not None]
    # Of 1,000 resamples the ends of a 95% interval are the 25th from either side, which steadies its second digit. Any
    # seed will do, as long as it is the same: equal readings then have equal intervals.
    picks = np.random.default_rng(17).integers(0, max(len(pairs), 1), size=(1000, len(pairs)))
    by_fact = {fact: _fact_cells(pairs, fact, "stated") for fact in facts}
    denied, implied = (
        sum((_fact_cells(pairs, fact, grade) for fact in facts), _zeros(pairs)) for grade in ("contradicted", "implied")
    )
    by_rule = {}
    for rule in rules:
        key = rule_key(rule)
        labels = [any(rule_key(leak.rule) == key for leak in g.leaks) for g, _ in pairs]
        said = [any(rule_key(name) == key for name in r.rules) for _, r in pairs]
        by_rule[rule] = _cells(labels, said)
    rule_scores = tuple(_score(rule, cells, picks) for rule, cells in by_rule.items())
    scored = [score.f1 for score in rule_scores if score.positives and score.f1 is not None]
    clean = [bool(r.rules) for g, r in pairs if not g.leaks]
    return Calibration(
        **names,
        documents=len(gold),
        failures=len(gold) - len(pairs),
        facts=tuple(_score(fact, cells, picks) for fact, cells in by_fact.items()),
        facts_overall=_score("all facts", sum(by_fact.values(), _zeros(pairs)), picks),
        implied=_score("implied", implied, picks),
        contradicted=_score("contradicted", denied, picks),
        confusion=_confusion(pairs, facts),
        rules=rule_scores,
        rules_overall=_score("all rules", sum(by_rule.values(), _zeros(pairs)), picks),
        macro_rule_f1=sum(scored) / len(scored) if scored else None,
        clean_flagged=sum(clean) / len(clean) if clean else None,
        clean_flagged_interval=wilson(sum(clean), len(clean)) if clean else None,
    )


def _zeros(pairs: Sequence[object]) -> Any:
    import numpy as np

    return np.zeros((len(pairs), 4), dtype=np.int64)


def _fact_cells(pairs: Sequence[tuple[GoldDocument, DetectorVerdicts]], fact: str, grade: str) -> Any:
    """(documents, 4): cells of one grade of a fact against all others; zeros where the label is neutral to it."""
    labels = [g.facts.get(fact, "absent") for g, _ in pairs]
    said = [r.facts.get(fact, "absent") for _, r in pairs]
    cells = _cells([label == grade for label in labels], [verdict == grade for verdict in said])
    if grade != "implied":
        cells[[label == "implied" for label in labels]] = 0
    return cells


def _cells(labels: Sequence[bool], said: Sequence[bool]) -> Any:
    """(documents, 4): true positive, false positive, false negative, true negative, of which each has one."""
    import numpy as np

    label, verdict = np.array(labels, np.bool_), np.array(said, np.bool_)
    return np.stack([label & verdict, verdict & ~label, label & ~verdict, ~label & ~verdict], axis=1).astype(np.int64)


def _confusion(
    pairs: Sequence[tuple[GoldDocument, DetectorVerdicts]], facts: Sequence[str]
) -> dict[str, dict[str, int]]:
    table: dict[str, Counter[str]] = {}
    for gold, reading in pairs:
        for fact in facts:
            label = table.setdefault(gold.facts.get(fact, "absent"), Counter())
            label[reading.facts.get(fact, "absent")] += 1
    return {label: dict(sorted(counts.items())) for label, counts in sorted(table.items())}


def _score(subject: str, cells: Any, picks: Any) -> Score:
    tp, fp, fn, tn = (int(value) for value in cells.sum(axis=0)) if len(cells) else (0, 0, 0, 0)
    drawn = cells[picks].sum(axis=1) if len(cells) else _zeros(())
    t, p, n = drawn[:, 0], drawn[:, 1], drawn[:, 2]
    return Score(
        subject=subject,
        positives=tp + fn,
        negatives=fp + tn,
        true_positives=tp,
        false_positives=fp,
        precision=_share(tp, tp + fp),
        precision_interval=_interval(t, t + p) if tp and fp else _unmixed(tp, tp + fp),
        recall=_share(tp, tp + fn),
        recall_interval=_interval(t, t + n) if tp and fn else _unmixed(tp, tp + fn),
        f1=_share(2 * tp, 2 * tp + fp + fn),
        f1_interval=_interval(2 * t, 2 * t + p + n) if fp or fn else _unmixed(tp, tp),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _unmixed(part: int, whole: int) -> tuple[float, float] | None:
    """Wilson's interval where all cases went one way: resampling them would suggest that they cannot go the other."""
    return wilson(part, whole) if whole else None


def _interval(part: Any, whole: Any) -> tuple[float, float] | None:
    """The middle 95% of the resampled shares; resamples without a case say nothing and are left out."""
    import numpy as np

    some = whole > 0
    if not some.any():
        return None
    low, high = np.percentile(part[some] / whole[some], [2.5, 97.5])
    return float(low), float(high)
