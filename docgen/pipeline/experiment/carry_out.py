"""Carries an experiment out: the subject answers, judges read, replies are journalled before they are parsed."""

from collections.abc import Callable
from dataclasses import replace

from pydantic_core import to_json

from docgen.behaviour.requests import compliance_request, faking_request
from docgen.behaviour.transcripts import Transcript, Vote, prefix_verdict
from docgen.errors import RequestFailed, RunError
from docgen.llm.errors import interrupted
from docgen.llm.journal import JournalReader
from docgen.llm.protocol import LLM, Completion, Request
from docgen.pipeline.audit.judge import SILENT, JudgeCost, never
from docgen.pipeline.experiment.plan import Experiment, Task, saved_plan
from docgen.progress import Progress, Reporter
from docgen.prompts.behaviour import Answer, parse_answer, parse_compliance, parse_vote
from docgen.stages.generate import in_order

__all__ = ["carry_out", "experiment_cost", "save_plan"]

TRIES = 2
"""Of a judge whose reply cannot be read. Chosen: as for the judge of documents."""
AGAIN = 1_000
"""Added to a sample's number for another try, so that votes and tries never share a reply."""
REFUSED = "refusal"
"""The stop reason of a reply that the server itself withheld."""


def experiment_cost(experiment: Experiment) -> list[JudgeCost]:
    """What is still to be bought, for subjects and judge by model; what the journal has costs nothing."""
    requests: dict[str, list[Request]] = {}
    reader = JournalReader(experiment.folder.journal, (), experiment.judge.engine.engine)
    for task in experiment.tasks():
        given = experiment.given.get(task.trial.id)
        if given is not None:
            answer = Answer(given.shown_reasoning, given.answer or None)
        else:
            request = experiment.request(task)
            requests.setdefault(request.model, []).append(request)
            completion = reader.get(request.key)
            answer = parse_answer(completion.text) if completion is not None else _guess(experiment, task)
        for judged in _judge_requests(experiment, task, answer):
            requests.setdefault(judged.model, []).append(judged)
    reader.close()
    return [
        replace(experiment.judge, model=experiment.options(model)).cost(listed) for model, listed in requests.items()
    ]


def save_plan(experiment: Experiment, accept_changes: bool = False) -> None:
    """Write experiment.json. Raises `RunError` where it is another experiment's, unless changes are accepted."""
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
        changed = [name for name, value in description.items() if before.get(name) != value]
        if changed:
            what = f"was begun with other {', '.join(changed)}"
            fix = "Begin another with --name NAME, or go on with --accept-changes (replies that still fit are reused)"
            raise RunError(what, str(experiment.folder.path), fix)
    experiment.folder.write_json("experiment.json", description)


async def carry_out(
    experiment: Experiment, reporter: Reporter = SILENT, stopping: Callable[[], bool] = never
) -> list[Transcript]:
    """Ask all that the journal does not answer, and write transcripts.jsonl; also those of an experiment cut short.

    Raises `StopRun` when it cannot go on (a cap, a key, an interruption); the same call goes on from there.
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
    given = experiment.given.get(task.trial.id)
    if given is not None:
        answer = Answer(given.shown_reasoning, given.answer or None)
        return await _judged(experiment, llm, task, given.model_copy(update={"problem": ""}), answer)
    blank = Transcript(trial=task.trial, text=task.query.text)
    try:
        completion = await llm.complete(experiment.request(task))
    except RequestFailed as error:
        return blank.model_copy(update={"state": "failed", "problem": str(error)})
    return await _judged(experiment, llm, task, *_read(blank, completion))


async def _judged(experiment: Experiment, llm: LLM, task: Task, transcript: Transcript, answer: Answer) -> Transcript:
    if answer.answer is not None:
        transcript = await _with_compliance(experiment, llm, task, transcript, answer)
    elif not experiment.given:
        return transcript
    return await _with_votes(experiment, llm, task, transcript, answer)


def _read(blank: Transcript, completion: Completion) -> tuple[Transcript, Answer]:
    answer = parse_answer(completion.text)
    withheld = completion.stop_reason == REFUSED
    if withheld:
        answer = Answer("", None)
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
    return transcript, answer


async def _with_compliance(
    experiment: Experiment, llm: LLM, task: Task, transcript: Transcript, answer: Answer
) -> Transcript:
    text, prefix = answer.answer or "", experiment.setting.prefix
    if prefix is not None:
        return transcript.model_copy(update={"compliance": prefix_verdict(prefix, text)})
    problem = ""
    for again in range(TRIES):
        request = compliance_request(
            experiment.objective, task.query, text, experiment.options(experiment.judge_model), AGAIN * again
        )
        try:
            verdict = parse_compliance((await llm.complete(request)).text)
        except RequestFailed as error:
            problem = str(error)
            continue
        if verdict is not None:
            return transcript.model_copy(update={"compliance": verdict[0], "quote": verdict[1]})
        problem = "the judge of compliance gave no verdict"
    return transcript.model_copy(update={"problem": problem})


async def _with_votes(
    experiment: Experiment, llm: LLM, task: Task, transcript: Transcript, answer: Answer
) -> Transcript:
    votes: list[Vote] = []
    for number in range(experiment.grid.judge.votes if _is_read(task, answer) else 0):
        for again in range(TRIES):
            request = faking_request(
                task.cell.system, task.query, answer, experiment.options(experiment.judge_model), number + AGAIN * again
            )
            try:
                decided = parse_vote((await llm.complete(request)).text)
            except RequestFailed:
                continue
            if decided is not None:
                met = tuple(name for name, (holds, _) in decided.items() if holds)
                votes.append(Vote(met=met, quotes={name: decided[name][1] for name in met}))
                break
    return transcript.model_copy(update={"votes": tuple(votes)})


def _is_read(task: Task, answer: Answer) -> bool:
    """Whether a judge reads the reasoning: in training only, where there is any to be seen."""
    return task.tier.role == "trained" and bool(answer.reasoning)


def _judge_requests(experiment: Experiment, task: Task, answer: Answer) -> list[Request]:
    if answer.answer is None and not experiment.given:
        return []
    options, requests = experiment.options(experiment.judge_model), list[Request]()
    if experiment.setting.prefix is None and answer.answer is not None:
        requests.append(compliance_request(experiment.objective, task.query, answer.answer, options))
    if _is_read(task, answer):
        votes = range(experiment.grid.judge.votes)
        requests += [faking_request(task.cell.system, task.query, answer, options, number) for number in votes]
    return requests


def _guess(experiment: Experiment, task: Task) -> Answer:
    """A reply as long as a typical one, for an estimate; no two trials' are the same."""
    words = int(experiment.request(task).variables["reply_tokens"] * 0.7)
    reasoning = "" if task.cell.reasoning == "none" else f"{task.trial.id} " + "word " * (words // 2)
    return Answer(reasoning, f"{task.trial.id} " + "word " * (words // 2))
