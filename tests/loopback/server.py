"""The server itself: /v1/messages, /v1/models, /v1/messages/count_tokens; batches are in `batches`."""

import asyncio
import hashlib
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from tests.loopback.compose import compose, prompt_text, system_text, tokens
from tests.loopback.limits import RateLimiter
from tests.loopback.options import Options

__all__ = ["MessagesServer", "Served", "error_body"]

Script = Callable[[dict[str, Any]], tuple[int, Any, dict[str, str]] | None]
BILLED_FAULTS = ("empty", "refusal", "max_tokens", "slow")
CACHE_SECONDS = 300.0


class Served(NamedTuple):
    """One billed reply. `request` is the hash of the request's body; `fault` "" for an ordinary reply."""

    request: str
    model: str
    input: int
    output: int
    cache_read: int
    cache_write: int
    batched: bool
    fault: str


def error_body(kind: str, message: str, code: str | None = None) -> dict[str, Any]:
    """The API's error shape."""
    error: dict[str, Any] = {"type": kind, "message": message}
    if code:
        error["details"] = {"error_code": code}
    return {"type": "error", "error": error, "request_id": "req_loopback"}


class MessagesServer:
    """State and handlers. `served` is what was billed, `answers` counts responses by status or fault.

    `malformed` says what was wrong with the headers of requests that were turned away for them.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.served: list[Served] = []
        self.answers: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.keep_bodies = False
        self.malformed: list[str] = []
        self.arrivals: list[float] = []
        self.batches: Any = {}
        self.script: Script | None = None
        """Set by a test: its (status, body, headers) for a request instead of a composed reply, None to compose."""
        self.finished = 0.0
        self.peak = 0
        self._in_flight = 0
        self._canned = ""
        self._tries: Counter[str] = Counter()
        self._warm: dict[str, float] = {}
        self._limiter = RateLimiter(options.limits) if options.limits else None
        self._work = asyncio.Semaphore(options.capacity) if options.capacity else None
        self._log = Path(options.log).open("a", encoding="utf-8") if options.log else None  # noqa: SIM115

    def routes(self) -> list[web.RouteDef]:
        """What it serves."""
        return [
            web.post("/v1/messages", self.messages),
            web.post("/v1/messages/count_tokens", self.count_tokens),
            web.get("/v1/models", self.list_models),
            web.get("/stats", self.stats),
        ]

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/messages."""
        raw = await request.read()
        return await self.answer(request, raw, json.loads(raw))

    async def answer(self, request: web.Request, raw: bytes, body: dict[str, Any]) -> web.StreamResponse:
        """The response to a request for a message, which came as `raw`."""
        self.arrivals.append(time.monotonic())
        self._in_flight += 1
        self.peak = max(self.peak, self._in_flight)
        try:
            return await self._answer(request, raw, body)
        finally:
            self._in_flight -= 1

    async def _answer(self, request: web.Request, raw: bytes, body: dict[str, Any]) -> web.StreamResponse:
        if self.keep_bodies:
            self.bodies.append(body)
        refusal = self.refused(request, body) or self._limited(body)
        if refusal is not None:
            return refusal
        scripted = self.script(body) if self.script is not None else None
        if scripted is not None:
            return self._json(*scripted)
        digest = hashlib.sha256(raw).hexdigest()[:16]
        fault, rng = self.draw(digest)
        await self._wait(fault, rng)
        if fault and fault not in BILLED_FAULTS:
            self.answers[fault] += 1
            return await self._fail(request, fault, rng)
        message = self.bill(body, digest, fault, rng)
        return self._json(200, message)

    def draw(self, digest: str) -> tuple[str, random.Random]:
        """The fault for the next try of this request, "" for none: a function of seed, request and try."""
        self._tries[digest] += 1
        rng = random.Random(f"{self.options.seed}/{digest}/{self._tries[digest]}")
        mark = rng.random()
        for name, rate in self.options.faults.items():
            mark -= rate
            if mark < 0:
                return name, rng
        return "", rng

    def bill(
        self, body: dict[str, Any], digest: str, fault: str, rng: random.Random, batched: bool = False
    ) -> dict[str, Any]:
        """The message for a request, entered into the bill."""
        text = "" if fault in ("empty", "refusal") else self._composed(body, rng)
        stop = fault if fault in ("refusal", "max_tokens") else "end_turn"
        if fault == "max_tokens":
            text = text[: len(text) // 2]
        usage = self._usage(body, text, batched)
        served = Served(
            digest,
            body["model"],
            usage["input_tokens"],
            usage["output_tokens"],
            usage["cache_read_input_tokens"],
            usage["cache_creation_input_tokens"],
            batched,
            fault,
        )
        self._enter(served)
        return _message(body["model"], text, stop, usage)

    def _composed(self, body: dict[str, Any], rng: random.Random) -> str:
        if self.options.canned and self._canned:
            return self._canned
        babbles = self.options.judge == "babbles"
        self._canned = compose(body, rng, self.options.words, self.options.sentences, babbles)
        return self._canned

    def _enter(self, served: Served) -> None:
        self.served.append(served)
        self.answers[served.fault or "200"] += 1
        self.finished = time.monotonic()
        if self._limiter:
            self._limiter.charge_output(served.output)
        if self._log:
            self._log.write(json.dumps(served._asdict()) + "\n")
            self._log.flush()

    def refused(self, request: web.Request, body: dict[str, Any]) -> web.Response | None:
        key = request.headers.get("authorization", "").removeprefix("Bearer ") or request.headers.get("x-api-key", "")
        options = self.options
        if key == "bad":
            return self._json(401, error_body("authentication_error", f"invalid bearer token {key}"))
        if key == "forbidden":
            return self._json(403, error_body("permission_error", "your key may not use this"))
        if options.models is not None and body["model"] not in options.models:
            return self._json(404, error_body("not_found_error", f"model: {body['model']}"))
        if options.spend_limit is not None and len(self.served) >= options.spend_limit:
            message = "This request would exceed the spend limit."
            return self._json(429, error_body("rate_limit_error", message, "enforced_spend_limit_reached"))
        if not options.structured and "output_config" in body:
            message = "output_config: Extra inputs are not permitted"
            return self._json(400, error_body("invalid_request_error", message))
        if options.overload is not None and self._in_flight > options.overload:
            return self._json(529, error_body("overloaded_error", "Overloaded"))
        return None

    def _limited(self, body: dict[str, Any]) -> web.Response | None:
        if self._limiter is None or self._limiter.admit(tokens(system_text(body) + prompt_text(body))):
            return None
        headers = self._limiter.headers(refused=True)
        return self._json(429, error_body("rate_limit_error", "Rate limited."), headers)

    async def _wait(self, fault: str, rng: random.Random) -> None:
        seconds = self.options.latency + self.options.jitter * rng.random()
        seconds += self.options.slow_seconds if fault == "slow" else 0.0
        if self._work is not None:
            async with self._work:
                await asyncio.sleep(seconds)
        elif seconds:
            await asyncio.sleep(seconds)

    async def _fail(self, request: web.Request, fault: str, rng: random.Random) -> web.StreamResponse:
        if fault == "429":
            return self._json(429, error_body("rate_limit_error", "Rate limited."), count=False)
        if fault == "429_after":
            headers = {"retry-after": f"{rng.uniform(0.01, 0.2):.3f}"}
            return self._json(429, error_body("rate_limit_error", "Rate limited."), headers, count=False)
        if fault in ("529", "500"):
            kind = "overloaded_error" if fault == "529" else "api_error"
            return self._json(int(fault), error_body(kind, "not now"), count=False)
        if fault == "html":
            return web.Response(text="<html><body>502 Bad Gateway</body></html>", content_type="text/html")
        if fault == "truncated":
            return await _truncated(request)
        transport = request.transport
        if transport is not None:
            transport.abort()
        return web.Response()

    def _usage(self, body: dict[str, Any], text: str, batched: bool) -> dict[str, int]:
        system, prompt = tokens(system_text(body)), tokens(prompt_text(body))
        usage = {"input_tokens": system + prompt, "output_tokens": tokens(text) or 1}
        usage |= {"cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
        if isinstance(body.get("system"), list) and system >= self.options.cache_min_tokens and not batched:
            prefix = hashlib.sha256((body["model"] + system_text(body)).encode()).hexdigest()
            warm = time.monotonic() - self._warm.get(prefix, -CACHE_SECONDS) < CACHE_SECONDS
            self._warm[prefix] = time.monotonic()
            usage["cache_read_input_tokens" if warm else "cache_creation_input_tokens"] = system
            usage["input_tokens"] = prompt
        return usage

    def _json(self, status: int, value: Any, headers: dict[str, str] | None = None, count: bool = True) -> web.Response:
        if count and status != 200:
            self.answers[str(status)] += 1
        extra = headers if headers is not None else (self._limiter.headers() if self._limiter else {})
        return web.Response(
            status=status, body=json.dumps(value).encode(), content_type="application/json", headers=extra
        )

    async def count_tokens(self, request: web.Request) -> web.Response:
        """POST /v1/messages/count_tokens."""
        body = await request.json()
        return web.json_response({"input_tokens": tokens(system_text(body) + prompt_text(body))})

    async def list_models(self, _: web.Request) -> web.Response:
        """GET /v1/models."""
        names = self.options.models or ("claude-haiku-5-5", "claude-sonnet-5-5")
        made = "2026-10-07T00:00:00Z"
        rows = [
            {"id": name, "type": "model", "display_name": name, "created_at": made, "max_tokens": 128_000}
            for name in names
        ]
        return web.json_response({"data": rows, "has_more": False, "first_id": names[0], "last_id": names[-1]})

    async def stats(self, _: web.Request) -> web.Response:
        """What has happened, for a parent process."""
        seconds = self.finished - self.arrivals[0] if self.arrivals else 0.0
        figures = {"served": len(self.served), "peak": self.peak, "in_flight": self._in_flight, "seconds": seconds}
        return web.json_response({"answers": self.answers, "malformed": self.malformed, **figures})


async def _truncated(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "application/json", "content-length": "5000"})
    with suppress(ConnectionResetError):
        await response.prepare(request)
        await response.write(b'{"id": "msg_1", "type": "message", "content": [{"type": "te')
    if request.transport is not None:
        request.transport.close()
    return response


def _message(model: str, text: str, stop: str, usage: dict[str, int]) -> dict[str, Any]:
    thinking = {"type": "thinking", "thinking": "Let me see.", "signature": "sig"}
    return {
        "id": "msg_loopback",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [thinking, {"type": "text", "text": text}] if text else [],
        "stop_reason": stop,
        "stop_sequence": None,
        "stop_details": {"type": "refusal", "category": "frontier_llm"} if stop == "refusal" else None,
        "usage": usage,
    }
