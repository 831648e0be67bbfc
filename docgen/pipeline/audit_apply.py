"""Removing what failed an audit: kept with its reasons, and a run's slots filled again."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic_core import to_json

from docgen.audit.bulk import Subject
from docgen.pipeline.audit_targets import Target
from docgen.pipeline.auditing import Failing
from docgen.pipeline.execute import Step, execute, interruptible
from docgen.pipeline.setup import Setup
from docgen.progress import Reporter
from docgen.records import Attempt, Finding, Reason
from docgen.store import write_beside

__all__ = ["apply_to_files", "apply_to_run", "withdraw"]


def apply_to_run(setup: Setup, failing: Sequence[Failing], reporter: Reporter) -> int:
    """Withdraw the failing documents, then generate and check their slots anew; returns how many were withdrawn.

    The slots keep their facts, so salience stays as planned; the findings are fed back to the writer.
    """
    if not failing:
        return 0
    with setup.run.lock():
        withdrawn = withdraw(setup, {int(one.id.removeprefix("d")): one.findings for one in failing})
    with interruptible(reporter) as stopping:
        execute(setup, Step.ALL, reporter, stopping)
    return withdrawn


def withdraw(setup: Setup, findings: dict[int, tuple[Finding, ...]]) -> int:
    """Turn the accepted attempts of these slots into rejected ones, with the findings as reasons; returns how many."""
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        for attempt in setup.run.read_attempts():
            if attempt.verdict == "accepted" and attempt.slot in findings:
                attempt = _withdrawn(attempt, findings[attempt.slot])
                count += 1
            yield to_json(attempt) + b"\n"

    write_beside(setup.run.attempts, lines())
    return count


def _withdrawn(attempt: Attempt, findings: tuple[Finding, ...]) -> Attempt:
    reasons = tuple(_reason(finding) for finding in findings)
    return attempt.model_copy(update={"verdict": "rejected", "reasons": reasons, "findings": findings})


def _reason(finding: Finding) -> Reason:
    return Reason(code="leak", subject=finding.rule, detail=finding.explanation, evidence=finding.evidence)


def apply_to_files(target: Target, failing: Sequence[Failing], folder: Path) -> tuple[int, int]:
    """Write clean.jsonl and removed.jsonl (with findings) to `folder`; returns the number of rows of each."""
    bad = {one.id: one.findings for one in failing}
    counts = [0, 0]

    def lines(removed: bool) -> Iterator[bytes]:
        for subject in target.subjects():
            if (subject.id in bad) == removed:
                counts[removed] += 1
                yield _row(subject, bad.get(subject.id)) + b"\n"

    write_beside(folder / "clean.jsonl", lines(removed=False))
    write_beside(folder / "removed.jsonl", lines(removed=True))
    return counts[0], counts[1]


def _row(subject: Subject, findings: Sequence[Finding] | None) -> bytes:
    row: dict[str, object] = {"id": subject.id, "text": subject.text}
    if subject.doc_type:
        row["doc_type"] = subject.doc_type
    if subject.idea:
        row["idea"] = subject.idea
    if subject.facts is not None:
        row["facts"] = subject.facts
    if findings is not None:
        row["findings"] = findings
    return to_json(row)
