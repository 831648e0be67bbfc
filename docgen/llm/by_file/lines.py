"""One request, one line; one reply, one line: the formats that batch APIs and inference runners read and write.

Replies are recognised by their shape, line by line, so a file may contain any of the formats:

Messages batch   {"custom_id": ..., "result": {"type": "succeeded", "message": {...}}} OpenAI batch     {"custom_id":
..., "response": {"status_code": 200, "body": {...}}, "error": null} chat             {"custom_id": ..., "text": ...},
with "model", "stop_reason" and "usage" if known; or the whole body of a chat completion or a message next to the
custom_id
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from docgen.llm.errors import one_line
from docgen.llm.protocol import Completion, Request
from docgen.llm.providers.messages_format import MalformedReply, completion_of, parameters, server_words
from docgen.llm.providers.openai_format import ROOM, chat_completion_of, chat_parameters, messages_usage
from docgen.llm.providers.table import PROVIDERS

__all__ = ["FORMATS", "FileFormat", "ReplyLine", "find_format", "read_reply", "request_line"]

CHAT_COMPLETIONS = "/v1/chat/completions"
TEXTS = ("text", "generated_text", "completion")
"""Keys of the model's text in a plain line; the second is the name that vLLM's own and Ray Data's processors use."""
COUNTS = (("num_input_tokens", "num_generated_tokens"), ("prompt_tokens", "completion_tokens"))
"""Token counts in the line itself: Ray Data's, and others'."""


@dataclass(frozen=True)
class FileFormat:
    """A format of requests. `engine` is one whose servers read it; `halves` says whether such batches cost half."""

    name: str
    engine: str
    halves: bool
    item: Callable[[Request], dict[str, Any]]


FORMATS = (
    FileFormat("messages-batch", "anthropic", True, lambda request: {"params": parameters(request)}),
    FileFormat(
        "openai-batch",
        "openai",
        True,
        lambda request: {"method": "POST", "url": CHAT_COMPLETIONS, "body": chat_parameters(request, room=ROOM)},
    ),
    FileFormat("chat", "openai", False, lambda request: chat_parameters(request, structured=False)),
)
"""Every format of requests. The first one for a run's engine is the run's default."""


def find_format(name: str | None, engine: str) -> FileFormat | None:
    """The format of that name; without a name the first of an engine with the same protocol. None if there is none."""
    if name:
        return next((each for each in FORMATS if each.name == name), None)
    clients = {provider.name: provider.client for provider in PROVIDERS}
    return next((each for each in FORMATS if clients[each.engine] is clients.get(engine)), None)


def request_line(request: Request, form: FileFormat) -> bytes:
    """A request as one line without its newline; the request's key is the `custom_id`."""
    return to_json({"custom_id": request.key, **form.item(request)})


@dataclass(frozen=True)
class ReplyLine:
    """What a line says about the request `key`: a completion, or why there is none.

    `batched`: it came from a batch API, at that price. `kind` is the status or type of the failure.
    """

    key: str
    completion: Completion | None = None
    problem: str = ""
    kind: str = ""
    batched: bool = False


def read_reply(line: bytes) -> ReplyLine | None:
    """The reply on a line; None for a damaged line, which does not name a request or say anything about it."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    key = entry.get("custom_id", entry.get("key")) if isinstance(entry, dict) else None
    if not isinstance(key, str) or not key:
        return None
    try:
        if isinstance(result := entry.get("result"), Mapping):  # of a Messages batch
            if result.get("type") == "succeeded":
                return ReplyLine(key, completion_of(result.get("message")), batched=True)
            return _failed(key, result.get("error") or result.get("type"))
        if isinstance(response := entry.get("response"), Mapping):  # of an OpenAI batch
            error, status = entry.get("error"), response.get("status_code")
            if error or (isinstance(status, int) and status >= 400):
                return _failed(key, error or response.get("body"), str(status or ""))
            body = response if "choices" in response else response.get("body")
            return ReplyLine(key, chat_completion_of(body), batched=True)
        if wrong := entry.get("error") or entry.get("__inference_error__"):  # the second is Ray Data's
            return _failed(key, wrong)
        completion = _plain(entry)
        return None if completion is None else ReplyLine(key, completion)
    except MalformedReply as error:
        return ReplyLine(key, problem=one_line(str(error)), kind="malformed")


def _failed(key: str, error: Any, status: str = "") -> ReplyLine:
    kind, words = server_words(error if isinstance(error, Mapping) else {"error": error})
    problem = one_line(": ".join(filter(None, (kind, words)))) or f"failed with {status or 'no reason stated'}"
    return ReplyLine(key, problem=problem, kind=status if status.isdigit() and status != "200" else kind or "failed")


def _plain(entry: Mapping[str, Any]) -> Completion | None:
    """The completion on a line in neither batch format; None if it does not contain a model's text."""
    if "choices" in entry:
        return chat_completion_of(entry)
    if "content" in entry:
        return completion_of({name: value for name, value in entry.items() if name != "type"})
    text = next((entry[name] for name in TEXTS if isinstance(entry.get(name), str)), None)
    if text is None:
        return None
    usage = messages_usage(entry.get("usage"))
    counts = next(((entry[a], entry[b]) for a, b in COUNTS if a in entry and b in entry), None)
    if usage is None and counts:
        usage = {"input_tokens": counts[0], "output_tokens": counts[1]}
    stop = entry.get("stop_reason") or entry.get("finish_reason")
    message = {"content": text, "stop_reason": stop, "model": entry.get("model"), "usage": usage}
    return completion_of(message | {"stop_details": {"category": entry.get("category")}})
