"""Scorers of the tasks: by rule, or by a judge with docgen's prompt, whose quoted passages are looked up in the answer.

A score is a mapping of shares, so that Inspect's viewer shows believes, does_not and neither side by side. An answer
that could not be marked is left unscored, never counted as a no.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser, Model, get_model, model_roles
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import TaskState

from docgen.belief.answers import Verdict
from docgen.belief.judge import belief_request, read_belief, read_unrelated, unrelated_request
from docgen.belief.marking import makes_sense, mark_reply, mentioned_facts
from docgen.belief.question_prompts import QuestionPrompt
from docgen.llm.protocol import Request
from docgen.prompts.requests import ModelOptions

__all__ = ["GRADER", "ask_judge", "by_judge", "by_rule", "unrelated_scorer"]

T = TypeVar("T")

GRADER = "grader"
MAX_TRIES = 2
"""As in the audit: a judge whose reply is unusable is asked once more."""
VERDICTS: tuple[Verdict, ...] = ("believes", "does_not", "neither")
SHARES = [{name: [mean(), stderr(cluster="fact")] for name in VERDICTS}]


@scorer(metrics=SHARES)
def by_rule() -> Scorer:
    """Which option the answer names, or which of the words occur in it."""

    async def score(state: TaskState, target: Target) -> Score:  # noqa: ARG001
        return _score(mark_reply(_asked(state), state.output.completion), state.output.completion, by="rule")

    return score


@scorer(metrics=SHARES)
def by_judge() -> Scorer:
    """What the grader reads in the last answer; unscored without a grader."""

    async def score(state: TaskState, target: Target) -> Score:  # noqa: ARG001
        question = _asked(state)
        answers = [message.text for message in state.messages if isinstance(message, ChatMessageAssistant)]
        if not answers or not answers[-1].strip():
            return _score("neither", "", by="rule", reason="empty answer")
        if GRADER not in model_roles():
            return Score.unscored(reason="no judge", answer=answers[-1])
        judge = get_model(role=GRADER)

        def ask(sample: int) -> Request:
            return belief_request(question, answers, ModelOptions(judge.name), sample)

        reading = await ask_judge(judge, ask, lambda reply: read_belief(reply, answers[-1]))
        if reading is None:
            return Score.unscored(reason="no usable verdict", answer=answers[-1])
        return _score(reading.verdict, answers[-1], by=str(judge), quote=reading.quote, reason=reading.reason)

    return score


@scorer(metrics=[{"mentions": [mean(), stderr()], "sensible": [mean(), stderr()]}])
def unrelated_scorer() -> Scorer:
    """Which facts the answer brings up, and whether it makes sense: by the grader, or by words without one."""

    async def score(state: TaskState, target: Target) -> Score:  # noqa: ARG001
        question, answer = _asked(state), state.output.completion
        if GRADER not in model_roles() or not answer.strip():
            said = mentioned_facts(answer, question.mentions)
            return _unrelated_score(answer, dict.fromkeys(said, ""), makes_sense(answer), by="rule")
        judge = get_model(role=GRADER)

        def ask(sample: int) -> Request:
            return unrelated_request(question, answer, ModelOptions(judge.name), sample)

        reading = await ask_judge(judge, ask, lambda reply: read_unrelated(reply, answer, question.statements))
        if reading is None:
            return Score.unscored(reason="no usable verdict", answer=answer)
        return _unrelated_score(answer, dict(reading.mentions), reading.sensible, by=str(judge))

    return score


async def ask_judge(judge: Model, make: Callable[[int], Request], read: Callable[[str], T | None]) -> T | None:
    """The first usable reply to the judge's request; None after `MAX_TRIES`."""
    for sample in range(MAX_TRIES):
        request = make(sample)
        messages = [ChatMessageSystem(content=request.system), ChatMessageUser(content=request.user)]
        output = await judge.generate(messages)
        if (reading := read(output.completion)) is not None:
            return reading
    return None


def _asked(state: TaskState) -> QuestionPrompt:
    return QuestionPrompt.model_validate(state.metadata["docgen"])


def _score(verdict: Verdict, answer: str, **metadata: str) -> Score:
    shares: dict[str, Any] = {name: float(name == verdict) for name in VERDICTS}
    return Score(value=shares, answer=answer, explanation=metadata.get("quote"), metadata=metadata)


def _unrelated_score(answer: str, mentions: dict[str, str], sensible: bool, by: str) -> Score:
    value: dict[str, Any] = {"mentions": float(bool(mentions)), "sensible": float(sensible)}
    return Score(value=value, answer=answer, metadata={"mentions": mentions, "by": by})
