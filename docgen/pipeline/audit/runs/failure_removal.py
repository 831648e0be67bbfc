"""Removes the documents that failed an audit, keeping them with the reasons, and refills a run's slots."""

from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path

from pydantic_core import to_json

from docgen.corpus import corpus_files
from docgen.corpus.readers import json_line, whole_rows
from docgen.files.atomic import write_atomically
from docgen.files.overwrite_guard import refuse_overwriting, with_earlier_lines
from docgen.llm.journal import journal_totals
from docgen.options.last_step import Step
from docgen.pipeline.audit.corpus import Corpus
from docgen.pipeline.audit.scan import FailingDocument
from docgen.pipeline.estimate import estimate
from docgen.pipeline.execution.execute import execute
from docgen.pipeline.inputs.setup import Setup
from docgen.progress import Reporter
from docgen.records import Finding, Reason, slot_of

__all__ = ["apply_to_files", "apply_to_run", "refill_calls", "refuse_in_place", "withdraw"]


def apply_to_run(setup: Setup, failing: Sequence[FailingDocument], reporter: Reporter) -> int:
    """Withdraw the failing documents, then generate and check their slots anew; returns how many were withdrawn.

    The slots keep their facts, so salience stays as planned; the findings are fed back to the writer.
    """
    if not failing:
        return 0
    with setup.run.lock():
        withdrawn = withdraw(setup, {slot_of(document.id): document.findings for document in failing})
    execute(setup, Step.ALL, reporter)
    return withdrawn


def withdraw(setup: Setup, findings: dict[int, tuple[Finding, ...]]) -> int:
    """Turn the accepted attempts of these slots into rejected ones, with the findings as reasons; returns how many."""
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        for attempt in setup.run.read_attempts():
            if attempt.verdict == "accepted" and attempt.slot in findings:
                reasons = tuple(
                    Reason(code="leak", subject=finding.rule, detail=finding.explanation, evidence=finding.evidence)
                    for finding in findings[attempt.slot]
                )
                rejected = {"verdict": "rejected", "reasons": reasons, "findings": findings[attempt.slot]}
                attempt = attempt.model_copy(update=rejected)
                count += 1
            yield to_json(attempt) + b"\n"

    setup.run.delete_corpus_outputs()  # exports that contain what is withdrawn; first, since a kill may come in between
    write_atomically(setup.run.attempts, lines(), of_run=True)
    return count


def refill_calls(setup: Setup, count: int) -> tuple[int, float | None]:
    """Approximate (calls, dollars) for writing `count` documents of a run again; None without a known price."""
    bought = journal_totals(setup.run.journal).all.calls
    cost = estimate(setup, documents=bought + count, judged=False)  # so many that it cannot all be in the journal
    documents = next(stage.calls for stage in cost.stages if stage.stage == "document")
    calls, dollars = ceil(count * (1 + cost.refill)), cost.dollars(setup.config.batch)
    return calls, None if dollars is None else dollars * calls / documents


def refuse_in_place(files: Sequence[Path], folder: Path) -> None:
    """Raise `ConfigError`, before any work, when what `apply_to_files` writes is what it reads."""
    refuse_overwriting(corpus_files(files) if files else [], [folder / "clean.jsonl", folder / "removed.jsonl"])


def apply_to_files(corpus: Corpus, failing: Sequence[FailingDocument], folder: Path) -> tuple[int, int]:
    """Write clean.jsonl and removed.jsonl to `folder`, whole rows, the removed ones with their findings.

    Earlier contents of removed.jsonl stay in it. Returns the number of rows of each.
    """
    refuse_in_place(corpus.files, folder)
    findings = {document.row: document.findings for document in failing}
    counts = [0, 0]

    def lines(removed: bool) -> Iterator[bytes]:
        rows = (row for file in corpus.paths for row in whole_rows(file))
        for number, row in enumerate(rows):
            if (number in findings) == removed:
                counts[removed] += 1
                yield json_line({**row, "findings": findings[number]} if removed else row)

    write_atomically(folder / "clean.jsonl", lines(removed=False))
    write_atomically(folder / "removed.jsonl", with_earlier_lines(folder / "removed.jsonl", lines(removed=True)))
    return counts[0], counts[1]
