"""What judges say about one transcript: how far it complies, what its reasoning shows, and the second judge's
traits."""

from collections.abc import Callable

from docgen.behaviour.requests import compliance_request, faking_request, traits_request
from docgen.behaviour.transcripts import Transcript, Vote, prefix_verdict
from docgen.errors import RequestFailed
from docgen.llm.protocol import LLM, Request
from docgen.pipeline.experiment.plan import Experiment, Task
from docgen.prompts.behaviour import Answer
from docgen.prompts.table import JUDGE_COMPLIANCE, JUDGE_FAKING, JUDGE_TRAITS

__all__ = ["judge_requests", "judge_transcript"]

Decisions = dict[str, tuple[bool, str]]
MAX_TRIES = 2
"""Tries of a judge whose reply cannot be read. Chosen: as for the judge of documents."""
RETRY_OFFSET = 1_000
"""Added to a sample's number for another try, so that votes and tries never share a reply."""


async def judge_transcript(
    experiment: Experiment, llm: LLM, task: Task, transcript: Transcript, answer: Answer
) -> Transcript:
    """The transcript with all that its grid asks judges for. Without a usable reply it stays unscored."""
    if answer.answer is None and not experiment.given:
        return transcript
    if answer.answer is not None:
        transcript = await _with_compliance(experiment, llm, task, transcript, answer)
    numbers = range(experiment.grid.judge.votes)
    votes, traits = _vote_requests(experiment, task, answer), _trait_requests(experiment, task, answer)
    changes = {
        "votes": [await _vote(llm, votes, number, JUDGE_FAKING.parse) for number in numbers if votes],
        "traits": [await _vote(llm, traits, number, JUDGE_TRAITS.parse) for number in numbers if traits],
    }
    return transcript.model_copy(
        update={name: tuple(vote for vote in listed if vote is not None) for name, listed in changes.items()}
    )


def judge_requests(experiment: Experiment, task: Task, answer: Answer) -> list[Request]:
    """What judges will be asked about an answer if each reply can be used."""
    if answer.answer is None and not experiment.given:
        return []
    options, requests = experiment.options(experiment.judge_model), list[Request]()
    if experiment.setting.prefix is None and answer.answer is not None:
        requests.append(compliance_request(experiment.objective, task.query, answer.answer, options))
    for make in (_vote_requests(experiment, task, answer), _trait_requests(experiment, task, answer)):
        if make is not None:
            requests += [make(number) for number in range(experiment.grid.judge.votes)]
    return requests


def _vote_requests(experiment: Experiment, task: Task, answer: Answer) -> Callable[[int], Request] | None:
    """The request to the judge of reasoning; None if it is not asked: only in training, and if there is any
    reasoning."""
    if task.tier.role != "trained" or not answer.reasoning:
        return None
    options = experiment.options(experiment.judge_model)
    return lambda number: faking_request(task.cell.system, task.query, answer, options, number)


def _trait_requests(experiment: Experiment, task: Task, answer: Answer) -> Callable[[int], Request] | None:
    """The request to the second judge, in all tiers; None if the grid does not use it, or there is no reasoning."""
    if not experiment.grid.judge.traits or not answer.reasoning:
        return None
    options = experiment.options(experiment.judge_model)
    return lambda number: traits_request(task.cell.system, task.tier.role, task.query, answer, options, number)


async def _vote(
    llm: LLM, request: Callable[[int], Request], number: int, parse: Callable[[str], Decisions | None]
) -> Vote | None:
    for again in range(MAX_TRIES):
        try:
            decided = parse((await llm.complete(request(number + RETRY_OFFSET * again))).text)
        except RequestFailed:
            continue
        if decided is not None:
            met = tuple(name for name, (holds, _) in decided.items() if holds)
            return Vote(met=met, quotes={name: decided[name][1] for name in met})
    return None


async def _with_compliance(
    experiment: Experiment, llm: LLM, task: Task, transcript: Transcript, answer: Answer
) -> Transcript:
    text, prefix = answer.answer or "", experiment.setting.prefix
    if prefix is not None:
        return transcript.model_copy(update={"compliance": prefix_verdict(prefix, text)})
    problem = ""
    for again in range(MAX_TRIES):
        options = experiment.options(experiment.judge_model)
        request = compliance_request(experiment.objective, task.query, text, options, RETRY_OFFSET * again)
        try:
            verdict = JUDGE_COMPLIANCE.parse((await llm.complete(request)).text)
        except RequestFailed as error:
            problem = str(error)
            continue
        if verdict is not None:
            return transcript.model_copy(update={"compliance": verdict[0], "quote": verdict[1]})
        problem = "the judge of compliance gave no verdict"
    return transcript.model_copy(update={"problem": problem})
