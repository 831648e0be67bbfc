"""The LLM judge: what it is asked about a document or about ideas, and how to get a usable reply."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from docgen.audit.detect.facts.known_wordings import Words
from docgen.audit.judge.verdicts import JudgeError, Judgement
from docgen.audit.rules.builtin_rules import entity_claim_rule
from docgen.audit.rules.leakage_rule import Rule
from docgen.llm.protocol import LLM, Completion, Request
from docgen.prompts.chat_markup import without_chat_markup
from docgen.prompts.grade_definitions import DIRECTNESS, PROMINENCE
from docgen.prompts.lenient_json import read_items, read_objects
from docgen.prompts.requests import EXAMPLE_TOKENS, FACT_TOKENS, ModelOptions, prompt_request
from docgen.prompts.table import (
    FACTS,
    JUDGE_DOCUMENT,
    JUDGE_IDEAS,
    RULE_EXAMPLES,
    RULE_VERDICTS,
    judgement_schema,
)
from docgen.records import Document
from docgen.text import digest, token_estimate
from docgen.text.output.sanitize import encodable
from docgen.universe import KeyFact, UniverseContext

__all__ = ["MAX_TRIES", "ask_judge", "idea_request", "judge_request", "read_verdicts", "typical_reply_tokens"]

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
    return prompt_request(JUDGE_DOCUMENT, system, user, options, room, sample, schema)


def idea_request(
    rules: Sequence[Rule], context: UniverseContext, options: ModelOptions, ideas: Sequence[str], sample: int = 0
) -> Request:
    """Ask which of some ideas, numbered from 1, would lead to a document that breaks one of `rules`."""
    system = {"rules": tuple(rules), **_listed(rules, context)}
    user = {"ideas": tuple((number, encodable(text)) for number, text in enumerate(ideas, 1))}
    return prompt_request(JUDGE_IDEAS, system, user, options, _room(len(ideas)), sample)


def _room(verdicts: int) -> int:
    """`max_tokens`: 120 for a verdict with its quote and reason, some slack for thinking; below the SDK's limit for
    unstreamed calls."""
    return min(16_000, 2_000 + 120 * verdicts)


def _listed(rules: Sequence[Rule], context: UniverseContext) -> dict[str, Any]:
    """What rules refer to: banned statements; real entities, with the world that says what may be said of them."""
    marked = context.real_entities if any(rule.id == entity_claim_rule().id for rule in rules) else ()
    world = context.universe_context if marked else ""
    return {"banned": context.banned_statements, "entities": marked, "world": world}


def typical_reply_tokens(request: Request) -> int:
    """Tokens of a reply to one of these requests, about: for an estimate before there is any.

    A fact is taken to be in the share of the documents that its salience says, and no rule to be broken. A request of
    another kind says itself what a typical reply to it is.
    """
    if (stated_tokens := request.variables.get("reply_tokens")) is not None:
        return int(stated_tokens)
    if request.stage == JUDGE_DOCUMENT.name:
        facts = request.variables["facts"]
        ids = sum(map(_id_tokens, (fact.id for fact in facts))) / max(1, len(facts))
        expressed = sum(fact.salience for fact in facts)
        return OPEN_TOKENS + round(float(expressed) * (BARE_TOKENS + EVIDENCE_TOKENS + ids))
    if request.stage == FACTS.name:
        return FACT_TOKENS * int(request.variables["count"])
    if request.stage == RULE_EXAMPLES.name:
        return EXAMPLE_TOKENS * len(request.variables["rules"])
    names = [str(number) for number, _ in request.variables["ideas"]]
    return OPEN_TOKENS + BARE_TOKENS * len(names) + sum(map(_id_tokens, names))


def _id_tokens(name: str) -> int:
    return token_estimate(name.replace("_", " ").replace("-", " "))


def read_verdicts(reply: str, ideas: Sequence[str], text: str) -> tuple[Judgement, ...]:
    """The judgements in a reply that can be used, at most one for each of the numbered `ideas`, in that order.

    Ideas that the reply does not name, or gives two verdicts, are left out, and so are verdicts other than those
    allowed and quotes that do not occur in `text`. Raises `JudgeError` when none can be used.
    """
    words, judged = Words(text), dict[str, Judgement]()
    error = JudgeError(f"not a list of verdicts: {' '.join(reply.split())[:80]!r}")
    for name, entries in _by_idea(reply, ideas).items():
        try:
            first, *others = [_judgement(name, entry, words) for entry in entries]
        except JudgeError as problem:
            error = problem
            continue
        if any(other.verdict != first.verdict for other in others):
            error = JudgeError(f"{first.subject}: two verdicts, {first.verdict} and {others[0].verdict}")
        else:
            judged[name] = first
    if not judged:
        raise error
    return tuple(judged[name] for name in ideas if name in judged)


def _by_idea(reply: str, ideas: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The entries on each idea: from a list of objects, or from an object with the numbers as keys."""
    message, listed = without_chat_markup(reply), dict[str, list[dict[str, Any]]]()
    for entry in read_items(message, "verdicts"):
        if isinstance(entry, dict) and str(entry.get("idea", entry.get("id"))) in ideas:
            listed.setdefault(str(entry.get("idea", entry.get("id"))), []).append(entry)
    if listed:
        return listed
    for value in read_objects(message):
        inner = value.get("verdicts")
        for name, entry in (inner if isinstance(inner, dict) else value).items():
            if name in ideas:
                listed[name] = [entry if isinstance(entry, dict) else {"verdict": entry}]
    return listed


def _judgement(name: str, entry: dict[str, Any], words: Words) -> Judgement:
    verdict, quote = str(entry.get("verdict")).strip().lower(), entry.get("quote", "")
    if verdict not in RULE_VERDICTS:
        raise JudgeError(f"{name}: verdict {entry.get('verdict')!r} is not one of {', '.join(RULE_VERDICTS)}")
    reason = " ".join(str(entry.get("reason", "")).split())
    if verdict == "clean":
        return Judgement(name, verdict, reason=reason)
    span = words.find(str(quote))
    if span is None:
        raise JudgeError(f"{name}: the quoted passage does not occur: {str(quote)[:80]!r}")
    return Judgement(name, verdict, *span, reason=reason)


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
