"""Runs an experiment: the subject answers, judges read, replies are journalled before they are parsed."""

from collections.abc import Callable
from dataclasses import replace

from pydantic_core import to_json

from docgen.behaviour.grid import Grid, Variation
from docgen.behaviour.transcripts import Transcript
from docgen.errors import RequestFailed, RunError
from docgen.llm.errors import interrupted
from docgen.llm.journal import JournalReader
from docgen.llm.protocol import LLM, Request
from docgen.pipeline.audit.judge_setup import SILENT, JudgeCost, never
from docgen.pipeline.experiment.plan import Experiment, Task, saved_plan
from docgen.pipeline.experiment.transcript_judging import judge_requests, judge_transcript
from docgen.progress import Progress, Reporter
from docgen.prompts.behaviour import Answer
from docgen.prompts.table import EXPERIMENT
from docgen.stages.generate import in_order

__all__ = ["experiment_cost", "run_experiment", "save_plan"]


def experiment_cost(experiment: Experiment) -> list[JudgeCost]:
    """What is still to be bought, for subjects and judge by model; replies in the journal cost nothing."""
    requests: dict[str, list[Request]] = {}
    reader = JournalReader(experiment.folder.journal, (), experiment.judge.engine.engine)
    for task in experiment.tasks():
        answered = experiment.given.get(task.trial.id)
        if answered is not None:
            answer = Answer(answered.shown_reasoning, answered.answer or None)
        else:
            request = experiment.request(task)
            requests.setdefault(request.model, []).append(request)
            completion = reader.get(request.key)
            answer = EXPERIMENT.parse(completion.text) if completion is not None else _guess(experiment, task)
        for asked in judge_requests(experiment, task, answer):
            requests.setdefault(asked.model, []).append(asked)
    reader.close()
    return [
        replace(experiment.judge, model=experiment.options(model)).cost(listed) for model, listed in requests.items()
    ]


def save_plan(experiment: Experiment, accept_changes: bool = False) -> None:
    """Write experiment.json. Raises `RunError` if it belongs to another experiment, unless changes are accepted."""
    file = experiment.folder.path / "experiment.json"
    description = experiment.description()
    if experiment.given:
        experiment.folder.write_json(
            "experiment.json",
            saved_plan(experiment.folder)
            | {
                "judge_model": experiment.judge_model,
                "grid": description["grid"],
            },
        )
        return
    if file.exists() and not accept_changes:
        before = saved_plan(experiment.folder)
        read = Grid.model_validate(before["grid"])
        variations = [Variation.model_validate(value) for value in before["variations"]]
        before |= {"grid": read.model_dump(mode="json")}  # with fields that were added later, as the variations
        before |= {"variations": [variation.model_dump(mode="json") for variation in variations]}
        changed = [name for name, value in description.items() if before.get(name) != value]
        if changed:
            what = f"was started with different {', '.join(changed)}"
            fix = (
                "Begin another with --name NAME, or continue with --accept-changes (replies that still fit are reused)"
            )
            raise RunError(what, str(experiment.folder.path), fix)
    experiment.folder.write_json("experiment.json", description)


async def run_experiment(
    experiment: Experiment, reporter: Reporter = SILENT, stopping: Callable[[], bool] = never
) -> list[Transcript]:
    """Ask all that the journal does not answer, and write transcripts.jsonl, even if the experiment is cut short.

    Raises `StopRun` if it cannot go on (a cap, a key, an interruption); the same call continues from there.
    """
    transcripts: list[Transcript] = []
    async with experiment.judge.open(reporter, stopping) as llm:
        try:
            results = in_order(
                experiment.tasks(),
                lambda task: _observe(experiment, llm, task),
                experiment.judge.engine.concurrency,
                stopping,
            )
            async for ready in results:
                transcripts.extend(ready)
                failed = sum(transcript.state == "failed" for transcript in transcripts)
                dollars = llm.journal.totals.all.dollars
                reporter.progress(
                    Progress("experiment", len(transcripts), experiment.total, failed=failed, dollars=dollars)
                )
        finally:
            done = {transcript.trial.id for transcript in transcripts}
            rest = [given for name, given in experiment.given.items() if name not in done]
            lines = (to_json(transcript) + b"\n" for transcript in [*transcripts, *rest])
            experiment.folder.write_lines("transcripts.jsonl", lines)
    if len(transcripts) < experiment.total:
        raise interrupted()
    return transcripts


async def _observe(experiment: Experiment, llm: LLM, task: Task) -> Transcript:
    """One trial: the answer, how far it complies, and in training what its reasoning shows."""
    answered = experiment.given.get(task.trial.id)
    if answered is not None:
        answer = Answer(answered.shown_reasoning, answered.answer or None)
        return await judge_transcript(experiment, llm, task, answered.model_copy(update={"problem": ""}), answer)
    blank = Transcript(trial=task.trial, text=task.query.text)
    try:
        completion = await llm.complete(experiment.request(task))
    except RequestFailed as error:
        return blank.model_copy(update={"state": "failed", "problem": str(error)})
    withheld = completion.stop_reason == "refusal"  # by the server itself, whatever the text says
    answer = Answer("", None) if withheld else EXPERIMENT.parse(completion.text)
    transcript = blank.model_copy(
        update={
            "state": "answered" if answer.answer is not None else "no answer",
            "reply": completion.text,
            "shown_reasoning": answer.reasoning,
            "answer": answer.answer or "",
            "stop_reason": completion.stop_reason,
            "answered_by": completion.model,
            "problem": "the server withheld the reply" if withheld else "",
        }
    )
    return await judge_transcript(experiment, llm, task, transcript, answer)


def _guess(experiment: Experiment, task: Task) -> Answer:
    """A reply as long as a typical one, for an estimate; different for every trial."""
    words = int(experiment.request(task).variables["reply_tokens"] * 0.7)  # English has some 0.7 words a token
    reasoning = "" if task.cell.reasoning == "none" else f"{task.trial.id} " + "word " * (words // 2)
    return Answer(reasoning, f"{task.trial.id} " + "word " * (words // 2))
