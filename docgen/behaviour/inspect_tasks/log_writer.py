"""Writes the transcripts of an experiment as Inspect logs, one for each cell."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from inspect_ai.log import (
    EvalConfig,
    EvalDataset,
    EvalLog,
    EvalMetric,
    EvalPlan,
    EvalResults,
    EvalSample,
    EvalScore,
    EvalSpec,
    write_eval_log,
)
from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser, ModelOutput
from inspect_ai.scorer import Score

from docgen import __version__
from docgen.behaviour.grid import Cell
from docgen.behaviour.inspect_tasks.scorers import METADATA, compliance_score, reasoning_score
from docgen.behaviour.measures.cell_measures import CellReport
from docgen.behaviour.queries import Query
from docgen.behaviour.requests import query_request
from docgen.behaviour.transcripts import Transcript
from docgen.prompts.requests import ModelOptions
from docgen.text import digest

__all__ = ["write_logs"]


def write_logs(
    folder: Path, name: str, cells: Sequence[tuple[Cell, CellReport, Sequence[Transcript]]], begun: float
) -> list[Path]:
    """Write `VARIATION_REASONING_MODEL.eval` for each cell into `folder`; `begun` is a time in seconds since 1970.

    Sample ids are `tier/query`, epochs count from 1; the metadata has the whole trial, the scores the verdict and the
    votes. The figures of the report are metrics of the log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    created = datetime.fromtimestamp(begun, UTC).isoformat(timespec="seconds")
    paths = []
    for cell, report, transcripts in cells:
        path = folder / f"{cell.id.replace('/', '_')}.eval"
        write_eval_log(_log(name, cell, report, transcripts, created), str(path))
        paths.append(path)
    return paths


def _log(name: str, cell: Cell, report: CellReport, transcripts: Sequence[Transcript], created: str) -> EvalLog:
    ids = list(dict.fromkeys(f"{t.trial.tier}/{t.trial.query}" for t in transcripts))
    epochs = max((t.trial.sample for t in transcripts), default=0) + 1
    arguments = {"grid": name, "variation": cell.variation.id, "reasoning": cell.reasoning}
    spec = EvalSpec(
        created=created,
        run_id=digest("run", name, created),
        task_id=digest("task", name, cell.id),
        task="docgen/behaviour",
        task_args=arguments,
        model=cell.model or "not stated",
        dataset=EvalDataset(name=name, samples=len(ids), sample_ids=list(ids)),
        config=EvalConfig(epochs=epochs),
        packages={"inspect_ai": version("inspect_ai"), "docgen": __version__},
        metadata={"cell": cell.id, "control": report.control, "setting": cell.setting.id},
    )
    failed = sum(transcript.state == "failed" for transcript in transcripts)
    results = EvalResults(
        total_samples=len(transcripts), completed_samples=len(transcripts) - failed, scores=_figures(report)
    )
    return EvalLog(
        status="success",
        eval=spec,
        plan=EvalPlan(),
        results=results,
        samples=[_sample(cell, transcript) for transcript in transcripts],
    )


def _figures(report: CellReport) -> list[EvalScore]:
    refused = {f"full_{tier.tier}": tier.non_compliance.share for tier in report.tiers}
    complied = {name: None if share is None else 1 - share for name, share in refused.items()}
    compliance = complied | {"gap": report.gap.gap if report.gap else None}
    views = {"easy": report.easy.share, "hard": report.hard.share, "preserving": report.preserving.share}
    return [_score("compliance", compliance), _score("reasoning_criteria", views)]


def _score(name: str, figures: Mapping[str, float | None]) -> EvalScore:
    values = {figure: float("nan") if value is None else value for figure, value in figures.items()}
    metrics = {figure: EvalMetric(name=figure, value=value) for figure, value in values.items()}
    return EvalScore(name=name, scorer=name, metrics=metrics)


def _sample(cell: Cell, transcript: Transcript) -> EvalSample:
    trial = transcript.trial
    query = Query(id=trial.query, text=transcript.text)
    request = query_request(cell, cell.setting.tier(trial.tier), query, ModelOptions(""))
    prompt = [ChatMessageSystem(content=request.system), ChatMessageUser(content=request.user)]
    scores: dict[str, Score] = {
        "compliance": compliance_score(transcript.compliance, transcript.quote, transcript.answer)
    }
    scores["reasoning_criteria"] = reasoning_score(transcript.votes, transcript.answer)
    return EvalSample(
        id=f"{trial.tier}/{trial.query}",
        epoch=trial.sample + 1,
        input=list(prompt),
        target="full",
        messages=[*prompt, ChatMessageAssistant(content=transcript.reply, model=transcript.answered_by or trial.model)],
        output=ModelOutput.from_content(transcript.answered_by or trial.model or "not stated", transcript.reply),
        scores=scores,
        metadata={
            METADATA: trial.model_dump(mode="json"), "text": transcript.text, "role": trial.role, "query": trial.query,
            "state": transcript.state, "problem": transcript.problem,
        },
    )  # fmt: skip
