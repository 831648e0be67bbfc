"""Lines of requests and replies: every format there and back, and no line that breaks the reader."""

import json
import urllib.request
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen.llm.by_file.lines import FORMATS, FileFormat, read_reply, request_line
from docgen.llm.protocol import Usage
from tests.llm.support import SCHEMA, request
from tests.loopback import Loopback

USAGE = Usage(input=3, output=4)
PATHS = {"messages-batch": "/v1/messages", "openai-batch": "/v1/chat/completions", "chat": "/v1/chat/completions"}


def posted(url: str, body: dict[str, Any]) -> dict[str, Any]:
    call = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(call) as reply:
        value: dict[str, Any] = json.load(reply)
        return value


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
@pytest.mark.parametrize("schema", [None, SCHEMA], ids=["text", "schema"])
def test_what_a_line_asks_for_a_strict_server_answers_and_the_answer_is_read(
    form: FileFormat, schema: dict[str, Any] | None
) -> None:
    asked = request(1, schema=schema)
    line = json.loads(request_line(asked, form))
    key = line.pop("custom_id")
    assert key == asked.key
    with Loopback() as server:
        body = posted(server.url + PATHS[form.name], line.get("params") or line.get("body") or line)
    reply = read_reply(json.dumps({"custom_id": key, **wrapped(form.name, body)}).encode())
    assert reply is not None
    assert reply.completion is not None
    assert (reply.key, reply.batched) == (key, form.halves)
    assert reply.completion.ended
    assert reply.completion.usage_known
    assert bool(schema) == reply.completion.text.startswith("{")


def wrapped(form: str, body: dict[str, Any]) -> dict[str, Any]:
    """A reply as whoever reads this format writes it."""
    if form == "messages-batch":
        return {"result": {"type": "succeeded", "message": body}}
    return {"response": {"status_code": 200, "body": body}, "error": None} if form == "openai-batch" else body


@pytest.mark.parametrize(
    ("line", "text", "stop"),
    [
        ({"text": "hi", "usage": {"input_tokens": 3, "output_tokens": 4}}, "hi", "not stated"),
        ({"generated_text": "hi", "num_input_tokens": 3, "num_generated_tokens": 4}, "hi", "not stated"),
        ({"text": "hi", "finish_reason": "stop", "usage": {"prompt_tokens": 3, "completion_tokens": 4}}, "hi", "stop"),
    ],
)
def test_plain_lines_are_read_with_the_counts_that_they_have(line: dict[str, Any], text: str, stop: str) -> None:
    reply = read_reply(json.dumps({"custom_id": "00", **line}).encode())
    assert reply is not None
    assert reply.completion is not None
    assert (reply.completion.text, reply.completion.stop_reason, reply.completion.usage) == (text, stop, USAGE)


@pytest.mark.parametrize(
    ("line", "says", "kind"),
    [
        ({"result": {"type": "expired"}}, "expired", "failed"),
        (
            {"result": {"type": "errored", "error": {"error": {"type": "api_error", "message": "no"}}}},
            "no",
            "api_error",
        ),
        ({"response": {"status_code": 400, "body": {"error": {"message": "too long"}}}}, "too long", "400"),
        ({"response": {"status_code": 200, "body": {}}}, "not a chat completion", "malformed"),
        ({"response": None, "error": {"message": "no GPU"}}, "no GPU", "failed"),
        ({"__inference_error__": "out of memory", "generated_text": ""}, "out of memory", "failed"),
    ],
)
def test_rows_that_failed_say_why(line: dict[str, Any], says: str, kind: str) -> None:
    reply = read_reply(json.dumps({"custom_id": "00", **line}).encode())
    assert reply is not None
    assert reply.completion is None
    assert (says in reply.problem, reply.kind) == (True, kind)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["custom_id", "result", "response", "body", "choices", "message"]), inner)
        | st.dictionaries(st.sampled_from(["text", "usage", "error", "type", "content", "status_code"]), inner)
    ),
    max_leaves=12,
)


@given(JSON | st.binary())
def test_no_line_breaks_the_reader(value: Any) -> None:
    line = value if isinstance(value, bytes) else json.dumps(value).encode()
    reply = read_reply(line)
    assert reply is None or (reply.completion is None) == bool(reply.problem)


@given(JSON)
def test_no_reply_to_a_request_breaks_the_reader(value: Any) -> None:
    fields = value if isinstance(value, dict) else {"response": value}
    reply = read_reply(json.dumps({**fields, "custom_id": "00"}).encode())
    assert reply is None or (reply.completion is None) == bool(reply.problem)
