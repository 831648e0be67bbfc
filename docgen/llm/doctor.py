"""Checks an engine's server: address, key, model, structured output, batches, limits. Sends two small messages."""

import datetime as dt
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, cast

from docgen.errors import ConfigError, RequestFailed, StopRun
from docgen.llm.cost.pricing import Prices, load_prices
from docgen.llm.engine import EngineOptions
from docgen.llm.protocol import LLM, Completion, Request, Usage
from docgen.llm.providers.table import Connection, default_paid_provider, find_provider
from docgen.llm.ratelimit.headers import allowances
from docgen.prompts.chat_markup import without_chat_markup
from docgen.records import Record

if TYPE_CHECKING:
    from docgen.llm.batch.batch_protocol import Batches
    from docgen.llm.providers.table import ServerLLM

__all__ = ["Check", "Server", "diagnose"]

State = Literal["ok", "note", "fail"]
SCHEMA = {
    "type": "object",
    "properties": {"colours": {"type": "array", "items": {"type": "string"}}},
    "required": ["colours"],
    "additionalProperties": False,
}
REPLY_TOKENS = 1024
"""Tokens of a reply unless the caller says otherwise. Chosen: the answers are a few words; the rest is for a model that
thinks first. With half of it, more of those would come back without a text."""
LONGEST_CALL = 120.0
"""Seconds for a message. Chosen: the two messages are short, and someone is waiting for them."""
SHORT_ROOM = 32
"""Tokens of the message to a server that did not answer in time: is it slow, or not there?"""
SHARE_FOR_REPLY = 0.5
"""Of the time for a call, what a slow server's reply may take; the rest is for the prompt. Chosen: llama.cpp on two
shared CPU cores reads a prompt for document types in 40 to 60 s."""
ENOUGH_TO_TIME = 100
"""Tokens of a reply that its speed is taken from: in a short one prompt and network count for more (chosen)."""


class Check(Record):
    """One finding. `note` is something to know, `fail` something to fix; `seconds` how long the server took."""

    name: str
    state: State
    detail: str
    seconds: float | None = None


@dataclass(frozen=True)
class Server:
    """What further checks may know of a server: whether its model has a known price, and what it can write in time.

    `room`: the most tokens of a reply that it can write while someone waits; None where its replies were too short to
    tell.
    """

    llm: LLM
    has_price: bool
    room: int | None


@dataclass
class ServerProbe:
    """The server under test, with the rate-limit headers that it sent last.

    `speed` in tokens a second, one call at a time, prompt included; None until a reply was long enough to tell.
    """

    llm: "ServerLLM"
    model: str
    prices: Prices
    patience: float
    room: int = REPLY_TOKENS
    answered: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    speed: float | None = None

    def took(self, usage: Usage, seconds: float) -> None:
        """Learn the server's speed from a reply."""
        if usage.output >= ENOUGH_TO_TIME and seconds > 0:
            self.speed = max(self.speed or 0.0, usage.output / seconds)

    @property
    def affordable(self) -> int | None:
        """The most tokens that it can write in the time for a call."""
        return None if self.speed is None else max(SHORT_ROOM, int(self.speed * self.patience * SHARE_FOR_REPLY))


