"""Tests an engine's server: address, key, model, structured output, batches, limits. Sends two small messages."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from docgen.errors import ConfigError, RequestFailed, StopRun
from docgen.llm.engine import EngineOptions
from docgen.llm.pricing import Prices, load_prices
from docgen.llm.protocol import Request
from docgen.llm.providers.anthropic import AnthropicLLM
from docgen.llm.ratelimit.headers import allowances
from docgen.records import Record

__all__ = ["Check", "diagnose"]

State = Literal["ok", "note", "fail"]
SCHEMA = {
    "type": "object",
    "properties": {"colours": {"type": "array", "items": {"type": "string"}}},
    "required": ["colours"],
    "additionalProperties": False,
}
ROOM = 1024
SHOWN_MODELS = 8


class Check(Record):
    """One finding. `note` is something to know, `fail` something to mend; `seconds` how long the server took."""

    name: str
    state: State
    detail: str
    seconds: float | None = None


@dataclass
class ServerProbe:
    """What the checks share: the server, and the headers it sent last."""

    llm: AnthropicLLM
    model: str
    prices: Prices
    headers: Mapping[str, str] = field(default_factory=dict)


async def diagnose(options: EngineOptions, model: str, extra: Mapping[str, Any] | None = None) -> list[Check]:
    """Every check, in order; those that cannot succeed after a failure are left out."""
    try:
        llm = AnthropicLLM(base_url=options.base_url, timeout=min(options.timeout, 120.0), observe=lambda h: seen(h))
    except ConfigError as error:
        return [Check(name="key and address", state="fail", detail=str(error))]
    probe = ServerProbe(llm, model, load_prices(options.prices))

    def seen(headers: Mapping[str, str]) -> None:
        if allowances(headers, 0.0):
            probe.headers = headers

    try:
        return await _checks(probe, dict(extra or {}))
    finally:
        await llm.aclose()


async def _checks(probe: ServerProbe, extra: dict[str, Any]) -> list[Check]:
    checks = [await _models(probe), await _message(probe, extra)]
    if checks[-1].state != "fail":
        checks.append(await _structured(probe, extra))
        checks.append(await _batches(probe))
        checks.append(_limits(probe))
    checks.append(_price(probe))
    return checks


async def _timed(call: Callable[[], Awaitable[Any]]) -> tuple[Any, str, float]:
    """(result or None, error or "", seconds)."""
    start = time.monotonic()
    try:
        return await call(), "", time.monotonic() - start
    except (RequestFailed, StopRun) as error:
        return None, _words(error), time.monotonic() - start


def _words(error: RequestFailed | StopRun) -> str:
    return (
        f"{error.message}. {error.fix}" if isinstance(error, StopRun) and error.reason != "wrong_url" else error.message
    )


async def _models(probe: ServerProbe) -> Check:
    address = str(probe.llm.client.base_url)
    reply, error, seconds = await _timed(lambda: probe.llm.call("get", "/v1/models?limit=1000"))
    rows = reply.get("data") if isinstance(reply, Mapping) else None
    if not isinstance(rows, list):
        detail = f"{address} lists no models ({error or 'unexpected reply'}); compatible servers need not"
        return Check(name="models", state="note", detail=detail, seconds=seconds)
    names = [str(row.get("id")) for row in rows if isinstance(row, Mapping)]
    if probe.model in names:
        return Check(name="models", state="ok", detail=f"{address} serves {probe.model}", seconds=seconds)
    listed = ", ".join(names[:SHOWN_MODELS]) + (", ..." if len(names) > SHOWN_MODELS else "")
    detail = f"{address} does not list {probe.model}; it lists {listed or 'none'}"
    return Check(name="models", state="note", detail=detail, seconds=seconds)


async def _message(probe: ServerProbe, extra: dict[str, Any]) -> Check:
    asked = _request(probe.model, "Reply with the word ready.", extra)
    reply, error, seconds = await _timed(lambda: probe.llm.complete(asked))
    if reply is None:
        return Check(name="message", state="fail", detail=error, seconds=seconds)
    detail = f"answered ({reply.stop_reason}), {reply.usage.input} tokens in, {reply.usage.output} out"
    state: State = "ok" if reply.text.strip() else "note"
    return Check(name="message", state=state, detail=detail if state == "ok" else f"{detail}, no text", seconds=seconds)


async def _structured(probe: ServerProbe, extra: dict[str, Any]) -> Check:
    asked = _request(probe.model, "Name three colours.", extra, SCHEMA)
    reply, error, seconds = await _timed(lambda: probe.llm.complete(asked))
    if reply is None:
        return Check(name="structured output", state="fail", detail=error, seconds=seconds)
    if probe.llm.structured:
        return Check(name="structured output", state="ok", detail="by JSON schema", seconds=seconds)
    detail = "not served; JSON is asked for in the prompt instead"
    return Check(name="structured output", state="note", detail=detail, seconds=seconds)


async def _batches(probe: ServerProbe) -> Check:
    reply, error, seconds = await _timed(lambda: probe.llm.call("get", "/v1/messages/batches?limit=1"))
    if isinstance(reply, Mapping) and isinstance(reply.get("data"), list):
        return Check(name="batches", state="ok", detail="served: --batch halves the price", seconds=seconds)
    detail = f"not served ({error or 'unexpected reply'}): leave --batch out"
    return Check(name="batches", state="note", detail=detail, seconds=seconds)


def _limits(probe: ServerProbe) -> Check:
    found = allowances(probe.headers, time.time())
    if not found:
        return Check(name="limits", state="note", detail="none stated; docgen adapts to refusals and latency")
    parts = [
        f"{name.replace('-', ' ')} {each.remaining:,.0f} of {each.limit:,.0f} left" for name, each in found.items()
    ]
    return Check(name="limits", state="ok", detail=", ".join(parts))


def _price(probe: ServerProbe) -> Check:
    price = probe.prices.find(probe.model)
    if price is None:
        detail = f"{probe.model} has no known price: cost shows as tokens, --max-cost needs a price file"
        return Check(name="price", state="note", detail=detail)
    detail = f"${price.input:g} in, ${price.output:g} out per million tokens (prices of {probe.prices.date})"
    return Check(name="price", state="ok", detail=detail)


def _request(model: str, user: str, extra: dict[str, Any], schema: Mapping[str, Any] | None = None) -> Request:
    return Request("doctor", "", "", user, model, ROOM, schema=schema, extra=extra)
