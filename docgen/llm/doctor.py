"""Checks an engine's server: address, key, model, structured output, batches, limits. Sends two small messages."""

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


class Check(Record):
    """One result. `note` is something to know, `fail` something to fix; `seconds` is how long the server took."""

    name: str
    state: State
    detail: str
    seconds: float | None = None


@dataclass
class ServerProbe:
    """The server under test, with the rate-limit headers that it sent last."""

    llm: AnthropicLLM
    model: str
    prices: Prices
    headers: Mapping[str, str] = field(default_factory=dict)


async def diagnose(options: EngineOptions, model: str, extra: Mapping[str, Any] | None = None) -> list[Check]:
    """Run every check, in order; those that cannot succeed after a failure are left out."""
    try:
        llm = AnthropicLLM(base_url=options.base_url, timeout=min(options.timeout, 120.0), observe=lambda h: observe(h))
    except ConfigError as error:
        return [Check(name="key and address", state="fail", detail=str(error))]
    probe = ServerProbe(llm, model, load_prices(options.prices))

    def observe(headers: Mapping[str, str]) -> None:
        if allowances(headers, 0.0):
            probe.headers = headers

    body = dict(extra or {})
    try:
        checks = [await _models(probe), await _message(probe, body)]
        if checks[-1].state != "fail":
            checks.append(await _structured(probe, body))
            checks.append(await _batches(probe))
            checks.append(_limits(probe))
        checks.append(_price(probe))
        return checks
    finally:
        await llm.aclose()


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


async def _models(probe: ServerProbe) -> Check:
    address = str(probe.llm.client.base_url)
    reply, error, seconds = await _timed(lambda: probe.llm.call("get", "/v1/models?limit=1000"))
    rows = reply.get("data") if isinstance(reply, Mapping) else None
    if not isinstance(rows, list):
        detail = f"{address} does not list models ({error or 'unexpected reply'}); compatible servers need not"
        return Check(name="models", state="note", detail=detail, seconds=seconds)
    names = [str(row.get("id")) for row in rows if isinstance(row, Mapping)]
    if probe.model in names:
        return Check(name="models", state="ok", detail=f"{address} serves {probe.model}", seconds=seconds)
    listed = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    detail = f"{address} does not list {probe.model}; it lists {listed or 'none'}"
    return Check(name="models", state="note", detail=detail, seconds=seconds)


async def _message(probe: ServerProbe, extra: dict[str, Any]) -> Check:
    request = _request(probe.model, "Reply with the word ready.", extra)
    reply, error, seconds = await _timed(lambda: probe.llm.complete(request))
    if reply is None:
        return Check(name="message", state="fail", detail=error, seconds=seconds)
    detail = f"answered ({reply.stop_reason}), {reply.usage.input} tokens in, {reply.usage.output} out"
    state: State = "ok" if reply.text.strip() else "note"
    return Check(name="message", state=state, detail=detail if state == "ok" else f"{detail}, no text", seconds=seconds)


async def _structured(probe: ServerProbe, extra: dict[str, Any]) -> Check:
    request = _request(probe.model, "Name three colours.", extra, SCHEMA)
    reply, error, seconds = await _timed(lambda: probe.llm.complete(request))
    if reply is None:
        return Check(name="structured output", state="fail", detail=error, seconds=seconds)
    if probe.llm.structured:
        return Check(name="structured output", state="ok", detail="by JSON schema", seconds=seconds)
    detail = "not supported; JSON is requested in the prompt instead"
    return Check(name="structured output", state="note", detail=detail, seconds=seconds)


async def _batches(probe: ServerProbe) -> Check:
    reply, error, seconds = await _timed(lambda: probe.llm.call("get", "/v1/messages/batches?limit=1"))
    if isinstance(reply, Mapping) and isinstance(reply.get("data"), list):
        return Check(name="batches", state="ok", detail="supported: --batch halves the price", seconds=seconds)
    detail = f"not supported ({error or 'unexpected reply'}): omit --batch"
    return Check(name="batches", state="note", detail=detail, seconds=seconds)


def _limits(probe: ServerProbe) -> Check:
    limits = allowances(probe.headers, time.time())
    if not limits:
        return Check(name="limits", state="note", detail="none stated; docgen adapts to refusals and latency")
    parts = (f"{name.replace('-', ' ')} {a.remaining:,.0f} of {a.limit:,.0f} left" for name, a in limits.items())
    return Check(name="limits", state="ok", detail=", ".join(parts))


def _price(probe: ServerProbe) -> Check:
    price = probe.prices.find(probe.model)
    if price is None:
        detail = f"{probe.model} has no known price: cost shows as tokens, --max-cost needs a price file"
        return Check(name="price", state="note", detail=detail)
    detail = f"${price.input:g} in, ${price.output:g} out per million tokens (prices of {probe.prices.date})"
    return Check(name="price", state="ok", detail=detail)


def _request(model: str, user: str, extra: dict[str, Any], schema: Mapping[str, Any] | None = None) -> Request:
    return Request("doctor", "", "", user, model, 1024, schema=schema, extra=extra)
