"""The Messages API's wire format as pure functions: request to parameters, reply to completion."""

import json
from collections.abc import Mapping
from typing import Any

from docgen.llm.protocol import NOT_STATED, Completion, Request, Usage

__all__ = [
    "JSON_IN_TEXT",
    "MalformedReply",
    "completion_of",
    "parameters",
    "read_usage",
    "replace_surrogates",
    "server_words",
]

MOST_TOKENS = 10**9
"""More tokens than any request can use: a larger count is the server's error."""
LONGEST_TOKEN = 50
"""Most characters of a token: tokens of running text have three to five, and only runs of spaces or dashes come near
this."""
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
        "messages": [{"role": "user", "content": replace_surrogates(user)}],
    }
    if request.system:
        system = replace_surrogates(request.system)
        block = {"type": "text", "text": system, "cache_control": {"type": "ephemeral"}}
        # A plain string unless a breakpoint is needed: every compatible server accepts that.
        body["system"] = [block] if cached else system
    output: dict[str, Any] = {"effort": request.effort} if request.effort else {}
    if schema is not None and structured:
        output["format"] = {"type": "json_schema", "schema": schema}
    if output:
        body["output_config"] = output
    return {**request.extra, **body}


def replace_surrogates(text: str) -> str:
    """Replace lone surrogates, which UTF-8 cannot encode, by "?"."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def completion_of(message: Any) -> Completion:
    """The completion in a decoded reply; its text blocks joined, thinking skipped.

    A paid text is kept whatever else is wrong: a missing stop reason is "not stated", unbelievable usage is marked as
    such (`usage_known`). Raises `MalformedReply`, in the server's own words if there are any, for a reply that is not a
    message.
    """
    if not isinstance(message, Mapping) or message.get("type", "message") != "message":
        raise MalformedReply(_no_message(message))
    content, stop, details = message.get("content", False), message.get("stop_reason"), message.get("stop_details")
    if content is not None and not isinstance(content, list | str):
        raise MalformedReply(_no_message(message))
    text = replace_surrogates(content if isinstance(content, str) else "".join(map(_text, content or ())))
    thought = isinstance(content, list) and any(
        isinstance(block, Mapping) and block.get("type") in ("thinking", "redacted_thinking") for block in content
    )
    usage = read_usage(message.get("usage"))
    if usage is not None and usage.output * LONGEST_TOKEN < len(text):  # far too few for the text that came with it
        usage = None
    return Completion(
        text=text,
        stop_reason=stop if isinstance(stop, str) and stop else NOT_STATED,
        model=str(message.get("model") or ""),
        usage=usage or Usage(),
        usage_known=usage is not None,
        thought=thought,
        category=str(details.get("category") or "") if isinstance(details, Mapping) else "",
    )


def _no_message(reply: Any) -> str:
    if isinstance(reply, Mapping) and isinstance(reply.get("choices"), list):
        return "the reply is in the format of the OpenAI API; docgen needs a server of the Anthropic Messages API"
    _, words = server_words(reply)
    return f"the reply is not a message of the Messages API: {words or json.dumps(reply)[:200]}"  # two lines


def _text(block: Any) -> str:
    """The text of a block; "" for thoughts, null and whatever else a server puts there."""
    text = block.get("text") if isinstance(block, Mapping) and block.get("type", "text") == "text" else ""
    return text if isinstance(text, str) else ""


def server_words(reply: Any) -> tuple[str, str]:
    """(type, message) of an error body, each "" if missing.

    Understands the Messages API's own form, OpenAI's, FastAPI's (`detail`), and a bare `error` or `message`.
    """
    if not isinstance(reply, Mapping):
        return "", ""
    error = reply.get("error", reply.get("detail", reply))
    if isinstance(error, list):
        return "", "; ".join(filter(None, map(_detail, error)))
    if not isinstance(error, Mapping):
        return "", error if isinstance(error, str) else ""
    kind, message = error.get("type"), error.get("message") or error.get("msg") or error.get("detail")
    return kind if isinstance(kind, str) else "", message if isinstance(message, str) else ""


def _detail(entry: Any) -> str:
    """One finding of FastAPI's validation: where and what."""
    if not isinstance(entry, Mapping):
        return entry if isinstance(entry, str) else ""
    place = entry.get("loc")
    where = ".".join(map(str, place)) + ": " if isinstance(place, list) else ""
    return f"{where}{entry.get('msg', '')}"


def read_usage(usage: Any) -> Usage | None:
    """The tokens that a reply states, or None if they are not believable.

    Whole numbers are accepted however they are written (812, 812.0, "812"). Input and output must both be there, and
    none may be negative: a wrong bill must not pass for a small one.
    """
    if not isinstance(usage, Mapping):
        return None
    needed = (usage.get("input_tokens"), usage.get("output_tokens"))
    optional = (usage.get("cache_read_input_tokens"), usage.get("cache_creation_input_tokens"))
    counts = [*map(_count, needed), *(0 if value is None else _count(value) for value in optional)]
    valid = [count for count in counts if count is not None]
    if len(valid) < len(counts):
        return None
    return Usage(input=valid[0], output=valid[1], cache_read=valid[2], cache_write=valid[3])


def _count(value: Any) -> int | None:
    """A number of tokens, None for what is not one."""
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        return None
    return int(number) if 0 <= number <= MOST_TOKENS and number.is_integer() else None
