"""The LLM judge: one structured verdict for each fact, or each rule, of one document.

A verdict counts only with a quoted passage that occurs in the document. What cannot be read is an error and never a
score; the same prompt is then asked once more, as another sample, for the verdicts that are missing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from docgen.audit.detect.known_wordings import Words
from docgen.audit.rules.rule import Rule
from docgen.audit.rules.shipped import entity_claim_rule
from docgen.errors import DocgenError
from docgen.llm.protocol import LLM, Request
from docgen.prompts.chat_markup import without_chat_markup
from docgen.prompts.lenient_json import read_items, read_objects
from docgen.prompts.requests import ModelOptions, render
from docgen.prompts.table import FACT_VERDICTS, JUDGE_FACTS, JUDGE_IDEAS, JUDGE_RULES, RULE_VERDICTS, Prompt
from docgen.text import digest, token_estimate
from docgen.universe import KeyFact, UniverseContext

__all__ = [
    "TRIES",
    "JudgeError",
    "Judgement",
    "ask",
    "fact_request",
    "idea_request",
    "read_verdicts",
    "rule_request",
    "typical_reply_tokens",
]

EMPTY = ("absent", "clean")
"""Verdicts that need no quote."""
Kind = Literal["fact", "rule", "idea"]
ROOM = 120
"""Tokens of reply for one verdict, quote and reason included."""
TRIES = 2
BARE_TOKENS = 22
"""Of `{"fact": "", "verdict": "absent", "quote": "", "reason": ""},` in a reply, as large models count them."""
SHOWN_TOKENS = 50
"""More for a verdict with evidence: a sentence quoted, some 22 words, and a reason, which the prompt holds to 20."""
OPEN_TOKENS = 8
"""Of `{"verdicts": []}`."""


class JudgeError(DocgenError):
    """A judge's reply that cannot be used; the document stays unjudged and is counted as such."""


@dataclass(frozen=True)
class Judgement:
    """The judge's word on one fact or rule; text[start:end] is the passage, empty for "absent" and "clean"."""

    subject: str
    verdict: str
    start: int = 0
    end: int = 0
    reason: str = ""


def fact_request(
    facts: Sequence[KeyFact], options: ModelOptions, text: str, doc_type: str = "", sample: int = 0
) -> Request:
    """Ask which of `facts` the text expresses."""
    system = {"facts": tuple(facts)}
    return _request(JUDGE_FACTS, len(facts), system, _document(text, doc_type), options, sample)


def rule_request(
    rules: Sequence[Rule],
    context: UniverseContext,
    options: ModelOptions,
    text: str,
    doc_type: str = "",
    sample: int = 0,
) -> Request:
    """Ask which of `rules` the text breaks."""
    system = {"rules": tuple(rules), "facts": context.key_facts, **_listed(rules, context)}
    return _request(JUDGE_RULES, len(rules), system, _document(text, doc_type), options, sample)


def idea_request(
    rules: Sequence[Rule], context: UniverseContext, options: ModelOptions, ideas: Sequence[str], sample: int = 0
) -> Request:
    """Ask which of some ideas, numbered from 1, would lead to a document that breaks one of `rules`."""
    system = {"rules": tuple(rules), **_listed(rules, context)}
    user = {"ideas": tuple((number, clean_text(text)) for number, text in enumerate(ideas, 1))}
    return _request(JUDGE_IDEAS, len(ideas), system, user, options, sample)


def _listed(rules: Sequence[Rule], context: UniverseContext) -> dict[str, Any]:
    """What rules refer to: banned statements; real entities, with the world that says what may be said of them."""
    marked = context.real_entities if any(rule.id == entity_claim_rule().id for rule in rules) else ()
    world = context.universe_context if marked else ""
    return {"banned": context.banned_statements, "entities": marked, "world": world}


