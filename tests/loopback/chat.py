"""OpenAI's chat completions over the same server: bodies, replies, errors and rate-limit headers in its dialect.

Strict: an unknown field, a wrong type or a missing message is a 400 in OpenAI's words.
"""

import datetime as dt
import json
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.loopback.server import MessagesServer

__all__ = ["ChatServer", "as_messages", "chat_error_body", "completion_body"]

ROOMS = ("max_tokens", "max_completion_tokens")
FIELDS: dict[str, tuple[type, ...]] = {
    "model": (str,),
    "messages": (list,),
    "max_tokens": (int,),
    "max_completion_tokens": (int,),
    "response_format": (dict,),
    "reasoning_effort": (str,),
    "temperature": (int, float),
    "top_p": (int, float),
    "seed": (int,),
    "stop": (str, list),
}
KINDS = {"authentication_error": "invalid_request_error", "not_found_error": "invalid_request_error"}
STOPS = {"end_turn": "stop", "max_tokens": "length", "refusal": "content_filter"}


class ChatServer:
    """POST /v1/chat/completions, answered by a `MessagesServer` and entered into its bill."""

    def __init__(self, server: MessagesServer) -> None:
        self._server = server

    def routes(self) -> list[web.RouteDef]:
        """What it serves."""
        return [web.post("/v1/chat/completions", self.complete)]

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/chat/completions."""
        raw = await request.read()
        body = json.loads(raw)
        if wrong := self.fault(body):
            self._server.answers["400"] += 1
            return web.json_response(chat_error_body(wrong, "invalid_request_error"), status=400)
        response = await self._server.answer(request, raw, as_messages(body))
        if not isinstance(response, web.Response) or response.content_type != "application/json":
            return response
        assert isinstance(response.body, bytes)
        reply = json.loads(response.body)
        headers = _limits(response.headers)
        if not isinstance(reply, dict) or reply.get("type") not in ("message", "error"):
            return response  # a test's own
        value = completion_body(reply) if response.status == 200 else _error_of(reply)
        return web.json_response(value, status=response.status, headers=headers)

    def fault(self, body: dict[str, Any]) -> str:
        """What is wrong with a body, in OpenAI's words; "" if nothing is."""
        only = self._server.options.room
        for name, value in body.items():
            if name in ROOMS and only and name != only:
                return f"Unsupported parameter: '{name}' is not supported with this model. Use '{only}' instead."
            if name == "stream" and value is False:
                continue  # as gateways send it
            if name not in FIELDS:
                return f"Unrecognized request argument supplied: {name}"
            if not isinstance(value, FIELDS[name]) or isinstance(value, bool):
                return f"Invalid type for '{name}'."
        if not body.get("model") or not body.get("messages"):
            return "Missing required parameter: 'messages'."
        roles = [message.get("role") for message in body["messages"]]
        texts = all(isinstance(message.get("content"), str) and message["content"] for message in body["messages"])
        if roles not in (["system", "user"], ["user"]) or not texts:
            return "Invalid value: 'messages' must be a system and a user message with text."
        form = body.get("response_format")
        if form and not _is_schema(form):
            return "Invalid schema for response_format: name, strict and schema are needed."
        return ""


def _is_schema(form: dict[str, Any]) -> bool:
    described = form.get("json_schema")
    return form.get("type") == "json_schema" and isinstance(described, dict) and {"name", "schema"} <= described.keys()


def as_messages(body: dict[str, Any]) -> dict[str, Any]:
    """The body as the Messages API would have it."""
    *system, user = body["messages"]
    request: dict[str, Any] = {"model": body["model"], "messages": [user]}
    if system:
        request["system"] = system[0]["content"]
    if form := body.get("response_format"):
        request["output_config"] = {"format": {"type": "json_schema", "schema": form["json_schema"]["schema"]}}
    return request | {"max_tokens": next((body[name] for name in ROOMS if name in body), None)}


def completion_body(message: dict[str, Any]) -> dict[str, Any]:
    """A message of the Messages API as a chat completion."""
    usage = message["usage"]
    read, written = usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]
    prompt = usage["input_tokens"] + read + written
    text = "".join(block.get("text", "") for block in message["content"]) or None
    said = {"role": "assistant", "content": text, "reasoning_content": "Let me see.", "refusal": None}
    return {
        "id": "chatcmpl-loopback",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": message["model"],
        "choices": [
            {"index": 0, "message": said, "finish_reason": STOPS[message["stop_reason"]], "logprobs": None},
        ],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": usage["output_tokens"],
            "total_tokens": prompt + usage["output_tokens"],
            "prompt_tokens_details": {"cached_tokens": read},
        },
    }


def _error_of(reply: dict[str, Any]) -> dict[str, Any]:
    error = reply["error"]
    missing = error["type"] == "not_found_error"
    spent = (error.get("details") or {}).get("error_code") == "enforced_spend_limit_reached"
    code = "model_not_found" if missing else "insufficient_quota" if spent else None
    return chat_error_body(error["message"], KINDS.get(error["type"], error["type"]), code)


def chat_error_body(message: str, kind: str, code: str | None = None) -> dict[str, Any]:
    """An error in OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _limits(headers: Mapping[str, str]) -> dict[str, str]:
    """The rate-limit headers under OpenAI's names, resets as durations."""
    ours = {name: headers[name] for name in ("retry-after", "retry-after-ms") if name in headers}
    for theirs, kind in (("requests", "requests"), ("input-tokens", "tokens")):
        for part in ("limit", "remaining"):
            if value := headers.get(f"anthropic-ratelimit-{theirs}-{part}"):
                ours[f"x-ratelimit-{part}-{kind}"] = value
        if reset := headers.get(f"anthropic-ratelimit-{theirs}-reset"):
            seconds = dt.datetime.fromisoformat(reset).timestamp() - time.time()
            ours[f"x-ratelimit-reset-{kind}"] = f"{max(0.0, seconds):.3f}s"
    return ours