async def diagnose(
    options: EngineOptions,
    model: str,
    extra: Mapping[str, Any] | None = None,
    max_tokens: int | None = None,
    more: Callable[[Server], Awaitable[list[Check]]] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Check]:
    """Run every check, in order; those that cannot succeed after a failure are left out.

    `more` makes further checks of a model that answers. `tell` hears what is being tried.
    """
    provider = find_provider(options.engine) if options.engine else default_paid_provider()
    patience = min(options.timeout, LONGEST_CALL)
    connection = Connection(
        base_url=options.base_url,
        timeout=patience,
        observe=lambda h: observe(h),
        headers=options.headers,
    )
    try:
        llm = cast("ServerLLM", provider.connect(connection))
    except ConfigError as error:
        return [Check(name="key and address", state="fail", detail=str(error))]
    probe = ServerProbe(llm, model, load_prices(options.prices), patience, max_tokens or REPLY_TOKENS)

    def observe(headers: Mapping[str, str]) -> None:
        if allowances(headers, 0.0):
            probe.headers = headers

    body = dict(extra or {})
    try:
        tell(f"a message to {model}")
        checks = [await _models(probe), await _message(probe, body)]
        if probe.answered:
            tell("structured output")
            checks.append(await _structured(probe, body))
            if provider.batches is not None:
                checks.append(await _batches(provider.batches(llm)))
            checks.append(_limits(probe))
            if more is not None:
                checks += await more(Server(llm, probe.prices.find(model) is not None, probe.affordable))
        if llm.longest_reply is not None:
            checks.append(_short_context(llm.longest_reply))
        checks.append(_price(probe))
        return checks
    finally:
        await llm.aclose()


async def _models(probe: ServerProbe) -> Check:
    llm, address = probe.llm, probe.llm.base_url
    reply, error, seconds = await _timed(lambda: llm.call("GET", llm.models_path))
    rows = reply.get("data") if isinstance(reply, Mapping) else None
    if not isinstance(rows, list):
        detail = f"{address} does not list models ({error or 'unexpected reply'}); compatible servers need not"
        return Check(name="models", state="note", detail=detail, seconds=seconds)
    names = [str(row.get("id")) for row in rows if isinstance(row, Mapping)]
    if probe.model in names:
        return Check(name="models", state="ok", detail=f"{address} serves {probe.model}", seconds=seconds)
    listed = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")  # some list hundreds
    detail = f"{address} does not list {probe.model}; it lists {listed or 'none'}; name one with --model"
    return Check(name="models", state="note", detail=detail, seconds=seconds)


async def _message(probe: ServerProbe, extra: dict[str, Any]) -> Check:
    request = _request(probe, "Reply with the word ready.", extra)
    reply, error, seconds = await _timed(lambda: probe.llm.complete(request))
    if reply is None and seconds >= probe.patience:
        return await _slow(probe, request, error)
    if reply is None:
        return Check(name="message", state="fail", detail=f"{probe.model}: {error}", seconds=seconds)
    probe.answered = True
    other = f" as {reply.model}" if reply.model != probe.model else ""
    usage = "no believable token counts: replies are booked at their worst case"
    if reply.usage_known:
        probe.took(reply.usage, seconds)
        prompt = reply.usage.input + reply.usage.cache_read + reply.usage.cache_write
        speed = f", {probe.speed:,.0f} tokens/s" if probe.speed else ""
        usage = f"{prompt:,} tokens in, {reply.usage.output:,} out{speed}"
    detail = f"{probe.model} answered{other} ({reply.stop_reason}), {usage}"
    if not _text(reply):
        return Check(name="message", state="fail", detail=f"{detail}; {_no_text(probe, reply)}", seconds=seconds)
    return Check(name="message", state="ok" if reply.usage_known else "note", detail=detail, seconds=seconds)


async def _slow(probe: ServerProbe, request: Request, error: str) -> Check:
    """Whether a server that did not answer in time answers at all."""
    reply, _, seconds = await _timed(lambda: probe.llm.complete(replace(request, max_tokens=SHORT_ROOM)))
    if reply is None:
        return Check(name="message", state="fail", detail=f"{probe.model}: {error}", seconds=probe.patience)
    probe.answered, probe.speed = True, max(reply.usage.output, 1) / seconds
    detail = (
        f"{probe.model} is slow: {error}, and {SHORT_ROOM} tokens took {seconds:,.0f} s ({probe.speed:,.1f} tokens/s)"
    )
    return Check(name="message", state="note", detail=f"{detail}; give it more time with --timeout", seconds=seconds)


def _text(reply: Completion) -> str:
    """A reply without its thoughts."""
    return without_chat_markup(reply.text).strip()


