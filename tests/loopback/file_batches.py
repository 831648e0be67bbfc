"""OpenAI's file-based Batch API of the loopback server: uploads, batches over them, output and error files."""

import asyncio
import hashlib
import json
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.loopback.chat import ChatServer, as_messages, chat_error_body, completion_body
from tests.loopback.server import MessagesServer

__all__ = ["FileBatchServer"]

MOST_REQUESTS, MOST_BYTES = 50_000, 200 * 1_000_000
WINDOW_SECONDS = 86_400
UNWORKED = {"expired": "batch_expired", "canceled": "batch_cancelled"}


@dataclass
class FileBatch:
    """One batch; `lines` by kind of file, "output" or "error"."""

    id: str
    file: str
    requests: list[dict[str, Any]]
    metadata: dict[str, str]
    created: int
    status: str = "validating"
    refused: str = ""
    lines: dict[str, list[str]] = field(default_factory=lambda: {"output": [], "error": []})
    total: int = 0


class FileBatchServer:
    """Handlers over a `MessagesServer`, which composes and bills."""

    def __init__(self, server: MessagesServer, chat: ChatServer) -> None:
        self.server, self.chat, self.options = server, chat, server.options.batches
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, FileBatch] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        """What it serves."""
        if not self.options.enabled:
            return []
        return [
            web.post("/v1/files", self.upload),
            web.get("/v1/files/{id}/content", self.content),
            web.post("/v1/batches", self.create),
            web.get("/v1/batches", self.list),
            web.get("/v1/batches/{id}", self.retrieve),
            web.post("/v1/batches/{id}/cancel", self.cancel),
        ]

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """POST a form of `purpose` and `file`."""
        refusal = self.server.refused(request, {"model": (self.server.options.models or ("",))[0]})
        if refusal is not None:
            return refusal
        form = await request.post()
        file = form["file"]
        assert form["purpose"] == "batch"
        assert isinstance(file, web.FileField)
        name = f"file-{len(self.files):06d}"
        self.files[name] = file.file.read()
        return web.json_response({"id": name, "object": "file", "purpose": "batch", "bytes": len(self.files[name])})

    async def content(self, request: web.Request) -> web.StreamResponse:
        """GET a file's content, in pieces."""
        response = web.StreamResponse(headers={"content-type": "application/octet-stream"})
        await response.prepare(request)
        with suppress(ConnectionResetError):
            for line in self.files[request.match_info["id"]].splitlines(keepends=True):
                await response.write(line)
        return response

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST: accept a batch; its file is looked at afterwards."""
        order = await request.json()
        assert (order["endpoint"], order["completion_window"]) == ("/v1/chat/completions", "24h")
        raw = self.files[order["input_file_id"]]
        requests = [json.loads(line) for line in raw.splitlines()]
        batch = FileBatch(
            f"batch_{len(self.batches):06d}", order["input_file_id"], requests, order["metadata"], int(time.time())
        )
        batch.refused = self.options.refused or _fault(raw, requests)
        self.batches[batch.id] = self.server.batches[batch.id] = batch
        task = asyncio.ensure_future(self._work(batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        lost = random.Random(f"{self.server.options.seed}/create/{len(self.batches)}").random()
        if lost < self.options.lost_create and request.transport is not None:
            self.server.answers["lost_create"] += 1
            request.transport.abort()
        return web.json_response(_view(batch))

    async def list(self, request: web.Request) -> web.Response:
        """GET: newest first, in pages."""
        limit, after = int(request.query.get("limit", "20")), request.query.get("after")
        rows = list(reversed(self.batches.values()))
        if after is not None:
            rows = rows[[row.id for row in rows].index(after) + 1 :]
        page = rows[:limit]
        data = [_view(batch) for batch in page]
        return web.json_response({"object": "list", "data": data, "has_more": len(rows) > limit})

    async def retrieve(self, request: web.Request) -> web.Response:
        """GET one."""
        batch = self.batches.get(request.match_info["id"])
        if batch is None:
            message = f"No batch found with id '{request.match_info['id']}'."
            return web.json_response(chat_error_body(message, "invalid_request_error"), status=404)
        return web.json_response(_view(batch))

    async def cancel(self, request: web.Request) -> web.Response:
        """POST: what has not been worked on is cancelled."""
        batch = self.batches[request.match_info["id"]]
        if batch.status in ("validating", "in_progress"):
            batch.status = "cancelling"
        return web.json_response(_view(batch))

    async def _work(self, batch: FileBatch) -> None:
        if batch.refused:
            batch.status = "failed"
            return
        steps = max(1, round(self.options.seconds / 0.05))
        for _ in range(steps):
            await asyncio.sleep(self.options.seconds / steps)
            if batch.status == "cancelling":
                break
            batch.status, batch.total = "in_progress", len(batch.requests)
        for item in batch.requests:
            kind, line = self._result(batch, item)
            batch.lines[kind].append(json.dumps({"id": f"batch_req_{item['custom_id']}", **line}))
        for kind, lines in batch.lines.items():
            random.Random(batch.id).shuffle(lines)
            self.files[f"{batch.id}-{kind}"] = "".join(line + "\n" for line in lines).encode()
        batch.status = "cancelled" if batch.status == "cancelling" else "completed"

    def _result(self, batch: FileBatch, item: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Which file an item ends in, and its line there."""
        body, key = item["body"], item["custom_id"]
        if batch.status == "cancelling":
            return "error", _unworked(key, "canceled")
        digest = hashlib.sha256(json.dumps(body).encode()).hexdigest()[:16]
        fault, rng = self.server.draw(digest)
        if wrong := self.chat.fault(body):
            return "error", _answered(key, 400, chat_error_body(wrong, "invalid_request_error"))
        models = self.server.options.models
        if models is not None and body["model"] not in models:
            message = f"The model `{body['model']}` does not exist"
            return "error", _answered(key, 404, chat_error_body(message, "invalid_request_error", "model_not_found"))
        mark = rng.random()
        if mark < self.options.errored:
            return "error", _answered(key, 500, chat_error_body("The server had an error", "server_error"))
        if mark < self.options.errored + self.options.expired:
            return "error", _unworked(key, "expired")
        billed = fault if fault in ("empty", "refusal", "max_tokens") else ""
        reply = self.server.bill(as_messages(body), digest, billed, rng, batched=True)
        return "output", _answered(key, 200, completion_body(reply))


