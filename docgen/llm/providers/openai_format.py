"""The wire format of OpenAI's chat completions as pure functions: request to parameters, reply to completion."""

import json
from collections.abc import Mapping
from typing import Any

from docgen.llm.protocol import Completion, Request
from docgen.llm.providers.messages_format import (
    JSON_IN_TEXT,
    MalformedReply,
    completion_of,
    replace_surrogates,
    server_words,
)

__all__ = ["LEGACY_ROOM", "ROOM", "chat_completion_of", "chat_parameters"]

ROOM, LEGACY_ROOM = "max_completion_tokens", "max_tokens"
"""The field for the most tokens of a reply: OpenAI's own models only accept the first, many compatible servers only the
second."""
EFFORTS = {"max": "high"}
"""Efforts that have another name in the API; the rest have the same."""
STOP_REASONS = {"length": "max_tokens", "content_filter": "refusal"}
"""The Messages API's names for stop reasons that later steps look at."""


def chat_parameters(request: Request, structured: bool = True, room: str = LEGACY_ROOM) -> dict[str, Any]:
    """The JSON body for `request`.

    `structured` passes the schema in `response_format`; otherwise it goes into the prompt, for servers without
    structured output. `room` is the name of the field for the most tokens of the reply.
    """
    schema, user = request.schema, request.user
    if schema is not None and not structured:
        user = f"{user}\n\n{JSON_IN_TEXT.format(schema=json.dumps(schema))}"
    messages = [{"role": "system", "content": replace_surrogates(request.system)}] if request.system else []
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [*messages, {"role": "user", "content": replace_surrogates(user)}],
        room: request.max_tokens,
    }
    if request.effort:
        body["reasoning_effort"] = EFFORTS.get(request.effort, request.effort)
    if schema is not None and structured:
        described = {"name": request.stage, "schema": schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": described}
    return {**request.extra, **body}


def chat_completion_of(reply: Any) -> Completion:
    """The completion in a decoded reply: its first choice, thoughts left out.

    A paid text is kept whatever is wrong around it, as in the Messages API's `completion_of`, which reads the rest.
    Raises `MalformedReply` for a reply without a choice, in the server's own words if there are any.
    """
    choices = reply.get("choices") if isinstance(reply, Mapping) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(choice, Mapping) or not isinstance(message, Mapping):
        raise MalformedReply(_no_choice(reply))
    refusal, content = message.get("refusal"), message.get("content")
    refused = isinstance(refusal, str) and bool(refusal)
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    if not isinstance(blocks, list):
        raise MalformedReply(_no_choice(reply))
    thoughts = [{"type": "thinking"}] if message.get("reasoning_content") or message.get("reasoning") else []
    stop = choice.get("finish_reason")
    return completion_of(
        {
            "model": reply.get("model"),
            "content": [*thoughts, *blocks],
            "stop_reason": "refusal" if refused else STOP_REASONS.get(stop, stop) if isinstance(stop, str) else None,
            "usage": messages_usage(reply.get("usage")),
        }
    )


def messages_usage(usage: Any) -> Any:
    """Token counts under the Messages API's names: prompt tokens read from a cache are counted separately."""
    if not isinstance(usage, Mapping) or "prompt_tokens" not in usage:
        return usage
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, Mapping) else None
    prompt = usage["prompt_tokens"]
    if not _is_whole(prompt) or not _is_whole(cached) or cached > prompt:
        cached = 0
    fresh = prompt - cached if cached else prompt
    return {
        "input_tokens": fresh,
        "output_tokens": usage.get("completion_tokens"),
        "cache_read_input_tokens": cached,
    }


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _no_choice(reply: Any) -> str:
    if isinstance(reply, Mapping) and reply.get("type") == "message":
        return "the reply is in the format of the Anthropic Messages API; use --engine anthropic for this server"
    _, words = server_words(reply)
    return f"the reply is not a chat completion: {words or json.dumps(reply, default=str)[:200]}"  # two lines
