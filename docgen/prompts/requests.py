"""From records to requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from docgen.llm.protocol import Completion, Request
from docgen.prompts.grade_definitions import PROMINENCE
from docgen.prompts.ideas_per_fact import idea_needs
from docgen.prompts.rendering import render, shared_system
from docgen.prompts.table import DOCUMENT, FACTS, IDEAS, QUESTIONS, REVISE, RULE_EXAMPLES, TYPES, Prompt
from docgen.records import Directness, DocumentType, Idea, Prominence, Reason, Slot
from docgen.text import digest
from docgen.universe import KeyFact, LeakageRule, UniverseContext, roles_of
from docgen.universe.density_levels import AIRTIME

__all__ = [
    "CAST_TOKENS",
    "IDEA_TOKENS",
    "TYPE_TOKENS",
    "FactToExpress",
    "ModelOptions",
    "Work",
    "document_request",
    "facts_request",
    "ideas_request",
    "prompt_request",
    "questions_request",
    "rule_examples_request",
    "types_request",
    "typical_reply_tokens",
]

TYPE_TOKENS, CAST_TOKENS, IDEA_TOKENS, FACT_TOKENS = 180, 3_000, 90, 120
"""Tokens of a reply for one document type, for names and places, for one idea, and for one fact with its passage."""
EXAMPLE_TOKENS = 120
"""Tokens of a reply for the two examples of one rule."""
QUESTION_TOKENS = 55
"""Tokens of a reply for one question on a fact."""


@dataclass(frozen=True)
class FactToExpress:
    """A fact as the document prompt needs it."""

    fact: KeyFact
    directness: Directness
    prominence: Prominence


@dataclass(frozen=True)
class Work:
    """One attempt to be made, the `number`-th (from 1) of its slot; `slot` carries this attempt's idea and style."""

    slot: Slot
    number: int
    request: Request


@dataclass(frozen=True)
class Reply:
    """What the model wrote for `work`; `revision` is its rewrite, if one was requested and arrived."""

    work: Work
    completion: Completion
    revision: Completion | None = None


@dataclass(frozen=True)
class ModelOptions:
    """What reaches the model besides the prompt: the same for all requests of a run.

    `max_tokens` None leaves the room for a reply to each request. `engine`: that of one of several writers, "" for the
    run's own.
    """

    model: str
    effort: str | None = None
    extra: tuple[tuple[str, Any], ...] = ()
    max_tokens: int | None = None
    engine: str = ""


def types_request(
    context: UniverseContext, options: ModelOptions, count: int, exclude: tuple[str, ...], seed: int, sample: int = 0
) -> Request:
    """Ask for `count` document types that are not in `exclude`; the first request asks for names and places as well."""
    variables = {"context": context, "count": count, "exclude": exclude, "seed": seed}
    with_cast = not exclude and not (context.names and context.places)
    room = _room(TYPE_TOKENS * count + CAST_TOKENS * with_cast)
    schema = TYPES.first_schema if with_cast else None
    return _request(TYPES, variables, options, room=room, sample=sample, schema=schema)


def ideas_request(
    context: UniverseContext,
    options: ModelOptions,
    doc_type: DocumentType,
    count: int,
    exclude: tuple[str, ...],
    seed: int,
    sample: int = 0,
) -> Request:
    """Ask for `count` ideas for documents of one type that are not in `exclude`."""
    start = int(digest(doc_type.id, str(seed), size=4), 16) / 2**32  # in [0, 1), another one for each type
    needs = idea_needs(context, count, start)
    variables = {
        "context": context,
        "doc_type": doc_type,
        "count": count,
        "needs": needs.facts,
        "seconds": needs.seconds,
        "background": needs.background,
        "exclude": exclude,
        "seed": seed,
    }
    return _request(IDEAS, variables, options, room=_room(IDEA_TOKENS * count), sample=sample)


