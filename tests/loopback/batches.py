"""The Message Batches API of the loopback server."""

import asyncio
import datetime as dt
import hashlib
import json
import random
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.loopback.server import MessagesServer, error_body

__all__ = ["BatchServer"]

CUSTOM_ID = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")
MOST_REQUESTS, MOST_BYTES = 100_000, 256 * 1_000_000
LIFETIME = dt.timedelta(hours=24)


@dataclass
class Batch:
    """One batch: its requests until it ends, its result lines after."""

    id: str
    requests: list[dict[str, Any]]
    created: dt.datetime
    status: str = "in_progress"
    ended: dt.datetime | None = None
    cancelled: bool = False
    results: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("succeeded", "errored", "canceled", "expired"), 0)
    )


class BatchServer:
    """Handlers over a `MessagesServer`, which composes and bills."""

    def __init__(self, server: MessagesServer) -> None:
        self.server, self.options = server, server.options.batches
        self.batches: dict[str, Batch] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        server.batches = self.batches

    def routes(self) -> list[web.RouteDef]:
        """What it serves."""
        base = "/v1/messages/batches"
        if not self.options.enabled:
            return []
        return [
            web.post(base, self.create),
            web.get(base, self.list),
            web.get(base + "/{id}", self.retrieve),
            web.get(base + "/{id}/results", self.results),
            web.post(base + "/{id}/cancel", self.cancel),
        ]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST: accept a batch; parameters are looked at only when it is worked on."""
        raw = await request.read()
        refusal = self.server.refused(request, {"model": (self.server.options.models or ("",))[0]})
        if refusal is not None:
            return refusal
        requests = json.loads(raw)["requests"]
        ids = [str(item["custom_id"]) for item in requests]
        if len(raw) > MOST_BYTES or len(ids) > MOST_REQUESTS:
            return web.json_response(error_body("request_too_large", "too large"), status=413)
        if not ids or len(set(ids)) < len(ids) or not all(CUSTOM_ID.match(name) for name in ids):
            return web.json_response(error_body("invalid_request_error", "custom_id: invalid"), status=400)
        batch = Batch(f"msgbatch_{len(self.batches):06d}", requests, dt.datetime.now(dt.UTC))
        self.batches[batch.id] = batch
        task = asyncio.ensure_future(self._work(batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        lost = random.Random(f"{self.server.options.seed}/create/{len(self.batches)}").random()
        if lost < self.options.lost_create and request.transport is not None:
            self.server.answers["lost_create"] += 1
            request.transport.abort()
        return web.json_response(_view(batch, request))

    async def list(self, request: web.Request) -> web.Response:
        """GET: newest first, in pages."""
        limit = int(request.query.get("limit", "20"))
        rows = list(reversed(self.batches.values()))
        after = request.query.get("after_id")
        if after is not None:
            rows = rows[[row.id for row in rows].index(after) + 1 :]
        page = rows[:limit]
        first, last = (page[0].id, page[-1].id) if page else (None, None)
        data = [_view(batch, request) for batch in page]
        return web.json_response({"data": data, "has_more": len(rows) > limit, "first_id": first, "last_id": last})

    async def retrieve(self, request: web.Request) -> web.Response:
        """GET one."""
        batch = self.batches.get(request.match_info["id"])
        if batch is None:
            return web.json_response(error_body("not_found_error", "no such batch"), status=404)
        return web.json_response(_view(batch, request))

    async def cancel(self, request: web.Request) -> web.Response:
        """POST: what has not been worked on is cancelled."""
        batch = self.batches[request.match_info["id"]]
        if batch.status == "in_progress":
            batch.status, batch.cancelled = "canceling", True
        return web.json_response(_view(batch, request))

    async def results(self, request: web.Request) -> web.StreamResponse:
        """GET: one JSON line per request, in no order."""
        batch = self.batches[request.match_info["id"]]
        response = web.StreamResponse(headers={"content-type": "application/x-jsonl"})
        await response.prepare(request)
        lines = batch.results[:]
        random.Random(batch.id).shuffle(lines)
        with suppress(ConnectionResetError):
            for line in lines:
                await response.write(line.encode() + b"\n")
        return response

    async def _work(self, batch: Batch) -> None:
        steps = max(1, round(self.options.seconds / 0.05))
        for _ in range(steps):
            await asyncio.sleep(self.options.seconds / steps)
            if batch.status == "canceling":
                break
        for item in batch.requests:
            result = self._result(batch, item)
            batch.counts[result["type"]] += 1
            batch.results.append(json.dumps({"custom_id": item["custom_id"], "result": result}))
        batch.status, batch.ended, batch.requests = "ended", dt.datetime.now(dt.UTC), []

    def _result(self, batch: Batch, item: dict[str, Any]) -> dict[str, Any]:
        if batch.status == "canceling":
            return {"type": "canceled"}
        params = item["params"]
        digest = hashlib.sha256(json.dumps(params).encode()).hexdigest()[:16]
        fault, rng = self.server.draw(digest)
        models = self.server.options.models
        if models is not None and params.get("model") not in models:
            return {"type": "errored", "error": error_body("not_found_error", f"model: {params.get('model')}")}
        mark = rng.random()
        if mark < self.options.errored:
            return {"type": "errored", "error": error_body("api_error", "Internal server error")}
        if mark < self.options.errored + self.options.expired:
            return {"type": "expired"}
        billed = fault if fault in ("empty", "refusal", "max_tokens") else ""
        return {"type": "succeeded", "message": self.server.bill(params, digest, billed, rng, batched=True)}


def _view(batch: Batch, request: web.Request) -> dict[str, Any]:
    done = batch.status == "ended"
    total = sum(batch.counts.values()) if done else len(batch.requests)
    counts = {**batch.counts, "processing": 0} if done else {**dict.fromkeys(batch.counts, 0), "processing": total}
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": batch.status,
        "request_counts": counts,
        "created_at": batch.created.isoformat(),
        "expires_at": (batch.created + LIFETIME).isoformat(),
        "ended_at": batch.ended.isoformat() if batch.ended else None,
        "cancel_initiated_at": batch.created.isoformat() if batch.cancelled else None,
        "archived_at": None,
        "results_url": f"{request.url.origin()}/v1/messages/batches/{batch.id}/results" if done else None,
    }
