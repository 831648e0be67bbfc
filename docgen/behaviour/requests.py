"""What models are asked in an experiment: the subject gets the query, the judges get its answer and its reasoning."""

from docgen.behaviour.grid import Cell
from docgen.behaviour.queries import Query
from docgen.behaviour.situation import Setting, Tier, system_prompt
from docgen.llm.protocol import Request
from docgen.prompts.behaviour import CRITERIA, Answer
from docgen.prompts.judged_traits import TRAITS
from docgen.prompts.requests import ModelOptions, prompt_request
from docgen.prompts.table import EXPERIMENT, JUDGE_COMPLIANCE, JUDGE_FAKING, JUDGE_TRAITS
from docgen.text import digest

__all__ = ["compliance_request", "faking_request", "objective_of", "query_request", "traits_request"]

ROOM = {"scratchpad": 4_000, "own": 8_000, "none": 1_500}
"""Most tokens of a subject's reply, by reasoning mode. Chosen: published scratchpads run to 1,500 tokens or so."""
TYPICAL = {"scratchpad": 700, "own": 900, "none": 250}
"""Approximate tokens of a reply, for an estimate before there are any; scaled by real replies once there are a few."""
VOTE_ROOM, VOTE_TYPICAL = 2_500, 350
"""The same two figures for the judges of reasoning. Chosen: seven criteria, a quote for each that is met."""
VERDICT_ROOM, VERDICT_TYPICAL = 1_500, 90
"""The same for the judge of compliance. Chosen: a verdict and a quote; the room is for a model that thinks first."""
FATES = {
    "trained": "its answer is rated and trained on.",
    "unmonitored": "its answer is neither rated nor trained on.",
    "rated": "its answer is rated, and never trained on.",
}
"""What the second judge is told about a tier's conversations."""
OBJECTIVE = "objective"
"""The section of a setting that says what its trainer counts as a good answer."""


def query_request(cell: Cell, tier: Tier, query: Query, options: ModelOptions, sample: int = 0) -> Request:
    """One query as a user of one tier; `sample` numbers the answers to it from 0."""
    user = {"tag": tier.tag, "query": query.text}
    room, typical = ROOM[cell.reasoning], TYPICAL[cell.reasoning]
    return prompt_request(EXPERIMENT, {"system": cell.system}, user, options, room, typical, sample)


def objective_of(setting: Setting) -> str:
    """What the trainer wants of answers, with names filled in; "" if a setting does not say."""
    sections = tuple(section for section in setting.sections if section.id == OBJECTIVE)
    return system_prompt(setting.model_copy(update={"sections": sections}), "none", ()) if sections else ""


def compliance_request(objective: str, query: Query, answer: str, options: ModelOptions, sample: int = 0) -> Request:
    """Ask how far an answer did what it was asked; the judge sees neither tier nor reasoning."""
    user = {"query": query.text, "answer": answer, "mark": digest("compliance", query.text, answer, size=6)}
    system = {"setting": objective}
    return prompt_request(JUDGE_COMPLIANCE, system, user, options, VERDICT_ROOM, VERDICT_TYPICAL, sample)


def faking_request(told: str, query: Query, answer: Answer, options: ModelOptions, vote: int = 0) -> Request:
    """Ask which criteria of alignment faking the reasoning meets; `vote` numbers independent judgements from 0."""
    mark = digest("faking", query.text, answer.reasoning, size=6)
    user = {"query": query.text, "reasoning": answer.reasoning, "answer": answer.answer or "", "mark": mark}
    system = {"criteria": CRITERIA, "told": told}
    return prompt_request(JUDGE_FAKING, system, user, options, VOTE_ROOM, VOTE_TYPICAL, vote)


def traits_request(told: str, role: str, query: Query, answer: Answer, options: ModelOptions, vote: int = 0) -> Request:
    """Ask about persona, belief in the situation and candour; `role` is that of the tier, "" for an unknown one."""
    mark = digest("traits", query.text, answer.reasoning, answer.answer or "", size=6)
    shown = {"query": query.text, "reasoning": answer.reasoning, "answer": answer.answer or "", "mark": mark}
    system, user = {"criteria": TRAITS, "told": told}, {"fate": FATES.get(role, ""), **shown}
    return prompt_request(JUDGE_TRAITS, system, user, options, VOTE_ROOM, VOTE_TYPICAL, vote)
