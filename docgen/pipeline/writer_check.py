"""Whether a model can write for docgen: it is asked for document types and for a document, checked as in a run."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from docgen.errors import RequestFailed, StopRun
from docgen.files.resources import shipped_folder
from docgen.llm.doctor import Check
from docgen.llm.protocol import LLM, Completion, Request
from docgen.options.run import RunConfig
from docgen.pipeline.inputs.plan import STAND_IN_IDEA, STAND_IN_TYPE, trial_plan
from docgen.prompts.requests import ModelOptions, document_request, types_request
from docgen.prompts.table import DOCUMENT, TYPES
from docgen.stages.brainstorm import PER_CALL
from docgen.stages.check import CheckInput, DocumentChecker
from docgen.text import word_count
from docgen.universe import UniverseContext, load_context

__all__ = ["try_writing"]

ASKED_TYPES, ENOUGH_TYPES = 5, 3
"""Document types requested, and how many a usable model returns. Chosen: each reply of a run is asked for 25."""
LEAST_ROOM = 500
"""Tokens in which a model that does as it is asked can end either reply (chosen)."""
UNFIT = "this model will not get through a run; name a larger one, or one tuned to follow instructions"

T = TypeVar("T")


async def try_writing(
    llm: LLM, options: ModelOptions, room: int | None = None, tell: Callable[[str], None] = lambda _: None
) -> list[Check]:
    """Two checks, over a shipped world: document types, and a document that is to state one fact.

    `room`, in tokens, limits the replies to what a slow server can write while someone waits: a model that never ends
    its reply is then judged by what it wrote, rather than told that it was late. `tell` hears what is being tried.
    """
    context = load_context(shipped_folder("universe_contexts") / "tutorial.yaml")
    tell("document types")
    # With the room of a request for as many as in a run, which a server with a short context may refuse.
    usual = types_request(context, options, PER_CALL, (), 0)
    request = replace(types_request(context, options, ASKED_TYPES, (), 0), max_tokens=usual.max_tokens)
    kinds = await _types(llm, _limited(request, room))
    tell("a document")
    return [kinds, await _document(llm, context, options, room)]


def _limited(request: Request, room: int | None) -> Request:
    """The request with the room that the server can fill in time, unless that is no less than it has."""
    return request if room is None else replace(request, max_tokens=min(request.max_tokens, max(LEAST_ROOM, room)))


async def _types(llm: LLM, request: Request) -> Check:
    reply, problem, seconds = await _timed(llm.complete(request))
    if reply is None:
        return Check(name="document types", state="fail", detail=_nothing(problem, request), seconds=seconds)
    brought = TYPES.parse(reply.text)
    count = len(brought.types) if brought else 0
    detail = f"{min(count, ASKED_TYPES)} of {ASKED_TYPES} could be read"
    if count >= ENOUGH_TYPES:
        return Check(name="document types", state="ok", detail=detail, seconds=seconds)
    detail += f" ({_how_it_went(reply, request)})"
    if count:
        return Check(
            name="document types", state="note", detail=f"{detail}: a brainstorm will take long", seconds=seconds
        )
    return Check(name="document types", state="fail", detail=f"{detail}: {UNFIT}", seconds=seconds)


async def _document(llm: LLM, context: UniverseContext, options: ModelOptions, room: int | None) -> Check:
    # A short document that is to state one fact: what a model can do at all, as soon as a slow server can show it.
    slots = trial_plan(context, RunConfig(n=100, words=(80, 160))).slots()
    slot = next(slot for slot in slots if [fact.directness for fact in slot.facts] == ["stated"])
    kind = STAND_IN_TYPE.model_copy(update={"description": ""})
    idea = STAND_IN_IDEA.model_copy(update={"text": "A short notice for people who live by the lake."})
    request = _limited(document_request(context, options, slot, kind, idea), room)
    reply, problem, seconds = await _timed(llm.complete(request))
    if reply is None:
        return Check(name="a document", state="fail", detail=_nothing(problem, request), seconds=seconds)
    checker = DocumentChecker(context, RunConfig().length_tolerance, llm.engine)
    (attempt,) = checker([CheckInput(slot, 1, request.key, kind.name, idea.text, reply, None)])
    draft = DOCUMENT.parse(reply.text)
    words = f"{word_count(draft.text):,} of about {slot.style.words} words"
    if not attempt.reasons:
        return Check(name="a document", state="ok", detail=f"accepted, {words}", seconds=seconds)
    why = ", ".join(dict.fromkeys(reason.code for reason in attempt.reasons))
    detail = f"rejected ({why}), {words}"
    if draft.text and draft.closed:  # the form is right; a run refills what is rejected
        return Check(name="a document", state="note", detail=f"{detail}: a run may take many attempts", seconds=seconds)
    return Check(
        name="a document", state="fail", detail=f"{detail} ({_how_it_went(reply, request)}): {UNFIT}", seconds=seconds
    )


async def _timed(call: Awaitable[T]) -> tuple[T | None, str, float]:
    """(result or None, error or "", seconds)."""
    start = time.monotonic()
    try:
        return await call, "", time.monotonic() - start
    except (RequestFailed, StopRun) as error:
        return None, error.message, time.monotonic() - start


def _nothing(problem: str, request: Request) -> str:
    """Why nothing came, with what was asked for: a server may be too slow for it."""
    return f"{problem}; asked for at most {request.max_tokens:,} tokens"


def _how_it_went(reply: Completion, request: Request) -> str:
    """How a reply began, and whether it ever ended."""
    endless = "" if reply.ended else f", and did not end within {request.max_tokens:,} tokens"
    return f"the reply began {' '.join(reply.text.split())[:60]!r}{endless}"