def _no_text(probe: ServerProbe, reply: Completion) -> str:
    """Why a reply has no text, and what to do."""
    if reply.thought or reply.text.strip():
        more = f"all {probe.room:,} tokens went" if not reply.ended else "all of it went"
        return f"no text: {more} into thoughts. Give it more room with --max-tokens, or turn thinking off under [extra]"
    return "no text"


async def _structured(probe: ServerProbe, extra: dict[str, Any]) -> Check:
    room = min(probe.room, probe.affordable or probe.room)
    request = replace(_request(probe, "Name three colours.", extra, SCHEMA), max_tokens=room)
    reply, error, seconds = await _timed(lambda: probe.llm.complete(request))
    if reply is None:
        return Check(name="structured output", state="fail", detail=error, seconds=seconds)
    if not _text(reply):
        return Check(name="structured output", state="fail", detail=_no_text(probe, reply), seconds=seconds)
    probe.took(reply.usage, seconds)
    if not reply.ended and _text(reply).startswith("{") and not _follows_schema(_text(reply)):
        began = f"the reply did not end within {room:,} tokens (it began {_text(reply)[:60]!r})"
        return Check(name="structured output", state="note", detail=f"cannot be told: {began}", seconds=seconds)
    if not _follows_schema(_text(reply)):
        detail = f"not supported; JSON is requested in the prompt instead (the reply was {_text(reply)[:60]!r})"
        return Check(name="structured output", state="note", detail=detail, seconds=seconds)
    if probe.llm.structured:
        return Check(name="structured output", state="ok", detail="by JSON schema", seconds=seconds)
    detail = "not supported; JSON is requested in the prompt instead"
    return Check(name="structured output", state="note", detail=detail, seconds=seconds)


def _follows_schema(text: str) -> bool:
    """Whether the reply is what the schema asks for, and nothing else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    colours = value.get("colours") if isinstance(value, dict) else None
    return isinstance(colours, list) and bool(colours) and all(isinstance(colour, str) for colour in colours)


async def _batches(api: "Batches") -> Check:
    newer, error, seconds = await _timed(lambda: api.since(dt.datetime.now(dt.UTC)))
    if newer is not None:
        return Check(name="batches", state="ok", detail="supported: --batch halves the price", seconds=seconds)
    detail = f"not supported ({error}): omit --batch"
    return Check(name="batches", state="note", detail=detail, seconds=seconds)


def _limits(probe: ServerProbe) -> Check:
    limits = allowances(probe.headers, time.time())
    if not limits:
        return Check(name="limits", state="note", detail="none stated; docgen adapts to refusals and latency")
    parts = (f"{name.replace('-', ' ')} {a.remaining:,.0f} of {a.limit:,.0f} left" for name, a in limits.items())
    return Check(name="limits", state="ok", detail=", ".join(parts))


def _short_context(tokens: int) -> Check:
    detail = f"the server has no room for longer replies than {tokens:,} tokens; start it with a longer context if"
    return Check(name="reply length", state="note", detail=f"{detail} documents come out cut off")


def _price(probe: ServerProbe) -> Check:
    price = probe.prices.find(probe.model)
    if price is None:
        detail = f"{probe.model} has no known price: cost shows as tokens, --max-cost needs a price file"
        return Check(name="price", state="note", detail=detail)
    detail = f"${price.input:g} in, ${price.output:g} out per million tokens (prices of {probe.prices.date})"
    return Check(name="price", state="ok", detail=detail)


async def _timed(call: Callable[[], Awaitable[Any]]) -> tuple[Any, str, float]:
    """(result or None, error or "", seconds)."""
    start = time.monotonic()
    try:
        return await call(), "", time.monotonic() - start
    except RequestFailed as error:
        return None, error.message, time.monotonic() - start
    except StopRun as error:
        detail = error.message if error.reason == "wrong_url" else f"{error.message}. {error.fix}"
        return None, detail, time.monotonic() - start


def _request(probe: ServerProbe, user: str, extra: dict[str, Any], schema: Mapping[str, Any] | None = None) -> Request:
    return Request("doctor", "", user, probe.model, probe.room, schema=schema, extra=extra)
