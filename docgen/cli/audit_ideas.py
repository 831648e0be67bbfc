"""Screens a run's ideas before their documents are paid for."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer
from pydantic_core import to_json

from docgen.audit.judge import JudgeError, ask, idea_request, read_verdicts
from docgen.audit.judging import Panel
from docgen.audit.scan import LeakageScanner
from docgen.cli.audit_work import ask_about_money, engine_options, judge_model
from docgen.cli.console import PlainReporter, console
from docgen.cli.opening import run_or_latest
from docgen.errors import InputError
from docgen.llm.chain import open_engine
from docgen.llm.journal import Journal
from docgen.llm.protocol import LLM
from docgen.pipeline.setup import reopen
from docgen.prompts import ModelOptions
from docgen.records import Idea, Record
from docgen.store import RunFolder

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
    run = run_or_latest(params["run"], PlainReporter(quiet=params["json"]))
    setup = reopen(run)
    ideas = run.read_ideas()
    if not ideas:
        raise InputError("has no ideas yet", run.name, "Run: docgen brainstorm")
    scanner = LeakageScanner(setup.context)
    found = [finding for idea in ideas for finding in _scanned(idea, scanner)]
    if params["judge"]:
        panel = Panel.of(setup.context, scanner.rules, ModelOptions(judge_model(params, setup)))
        found += _judged(run, panel, ideas, params)
    if params["json"]:
        typer.echo(to_json(found, indent=2).decode())
    else:
        for one in found:
            console.print(f"{one.idea} ({one.detector}, {one.rule}): {one.text}", markup=False)
        console.print(
            f"{len({one.idea for one in found}):,} of {len(ideas):,} ideas would lead to a leak", markup=False
        )
    if found:
        raise typer.Exit(1)


def _scanned(idea: Idea, scanner: LeakageScanner) -> Iterator[IdeaFinding]:
    for finding in scanner.scan(idea.text):
        if finding.severity == "error" and finding.detector != "ending":
            yield _finding(idea, finding.rule, finding.detector, finding.evidence)


def _finding(idea: Idea, rule: str, detector: str, evidence: str) -> IdeaFinding:
    return IdeaFinding(
        idea=idea.id, doc_type=idea.doc_type, text=idea.text, rule=rule, detector=detector, evidence=evidence
    )


def _judged(run: RunFolder, panel: Panel, ideas: Sequence[Idea], params: Mapping[str, Any]) -> list[IdeaFinding]:
    groups = [ideas[start : start + AT_ONCE] for start in range(0, len(ideas), AT_ONCE)]
    requests = [idea_request(panel.rules, panel.context, panel.options, [i.text for i in group]) for group in groups]
    ask_about_money(requests, len(ideas), params)
    options = engine_options(params)

    async def work(journal: Journal) -> list[IdeaFinding]:
        async with open_engine(options, journal) as engine:
            answers = await asyncio.gather(*(_group(engine.llm, panel, group) for group in groups))
            return [finding for answer in answers for finding in answer]

    with run.lock(), Journal(run.journal) as journal:
        return asyncio.run(work(journal))


async def _group(llm: LLM, panel: Panel, ideas: Sequence[Idea]) -> list[IdeaFinding]:
    texts = [idea.text for idea in ideas]
    numbers = [str(number) for number in range(1, len(ideas) + 1)]
    try:
        verdicts = await ask(
            llm,
            lambda sample: idea_request(panel.rules, panel.context, panel.options, texts, sample),
            lambda reply: read_verdicts(reply, "idea", numbers, "\n".join(texts)),
        )
    except JudgeError as error:
        return [_finding(ideas[0], "", "judge", f"no usable verdict on this and {len(ideas) - 1} more: {error}")]
    pairs = zip(ideas, verdicts, strict=True)
    return [_finding(idea, v.reason.split(":")[0], "judge", v.reason) for idea, v in pairs if v.verdict == "leak"]
