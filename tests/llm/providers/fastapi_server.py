"""A Messages API as compatible servers are built: FastAPI on uvicorn, pydantic bodies without unknown fields."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict

__all__ = ["compatible_app", "serving"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Turn(_Body):
    """One turn of the conversation."""

    role: Literal["user", "assistant"]
    content: str


class SystemBlock(_Body):
    """A system text with its cache breakpoint."""

    type: Literal["text"]
    text: str
    cache_control: dict[str, str]


class MessagesBody(_Body):
    """Body of POST /v1/messages."""

    model: str
    max_tokens: int
    messages: list[Turn]
    system: str | list[SystemBlock] = ""
    output_config: dict[str, Any] = {}


class BatchItem(_Body):
    """One request of a batch."""

    custom_id: str
    params: MessagesBody


class BatchBody(_Body):
    """Body of POST /v1/messages/batches."""

    requests: list[BatchItem]


class Nothing(_Body):
    """An empty object."""


def compatible_app() -> FastAPI:
    """Messages, models, token counts and batches; a batch has ended when it is created."""
    app = FastAPI()
    items: list[BatchItem] = []

    @app.post("/v1/messages")
    async def messages(body: MessagesBody) -> dict[str, Any]:
        return _message(body.model)

    @app.post("/v1/messages/count_tokens")
    async def count_tokens(body: MessagesBody) -> dict[str, int]:
        return {"input_tokens": len(body.messages[0].content) // 4}

    @app.get("/v1/models")
    async def models(limit: int) -> dict[str, Any]:
        return {"data": [{"id": "m", "type": "model"}], "has_more": False}

    @app.post("/v1/messages/batches")
    async def create(body: BatchBody) -> dict[str, Any]:
        items.extend(body.requests)
        return _batch(len(items))

    @app.get("/v1/messages/batches")
    async def listing(limit: int) -> dict[str, Any]:
        return {"data": [_batch(len(items))], "has_more": False}

    @app.get("/v1/messages/batches/b")
    async def retrieve() -> dict[str, Any]:
        return _batch(len(items))

    @app.post("/v1/messages/batches/b/cancel")
    async def cancel(body: Nothing) -> dict[str, Any]:
        return _batch(len(items))

    @app.get("/v1/messages/batches/b/results")
    async def results() -> Response:
        rows = [{"custom_id": item.custom_id, "result": _succeeded(item)} for item in items]
        return Response("".join(json.dumps(row) + "\n" for row in rows), media_type="application/x-jsonl")

    return app


def _message(model: str) -> dict[str, Any]:
    content = [{"type": "text", "text": '{"colours": ["red"]}'}]
    usage = {"input_tokens": 1, "output_tokens": 1}
    fields = {"id": "m", "type": "message", "role": "assistant", "stop_reason": "end_turn"}
    return {**fields, "model": model, "content": content, "usage": usage}


def _succeeded(item: BatchItem) -> dict[str, Any]:
    return {"type": "succeeded", "message": _message(item.params.model)}


def _batch(size: int) -> dict[str, Any]:
    created, counts = "2026-01-01T00:00:00Z", {"succeeded": size}
    return {"id": "b", "processing_status": "ended", "created_at": created, "request_counts": counts}


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The app on a free port, read by the strict parser h11; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_level="error"))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