def _fault(raw: bytes, requests: list[dict[str, Any]]) -> str:
    keys = [item["custom_id"] for item in requests]
    if len(raw) > MOST_BYTES or len(requests) > MOST_REQUESTS:
        return "The file is too large."
    if len(set(keys)) < len(keys):
        return "Duplicate custom_id."
    if len({item["body"]["model"] for item in requests}) != 1:
        return "All requests in a batch must use the same model."
    asked = [(item["method"], item["url"]) for item in requests]
    return "" if set(asked) == {("POST", "/v1/chat/completions")} else "Invalid method or url."


def _answered(key: str, status: int, body: dict[str, Any]) -> dict[str, Any]:
    response = {"status_code": status, "request_id": f"req_{key}", "body": body}
    return {"custom_id": key, "response": response, "error": None}


def _unworked(key: str, kind: str) -> dict[str, Any]:
    error = {"code": UNWORKED[kind], "message": "This request was not executed."}
    return {"custom_id": key, "response": None, "error": error}


def _view(batch: FileBatch) -> dict[str, Any]:
    done = batch.status in ("completed", "cancelled")
    counts = {"total": batch.total, "completed": len(batch.lines["output"]), "failed": len(batch.lines["error"])}
    errors = {"object": "list", "data": [{"code": "invalid", "message": batch.refused, "param": None, "line": None}]}
    return {
        "id": batch.id,
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "errors": errors if batch.status == "failed" else None,
        "input_file_id": batch.file,
        "completion_window": "24h",
        "status": batch.status,
        "output_file_id": f"{batch.id}-output" if done and batch.lines["output"] else None,
        "error_file_id": f"{batch.id}-error" if done and batch.lines["error"] else None,
        "created_at": batch.created,
        "expires_at": batch.created + WINDOW_SECONDS,
        "request_counts": counts,
        "metadata": batch.metadata,
    }
