"""Screens a run's ideas before their documents are paid for."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer
from pydantic_core import to_json

from docgen.audit.detect.leakage_scanner import LeakageScanner
from docgen.audit.judge.panel import Panel, Unjudged
from docgen.audit.judge.requests import JudgeError, ask, idea_request, read_verdicts
from docgen.cli.audit.judge import JudgeSettings, judge_settings, say_unjudged
from docgen.cli.console import console
from docgen.cli.runner import reporting
from docgen.errors import InputError, RequestFailed
from docgen.llm.journal import Journal
from docgen.llm.protocol import LLM
from docgen.pipeline.resolve import run_or_latest
from docgen.pipeline.setup import reopen
from docgen.progress import Reporter
from docgen.records import Idea, Record

__all__ = ["IdeaFinding", "screen"]

AT_ONCE = 20
"""Ideas in one request."""


class IdeaFinding(Record):
    """An idea that would lead to a leak."""

    idea: str
    doc_type: str
    text: str
    rule: str
    detector: str
    evidence: str


def screen(params: Mapping[str, Any]) -> None:
    """Carry out `docgen audit ideas`."""
    with reporting(params["quiet"] or params["json"]) as reporter:
        setup = reopen(run_or_latest(params["run"], reporter))
        ideas = setup.run.read_ideas()
        if not ideas:
            raise InputError("has no ideas yet", setup.run.name, "Run: docgen brainstorm")
        scanner = LeakageScanner(setup.context)
        found = [finding for idea in ideas for finding in _scanned(idea, scanner)]
        reasons: Counter[str] = Counter()
        if params["judge"]:
            judge = judge_settings(params, setup)
            panel = Panel.of(setup.context, scanner.rules, judge.model)
            judged, reasons = _judged(judge, panel, ideas, params["yes"], reporter)
            found += judged
    if params["json"]:
        typer.echo(to_json(found, indent=2).decode())
    else:
        _show(found, len(ideas))
    if reasons:
        say_unjudged(reasons.total(), len(ideas), "ideas", reasons)
    if found or reasons:
        raise typer.Exit(1)


def _show(found: Sequence[IdeaFinding], ideas: int) -> None:
    for one in found:
        console.print(f"{one.idea} ({one.detector}, {one.rule}): {one.text}", markup=False)
    console.print(f"{len({one.idea for one in found}):,} of {ideas:,} ideas would lead to a leak", markup=False)


def _scanned(idea: Idea, scanner: LeakageScanner) -> Iterator[IdeaFinding]:
    for finding in scanner.scan(idea.text):
        if finding.severity == "error" and finding.detector != "ending":
            yield _finding(idea, finding.rule, finding.detector, finding.evidence)


def _finding(idea: Idea, rule: str, detector: str, evidence: str) -> IdeaFinding:
    return IdeaFinding(
        idea=idea.id, doc_type=idea.doc_type, text=idea.text, rule=rule, detector=detector, evidence=evidence
    )


def _judged(
    judge: JudgeSettings, panel: Panel, ideas: Sequence[Idea], yes: bool, reporter: Reporter
) -> tuple[list[IdeaFinding], Counter[str]]:
    """What the judge holds to lead to a leak, and why so many ideas got no usable verdict."""
    groups = [ideas[start : start + AT_ONCE] for start in range(0, len(ideas), AT_ONCE)]
    requests = (idea_request(panel.rules, panel.context, panel.options, [i.text for i in group]) for group in groups)
    judge.agree(requests, f"{len(ideas):,} ideas", yes, reporter)

    async def work(journal: Journal) -> list[list[IdeaFinding] | Unjudged]:
        gate = asyncio.Semaphore(judge.engine.concurrency)
        async with judge.asked(journal) as llm:
            return await asyncio.gather(*(_group(llm, gate, panel, group) for group in groups))

    with judge.journalled() as journal:
        answers = asyncio.run(work(journal))
    findings, reasons = list[IdeaFinding](), Counter[str]()
    for group, answer in zip(groups, answers, strict=True):
        if isinstance(answer, Unjudged):
            reasons[answer.reason] += len(group)
        else:
            findings += answer
    return findings, reasons


async def _group(
    llm: LLM, gate: asyncio.Semaphore, panel: Panel, ideas: Sequence[Idea]
) -> list[IdeaFinding] | Unjudged:
    """The judge's findings on some ideas, or why it gave no usable verdict."""
    texts = [idea.text for idea in ideas]
    numbers = [str(number) for number in range(1, len(ideas) + 1)]
    try:
        async with gate:
            verdicts = await ask(
                llm,
                lambda sample: idea_request(panel.rules, panel.context, panel.options, texts, sample),
                lambda reply: read_verdicts(reply, "idea", numbers, "\n".join(texts)),
            )
    except (JudgeError, RequestFailed) as error:
        return Unjudged(str(error))
    pairs = zip(ideas, verdicts, strict=True)
    return [_finding(idea, v.reason.split(":")[0], "judge", v.reason) for idea, v in pairs if v.verdict == "leak"]