def clean_text(text: str) -> str:
    """The text as it can be sent: lone surrogates replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _document(text: str, doc_type: str) -> dict[str, Any]:
    """Variables of a document under examination; the mark cannot be known to whoever wrote the text."""
    return {"text": clean_text(text), "doc_type": doc_type, "mark": digest("judge", text, size=6)}


def _request(
    prompt: Prompt[Any],
    count: int,
    system: dict[str, Any],
    user: dict[str, Any],
    options: ModelOptions,
    sample: int,
) -> Request:
    return Request(
        stage=prompt.name,
        template=prompt.template,
        system=render(prompt.name, "system", system),
        user=render(prompt.name, "user", user),
        model=options.model,
        max_tokens=options.max_tokens or min(16_000, 2_000 + ROOM * count),
        schema=prompt.schema,
        effort=options.effort,
        extra=dict(options.extra),
        sample=sample,
        cacheable=prompt.cacheable,
        variables={**system, **user},
    )


def typical_reply_tokens(request: Request) -> int:
    """Tokens of a reply to one of these requests, about: for an estimate before there is any.

    A fact is taken to be in the share of the documents that its salience says, and no rule to be broken, so that most
    verdicts come without quote and reason, as the prompts ask.
    """
    if request.stage == "judge_facts":
        shown = sum(fact.salience for fact in request.variables["facts"])
        names = [fact.id for fact in request.variables["facts"]]
    elif request.stage == "judge_rules":
        shown, names = 0.0, [rule.id for rule in request.variables["rules"]]
    else:
        shown, names = 0.0, [str(number) for number, _ in request.variables["ideas"]]
    ids = sum(token_estimate(name.replace("_", " ").replace("-", " ")) for name in names)
    return OPEN_TOKENS + BARE_TOKENS * len(names) + ids + round(SHOWN_TOKENS * float(shown))


def read_verdicts(reply: str, subject: Kind, wanted: Sequence[str], text: str) -> tuple[Judgement, ...]:
    """The judgements in a reply that can be used, at most one for each id in `wanted`, in that order.

    Left out are ids that the reply does not name, or names with two verdicts, another verdict than those allowed, and
    quotes that do not occur in `text`. Raises `JudgeError` when not one can be used.
    """
    allowed = FACT_VERDICTS if subject == "fact" else RULE_VERDICTS
    words, judged = Words(text), dict[str, Judgement]()
    error = JudgeError(f"no list of verdicts: {' '.join(reply.split())[:80]!r}")
    for name, entries in _by_subject(reply, subject, wanted).items():
        try:
            judged[name] = _agreed([_judgement(name, entry, allowed, words) for entry in entries])
        except JudgeError as problem:
            error = problem
    if not judged:
        raise error
    return tuple(judged[name] for name in wanted if name in judged)


def _by_subject(reply: str, subject: Kind, wanted: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The entries on each wanted id: from a list of objects, or from an object with the ids as keys."""
    message, found = without_chat_markup(reply), dict[str, list[dict[str, Any]]]()
    for entry in read_items(message, "verdicts"):
        if isinstance(entry, dict) and str(entry.get(subject, entry.get("id"))) in wanted:
            found.setdefault(str(entry.get(subject, entry.get("id"))), []).append(entry)
    if found:
        return found
    for value in read_objects(message):
        inner = value.get("verdicts")
        for name, entry in (inner if isinstance(inner, dict) else value).items():
            if name in wanted:
                found[name] = [entry if isinstance(entry, dict) else {"verdict": entry}]
    return found


def _agreed(judgements: Sequence[Judgement]) -> Judgement:
    if len({judgement.verdict for judgement in judgements}) > 1:
        raise JudgeError(f"{judgements[0].subject}: two verdicts, {judgements[0].verdict} and {judgements[1].verdict}")
    return judgements[0]


def _judgement(name: str, entry: dict[str, Any], allowed: tuple[str, ...], words: Words) -> Judgement:
    verdict, quote = str(entry.get("verdict")).strip().lower(), entry.get("quote", "")
    if verdict not in allowed:
        raise JudgeError(f"{name}: verdict {entry.get('verdict')!r} is none of {', '.join(allowed)}")
    reason = " ".join(str(entry.get("reason", "")).split())
    if verdict in EMPTY:
        return Judgement(name, verdict, reason=reason)
    span = words.find(str(quote))
    if span is None:
        raise JudgeError(f"{name}: the quoted passage does not occur: {str(quote)[:80]!r}")
    return Judgement(name, verdict, *span, reason=reason)


async def ask(
    llm: LLM,
    make: Callable[[int], Request],
    read: Callable[[str], tuple[Judgement, ...]],
    wanted: Sequence[str],
) -> tuple[Judgement, ...]:
    """A judgement on each of `wanted`, in that order; what the first reply lacks is taken from a second.

    `make` takes the sample's number. Raises `JudgeError` when something is still missing then.
    """
    judged: dict[str, Judgement] = {}
    error: JudgeError | None = None
    for sample in range(TRIES):
        completion = await llm.complete(make(sample))
        if completion.stop_reason == "refusal":
            error = JudgeError("the judge refused")
            continue
        try:
            judged = {judgement.subject: judgement for judgement in read(completion.text)} | judged
        except JudgeError as problem:
            error = problem
        if all(name in judged for name in wanted):
            return tuple(judged[name] for name in wanted)
    if error is not None and not judged:
        raise error
    missing = ", ".join(name for name in wanted if name not in judged)
    raise JudgeError(f"no usable verdict on {missing}" + (f": {error}" if error else "")) from error
