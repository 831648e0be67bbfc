"""Removing what failed an audit: kept with its reasons, and a run's slots filled again."""

from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path

from pydantic_core import to_json

from docgen.corpus.files import json_line, whole_rows
from docgen.corpus.paths import corpus_files
from docgen.files.atomic import write_beside
from docgen.files.overwrite import refuse_overwriting, with_earlier_lines
from docgen.llm.journal import journal_totals
from docgen.pipeline.audit.audit import Failing
from docgen.pipeline.audit.targets import Target
from docgen.pipeline.estimate import estimate
from docgen.pipeline.execute import Step, execute, interruptible
from docgen.pipeline.setup import Setup
from docgen.progress import Reporter
from docgen.records import Attempt, Finding, Reason

__all__ = ["apply_to_files", "apply_to_run", "mended_documents", "refill_calls", "refuse_in_place", "withdraw"]


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
    setup.run.delete_corpus_outputs()  # exports that hold what was withdrawn
    return count


def _withdrawn(attempt: Attempt, findings: tuple[Finding, ...]) -> Attempt:
    reasons = tuple(_reason(finding) for finding in findings)
    return attempt.model_copy(update={"verdict": "rejected", "reasons": reasons, "findings": findings})


def _reason(finding: Finding) -> Reason:
    return Reason(code="leak", subject=finding.rule, detail=finding.explanation, evidence=finding.evidence)


def mended_documents(setup: Setup) -> frozenset[str]:
    """Ids of the documents that were written anew because of what a judge had found in their slots."""
    rejected = (attempt for attempt in setup.run.read_attempts() if attempt.verdict == "rejected")
    return frozenset(f"d{a.slot:07d}" for a in rejected if any(f.detector == "judge" for f in a.findings))


def refill_calls(setup: Setup, count: int) -> tuple[int, float | None]:
    """(calls, dollars) that writing `count` documents of a run again will take, about; None without a known price."""
    bought = journal_totals(setup.run.journal).all.calls
    found = estimate(setup, documents=bought + count)  # so many that it cannot all be in the journal
    documents = next(stage.calls for stage in found.stages if stage.stage == "document")
    calls, dollars = ceil(count * (1 + found.refill)), found.dollars(setup.config.batch)
    return calls, None if dollars is None else dollars * calls / documents


def refuse_in_place(target: Target, folder: Path) -> None:
    """Raise `ConfigError`, before any work, when what `apply_to_files` writes is what it reads."""
    if target.files:
        refuse_overwriting(corpus_files(target.files), [folder / "clean.jsonl", folder / "removed.jsonl"])


def apply_to_files(target: Target, failing: Sequence[Failing], folder: Path) -> tuple[int, int]:
    """Write clean.jsonl and removed.jsonl to `folder`, whole rows, the removed ones with their findings.

    What removed.jsonl holds from before stays in it. Returns the number of rows of each.
    """
    refuse_in_place(target, folder)
    bad = {one.row: one.findings for one in failing}
    counts = [0, 0]

    def lines(removed: bool) -> Iterator[bytes]:
        rows = (row for file in corpus_files(target.files) for row in whole_rows(file))
        for number, row in enumerate(rows):
            if (number in bad) == removed:
                counts[removed] += 1
                yield json_line({**row, "findings": bad[number]} if removed else row)

    write_beside(folder / "clean.jsonl", lines(removed=False))
    write_beside(folder / "removed.jsonl", with_earlier_lines(folder / "removed.jsonl", lines(removed=True)))
    return counts[0], counts[1]
