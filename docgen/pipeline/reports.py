"""Measures a finished corpus by its texts alone, and writes what was found to reports/."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

from docgen.audit.facts import FactDetector
from docgen.audit.scan import LeakageScanner
from docgen.errors import RunError
from docgen.pipeline.setup import Setup
from docgen.progress import Progress, Reporter
from docgen.records import Attempt

__all__ = ["Measured", "measure_step", "read_measured"]

EXAMPLES = 20
DETECTORS = "wording: statement, paraphrases, implications, near-verbatim, and the writer's quotes that occur"


@dataclass
class Measured:
    """Counts over accepted documents. `stated`, `implied`, `stray` (expressed, not assigned) are by fact."""

    documents: int = 0
    stated: Counter[str] = field(default_factory=Counter)
    implied: Counter[str] = field(default_factory=Counter)
    stray: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def shares(self) -> dict[str, float]:
        """Measured salience by fact."""
        total = max(1, self.documents)
        return {fact: (self.stated[fact] + self.implied[fact]) / total for fact in {**self.stated, **self.implied}}


def measure_step(setup: Setup, reporter: Reporter) -> Measured:
    """Detect facts and leaks in every accepted document; writes reports/salience.json and reports/leakage.json."""
    names = {kind.id: kind.name for kind in setup.run.read_types()}
    ideas = {idea.id: idea.text for idea in setup.run.read_ideas()}
    facts, leaks, measured = FactDetector(setup.context), LeakageScanner(setup.context), Measured()
    for attempt in setup.run.read_attempts():
        if attempt.verdict == "accepted":
            _measure(measured, attempt, facts, leaks, names.get(attempt.doc_type, ""), ideas.get(attempt.idea, ""))
            if measured.documents % 500 == 0:
                reporter.progress(Progress("audit", measured.documents, setup.n))
    reporter.progress(Progress("audit", measured.documents, setup.n))
    _write(setup, measured)
    return measured


def _measure(
    measured: Measured, attempt: Attempt, facts: FactDetector, leaks: LeakageScanner, doc_type: str, idea: str
) -> None:
    assigned = frozenset(fact.fact for fact in attempt.facts)
    sightings = facts.detect(attempt.text, attempt.quotes)
    stated = {s.fact for s in sightings if s.verdict == "stated"}
    implied = {s.fact for s in sightings if s.verdict == "implied"} - stated
    findings = leaks.scan(attempt.text, assigned, sightings, doc_type, idea)
    measured.documents += 1
    measured.stated.update(stated)
    measured.implied.update(implied)
    measured.stray.update((stated | implied) - assigned)
    measured.rules.update({finding.rule for finding in findings})
    for finding in findings:
        examples = measured.examples.setdefault(finding.rule, [])
        if len(examples) < EXAMPLES:
            examples.append({"document": attempt.slot, **finding.model_dump()})


def _write(setup: Setup, measured: Measured) -> None:
    total = max(1, measured.documents)
    overrides, shares = setup.config.salience, measured.shares()
    facts = {
        fact.id: {
            "asked": overrides.get(fact.id, fact.salience),
            "measured": shares.get(fact.id, 0.0),
            "stated": measured.stated[fact.id] / total,
            "implied": measured.implied[fact.id] / total,
            "unassigned_documents": measured.stray[fact.id],
        }
        for fact in setup.context.key_facts
    }
    setup.run.write_json("reports/salience.json", _report(measured, facts=facts, detectors=DETECTORS))
    rules = {rule: {"documents": count, "share": count / total} for rule, count in measured.rules.most_common()}
    setup.run.write_json(
        "reports/leakage.json", _report(measured, rules=rules, examples=measured.examples, tier="scan")
    )


def _report(measured: Measured, **parts: object) -> dict[str, object]:
    return {"documents": measured.documents, **parts}


def read_measured(setup: Setup) -> tuple[dict[str, float] | None, dict[str, int] | None]:
    """Measured shares and leakage counts of the last audit, None where there was none of the present corpus."""
    salience, leakage = (_read(setup, name) for name in ("salience.json", "leakage.json"))
    shares = {fact: float(values["measured"]) for fact, values in salience["facts"].items()} if salience else None
    rules = {rule: int(values["documents"]) for rule, values in leakage["rules"].items()} if leakage else None
    return shares, rules


def _read(setup: Setup, name: str) -> dict[str, Any] | None:
    file = setup.run.report(name)
    if not file.exists():
        return None
    try:
        value: dict[str, Any] = from_json(file.read_bytes())
    except ValueError as error:
        raise RunError(f"is not JSON ({error})", str(file), "Make it again: docgen audit") from error
    return value