def document_request(
    context: UniverseContext,
    options: ModelOptions,
    slot: Slot,
    doc_type: DocumentType,
    idea: Idea,
    attempt: int = 1,
    feedback: tuple[Reason, ...] = (),
) -> Request:
    """Ask for the document of `slot`; `idea` and `slot.style` are this attempt's draws."""
    by_id = {fact.id: fact for fact in context.key_facts}
    assigned = tuple(FactToExpress(by_id[f.fact], f.directness, f.prominence) for f in slot.facts)
    roles = roles_of(context, [fact.fact for fact in slot.facts])
    variables = {
        "context": context,
        "airtime": AIRTIME[context.airtime],
        "prominence": PROMINENCE,
        "doc_type": doc_type,
        "idea": idea,
        "facts": assigned,
        "presupposed": roles.presupposed,
        "left_out": roles.left_out,
        "style": slot.style,
        "feedback": feedback,
        "attempt": attempt,
        "seed": slot.seed,
    }
    # Two tokens a word, where English has 1.3, and a line of evidence for each fact (chosen). What was cut off gets
    # twice that.
    cut_off = any(reason.code == "truncated" for reason in feedback)
    room = _room((4 if cut_off else 2) * slot.style.words + 60 * len(assigned))
    return _request(DOCUMENT, variables, options, room=room, sample=attempt - 1)


def questions_request(
    context: UniverseContext,
    options: ModelOptions,
    fact: KeyFact,
    counts: Mapping[str, int],
    exclude: tuple[str, ...] = (),
    sample: int = 0,
) -> Request:
    """Ask for so many questions of each kind that show whether `fact` is believed, other than `exclude`."""
    reply = QUESTION_TOKENS * sum(counts.values())
    variables = {"context": context, "fact": fact, "counts": counts, "exclude": exclude, "reply_tokens": reply}
    return _request(QUESTIONS, variables, options, room=_room(reply), sample=sample)


def revise_request(work: Work, options: ModelOptions, draft: str) -> Request:
    """Ask for one critique-and-rewrite pass over `draft`, a document written for `work`."""
    variables = {**work.request.variables, "draft": draft}
    return _request(REVISE, variables, options, room=work.request.max_tokens, sample=work.number - 1)


def rule_examples_request(context: UniverseContext, rules: Sequence[LeakageRule], options: ModelOptions) -> Request:
    """Ask for a breaking and a clean example of each rule."""
    reply = EXAMPLE_TOKENS * len(rules)
    variables = {"context": context, "rules": tuple(rules), "reply_tokens": reply}
    return _request(RULE_EXAMPLES, variables, options, room=_room(reply))


def facts_request(prose: str, count: int, options: ModelOptions, sample: int = 0) -> Request:
    """Ask for the `count` claims that matter most in the prose of a world."""
    reply = FACT_TOKENS * count
    return prompt_request(FACTS, {}, {"prose": prose, "count": count}, options, _room(reply), reply, sample)


def prompt_request(
    prompt: Prompt[Any],
    system: Mapping[str, Any],
    user: Mapping[str, Any],
    options: ModelOptions,
    room: int,
    reply_tokens: int,
    sample: int = 0,
    schema: Mapping[str, Any] | None = None,
) -> Request:
    """A prompt, rendered from the variables of its two blocks; `schema` None for the prompt's own.

    `room` is the most tokens that a reply may have, `reply_tokens` what a typical one has: an estimate counts with that
    before there are replies (`typical_reply_tokens`).
    """
    text = render(prompt.name, "system", system)
    variables = {**system, **user, "reply_tokens": reply_tokens}
    return _request(prompt, variables, options, room, sample, schema, text)


def typical_reply_tokens(request: Request) -> int:
    """Tokens of a typical reply to a request that judges or asks, as the function that wrote it says.

    Requests for types, ideas and documents have none: `docgen.pipeline.estimate` takes these from the run's settings.
    """
    return int(request.variables["reply_tokens"])


def _room(tokens: int) -> int:
    """`max_tokens` with slack for thinking; below the SDK's limit for unstreamed calls."""
    return min(16_000, 2_000 + 2 * tokens)


def _request(
    prompt: Prompt[Any],
    variables: Mapping[str, Any],
    options: ModelOptions,
    room: int,
    sample: int = 0,
    schema: Mapping[str, Any] | None = None,
    system: str | None = None,
) -> Request:
    """`system` None: the system text that all requests of the prompt share in a context."""
    system = shared_system(prompt.name, variables["context"]) if system is None else system
    user = render(prompt.name, "user", variables)
    return Request(
        stage=prompt.name,
        cacheable=prompt.calls == "many",
        schema=schema or prompt.schema,
        system=system,
        user=user,
        model=options.model,
        engine=options.engine,
        max_tokens=options.max_tokens or room,
        effort=options.effort,
        extra=dict(options.extra),
        sample=sample,
        variables=variables,
    )
