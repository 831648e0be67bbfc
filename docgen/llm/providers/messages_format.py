"""The Messages API's wire format as pure functions: request to parameters, reply to completion."""

import json
from collections.abc import Mapping
from typing import Any

from docgen.llm.protocol import Completion, Request, Usage

__all__ = ["MalformedReply", "completion_of", "parameters"]

JSON_IN_TEXT = "Reply with one JSON object that follows this JSON schema, and with nothing else:\n{schema}"


class MalformedReply(ValueError):
    """A reply that is not a message of the Messages API."""


def parameters(request: Request, structured: bool = True, cached: bool = False) -> dict[str, Any]:
    """The JSON body for `request`.

    `structured` passes the schema in `output_config`; otherwise it goes into the prompt, for servers without structured
    output. `cached` sets a cache breakpoint after the system text.
    """
    schema = request.schema
    user = request.user
    if schema is not None and not structured:
        user = f"{user}\n\n{JSON_IN_TEXT.format(schema=json.dumps(schema))}"
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "messages": [{"role": "user", "content": _clean(user)}],
    }
    if request.system:
        system = _clean(request.system)
        block = {"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}
        # A plain string unless a breakpoint is needed: every compatible server accepts that.
        body["system"] = [block] if cached else system
    output: dict[str, Any] = {"effort": request.effort} if request.effort else {}
    if schema is not None and structured:
        output["format"] = {"type": "json_schema", "schema": schema}
    if output:
        body["output_config"] = output
    return {**body, **request.extra}


def _clean(text: str) -> str:
    """Replace lone surrogates, which UTF-8 cannot encode, by "?"."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def completion_of(message: Any) -> Completion:
    """The completion in a decoded reply: text blocks joined, thinking skipped. Raises `MalformedReply`."""
    if not isinstance(message, Mapping) or message.get("type") != "message":
        raise MalformedReply("the reply is not a message")
    content, stop = message.get("content"), message.get("stop_reason")
    if not isinstance(content, list) or not isinstance(stop, str):
        raise MalformedReply("the message lacks content or stop_reason")
    details, usage = message.get("stop_details"), message.get("usage")
    if not isinstance(usage, Mapping):
        raise MalformedReply("the message lacks usage")
    return Completion(
        text=_clean("".join(_text(block) for block in content)),
        stop_reason=stop,
        model=str(message.get("model") or ""),
        usage=Usage(
            input=_count(usage.get("input_tokens")),
            output=_count(usage.get("output_tokens")),
            cache_read=_count(usage.get("cache_read_input_tokens")),
            cache_write=_count(usage.get("cache_creation_input_tokens")),
        ),
        category=str(details.get("category") or "") if isinstance(details, Mapping) else "",
    )


def _text(block: Any) -> str:
    if not isinstance(block, Mapping):
        raise MalformedReply("a content block is not an object")
    text = block.get("text", "") if block.get("type") == "text" else ""
    if not isinstance(text, str):
        raise MalformedReply("a text block has no text")
    return text


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
