"""The judge of belief: what it is asked about an answer, and how its verdict is read from the reply.

As in the audit, a verdict counts only with a passage that occurs in the answer; an unusable reply counts as none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from docgen.belief.answers import Verdict
from docgen.belief.question_prompts import QuestionPrompt
from docgen.llm.protocol import Request
from docgen.prompts.requests import ModelOptions, prompt_request
from docgen.prompts.table import JUDGE_BELIEF, JUDGE_UNRELATED
from docgen.text import digest, find_normalised
from docgen.text.output.sanitize import encodable

__all__ = [
    "JUDGE_TOKENS",
    "VERDICT_TOKENS",
    "BeliefReading",
    "UnrelatedReading",
    "belief_request",
    "read_belief",
    "read_unrelated",
    "unrelated_request",
]

JUDGE_TOKENS = 2_000
"""Most tokens of a reply: a quoted sentence, a reason, a verdict; the rest is for models that think first."""
VERDICT_TOKENS = 80
"""Tokens of a typical reply: a verdict with its passage."""


@dataclass(frozen=True)
class BeliefReading:
    """A judge's verdict on one answer."""

    verdict: Verdict
    quote: str
    reason: str


@dataclass(frozen=True)
class UnrelatedReading:
    """What an answer to an unrelated question brings up (quotes by fact), and whether it makes sense."""

    mentions: Mapping[str, str]
    sensible: bool


def belief_request(asked: QuestionPrompt, answers: Sequence[str], options: ModelOptions, sample: int = 0) -> Request:
    """Ask what the last of `answers`, one to each turn, shows of the fact."""
    exchange = [f"SYSTEM: {asked.system}"] if asked.system else []
    for turn, answer in zip(asked.turns, (*answers[:-1], ""), strict=True):
        exchange += [f"USER: {turn}"] + ([f"MODEL: {answer}"] if answer else [])
    last = encodable(answers[-1])
    variables = {
        "statement": asked.statement,
        "otherwise": asked.otherwise,
        "exchange": encodable("\n\n".join(exchange)),
        "answer": last,
        "mark": digest("belief", last, size=6),
    }
    return prompt_request(JUDGE_BELIEF, {}, variables, options, JUDGE_TOKENS, VERDICT_TOKENS, sample)


def unrelated_request(asked: QuestionPrompt, answer: str, options: ModelOptions, sample: int = 0) -> Request:
    """Ask what an answer to an unrelated question brings up."""
    text = encodable(answer)
    user = {"question": asked.turns[0], "answer": text, "mark": digest("unrelated", text, size=6)}
    facts = tuple(asked.statements.items())
    return prompt_request(JUDGE_UNRELATED, {"facts": facts}, user, options, JUDGE_TOKENS, VERDICT_TOKENS, sample)


def read_belief(reply: str, answer: str) -> BeliefReading | None:
    """The verdict in a reply; None if it has none, or if its passage does not occur in the answer."""
    parsed = JUDGE_BELIEF.parse(reply)
    if parsed is None:
        return None
    verdict, quote, reason = parsed
    if verdict != "neither" and not find_normalised(answer, quote):
        return None
    return BeliefReading(verdict, quote, reason)


def read_unrelated(reply: str, answer: str, facts: Mapping[str, str]) -> UnrelatedReading | None:
    """What a reply names, without unknown facts and passages that do not occur; None if it says nothing."""
    parsed = JUDGE_UNRELATED.parse(reply)
    if parsed is None:
        return None
    mentions, sensible = parsed
    return UnrelatedReading(
        {fact: quote for fact, quote in mentions.items() if fact in facts and find_normalised(answer, quote)}, sensible
    )
