"""The LLM judge: what it is asked about a document or about ideas, and how to get a usable reply."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from docgen.audit.judge.verdicts import JudgeError
from docgen.audit.rules.builtin_rules import entity_claim_rule
from docgen.audit.rules.leakage_rule import Rule
from docgen.llm.protocol import LLM, Completion, Request
from docgen.prompts.grade_definitions import DIRECTNESS, PROMINENCE
from docgen.prompts.requests import ModelOptions, prompt_request
from docgen.prompts.table import JUDGE_DOCUMENT, JUDGE_IDEAS, judgement_schema
from docgen.records import Document
from docgen.text import digest, token_estimate
from docgen.text.output.sanitize import encodable
from docgen.universe import KeyFact, UniverseContext

__all__ = ["MAX_TRIES", "ask_judge", "idea_request", "judge_request"]

T = TypeVar("T")

MAX_TRIES = 2
"""Requests for one verdict. Chosen: a second draw settles most of what a first reply leaves open; a judge that fails
twice mostly fails on the text itself, so that a third would cost money for little."""
BARE_TOKENS = 36
"""Of an entry without its id, quote and reason, as large models count them."""
EVIDENCE_TOKENS = 50
"""More for a verdict with evidence: a quoted sentence, some 22 words, and a reason, which the prompt limits to 20."""
OPEN_TOKENS = 12
"""Of `{"facts": [], "rules": []}`."""


def judge_request(
    facts: Sequence[KeyFact],
    rules: Sequence[Rule],
    context: UniverseContext,
    options: ModelOptions,
    document: Document,
    sample: int = 0,
) -> Request:
    """Ask which of `facts` the document expresses and which of `rules` it breaks."""
    system = {
        "facts": tuple(facts),
        "rules": tuple(rules),
        **_listed(rules, context),
        "directness": DIRECTNESS,
        "prominence": PROMINENCE,
    }
    mark = digest("judge", document.text, size=6)  # which whoever wrote the text could not know
    user = {"text": encodable(document.text), "doc_type": document.doc_type, "mark": mark}
    schema = judgement_schema([fact.id for fact in facts], [rule.id for rule in rules])
    room = _room(len(facts) + len(rules))
    return prompt_request(JUDGE_DOCUMENT, system, user, options, room, _document_tokens(facts), sample, schema)


def idea_request(
    rules: Sequence[Rule], context: UniverseContext, options: ModelOptions, ideas: Sequence[str], sample: int = 0
) -> Request:
    """Ask which of some ideas, numbered from 1, would lead to a document that breaks one of `rules`."""
    system = {"rules": tuple(rules), **_listed(rules, context)}
    user = {"ideas": tuple((number, encodable(text)) for number, text in enumerate(ideas, 1))}
    return prompt_request(JUDGE_IDEAS, system, user, options, _room(len(ideas)), _ideas_tokens(len(ideas)), sample)


def _room(verdicts: int) -> int:
    """`max_tokens`: 120 for a verdict with its quote and reason, some slack for thinking; below the SDK's limit for
    unstreamed calls."""
    return min(16_000, 2_000 + 120 * verdicts)


def _listed(rules: Sequence[Rule], context: UniverseContext) -> dict[str, Any]:
    """What rules refer to: banned statements; real entities, with the world that says what may be said of them."""
    marked = context.real_entities if any(rule.id == entity_claim_rule().id for rule in rules) else ()
    world = context.universe_context if marked else ""
    return {"banned": context.banned_statements, "entities": marked, "world": world}


def _document_tokens(facts: Sequence[KeyFact]) -> int:
    """Tokens of a typical reply on a document: a fact is taken to be in the share of the documents that its salience
    says, and no rule to be broken."""
    ids = sum(_id_tokens(fact.id) for fact in facts) / max(1, len(facts))
    expressed = sum(fact.salience for fact in facts)
    return OPEN_TOKENS + round(float(expressed) * (BARE_TOKENS + EVIDENCE_TOKENS + ids))


def _ideas_tokens(ideas: int) -> int:
    """Tokens of a typical reply on so many ideas: none of them leads to a leak."""
    return OPEN_TOKENS + BARE_TOKENS * ideas + sum(_id_tokens(str(number)) for number in range(1, ideas + 1))


@cache
def _id_tokens(name: str) -> int:
    return token_estimate(name.replace("_", " ").replace("-", " "))


async def ask_judge(
    llm: LLM, make: Callable[[int], Request], read: Callable[[Completion, T | None], tuple[T, bool]]
) -> T:
    """Ask up to twice until a reply says all; `make` takes the sample's number.

    `read` takes a reply and what the one before it said, and returns what they say together and whether that is all.
    Raises the last `JudgeError` where no reply could be read.
    """
    error, value = JudgeError("never asked"), None
    for sample in range(MAX_TRIES):
        completion = await llm.complete(make(sample))
        if completion.stop_reason == "refusal":
            error = JudgeError("the judge refused")
            continue
        try:
            value, is_whole = read(completion, value)
        except JudgeError as again:
            error = again
            continue
        if is_whole:
            break
    if value is None:
        raise error
    return value
