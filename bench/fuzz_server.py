"""A Messages server for bench/fuzz.py whose replies are odd from the k-th on; address: /ODD/FIRST below its own."""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from tests.loopback.compose import compose

__all__ = ["KEY", "ODD_REPLIES", "odd_server"]

KEY = "sk-test-fuzz-7319"
"""The key that commands are given; some replies hold it."""

USAGE = {"input_tokens": 900, "output_tokens": 400}


def message(text: Any, stop: Any = "end_turn", usage: Any = USAGE, **more: Any) -> dict[str, Any]:
    """A reply of the Messages API."""
    blocks = [{"type": "text", "text": text}] if isinstance(text, str) else text
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
        "content": blocks, "stop_reason": stop, "stop_sequence": None, "usage": usage,
    } | more  # fmt: skip


def raw(data: bytes | str, status: int = 200, **headers: str) -> Callable[[str], tuple[int, bytes, dict[str, str]]]:
    """A reply whose body does not depend on the request."""
    body = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    return lambda _text: (status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def error(kind: str, words: str, status: int) -> Callable[[str], tuple[int, bytes, dict[str, str]]]:
    """An error of the Messages API."""
    return raw(json.dumps({"type": "error", "error": {"type": kind, "message": words}}), status)


def changed(**fields: Any) -> Callable[[str], tuple[int, bytes, dict[str, str]]]:
    """The good reply with some fields replaced."""
    return lambda text: (200, json.dumps(message(text) | fields).encode(), {})


def rewritten(change: Callable[[str], Any]) -> Callable[[str], tuple[int, bytes, dict[str, str]]]:
    """The good reply with another text, or other content blocks."""
    return lambda text: (200, json.dumps(message(change(text))).encode(), {})


def charged(usage: Any) -> Callable[[str], tuple[int, bytes, dict[str, str]]]:
    """The good reply with another usage."""
    return changed(usage=usage)


ODD_REPLIES: tuple[Callable[[str], tuple[int, bytes, dict[str, str]]], ...] = (
    raw(b""), raw(b"\x00\xff\xfe"), raw("null"), raw("[]"), raw("7"), raw('{"type": "error"}'), raw("[" * 100_000),
    raw('{"type": "error", "error": {"type": "x", "message": "no such model"}}', 400),
    raw('{"error": {"message": ["a"], "type": 7}}', 400), raw("<html>gateway</html>", 502), raw("", 204),
    raw("{}", 200),
    error("authentication_error", f"{KEY} is no key", 401),
    error("x", f"Bearer {KEY}", 400), raw(f"you sent {KEY}", 200),
    rewritten(lambda text: f"{text} {KEY}"),
    raw("slow down", 429, retry_after="nonsense"), raw("slow down", 429, retry_after="-5"), raw("later", 529),
    raw("x", 302, location="http://127.0.0.1:9/"), raw("{}", 404), raw("{}", 422),
    changed(content=None), changed(content=[None]), changed(content=[{"type": "text"}]), changed(content={}),
    changed(content=[{"type": "text", "text": 7}]), changed(content=[{"type": "thinking", "thinking": "hm"}]),
    changed(stop_reason=None), changed(stop_reason="max_tokens"), changed(stop_reason="odd"), changed(stop_reason=7),
    changed(model=None), changed(model=7), changed(id=None), changed(role="user"),
    charged(None), charged({}), charged([]), charged({"input_tokens": "812", "output_tokens": 812.0}),
    charged({"input_tokens": -5, "output_tokens": True}), charged({"input_tokens": 10**400, "output_tokens": 1}),
    charged({"input_tokens": float("nan"), "output_tokens": 1e308}), charged({"input_tokens": {}, "output_tokens": []}),
    rewritten(lambda text: "<think>let me see</think>" + text), rewritten(lambda text: "<think>let me see " + text),
    rewritten(lambda text: "```\n" + text + "\n```"), rewritten(lambda text: "Sure [1]! " + text + "<|im_end|>"),
    rewritten(lambda text: text[: len(text) // 2]), rewritten(lambda text: text + "\x1b[2J\x07\x00"),
    rewritten(lambda text: text.replace("a", "\u202ea")), rewritten(lambda text: text.replace("<document>", "")),
    rewritten(lambda text: text.replace('"', "'")), rewritten(lambda text: text.replace("]", ",]")),
    rewritten(lambda text: text * 50), rewritten(lambda _text: ""), rewritten(lambda _text: "\ud800"),
    rewritten(lambda _text: "[bold]x[/nothing]"), rewritten(lambda _text: "{{ 7 * 7 }}{% for %}"),
    rewritten(lambda _text: "<decline>"), rewritten(lambda _text: "<document></document>"),
    rewritten(lambda _text: '{"types": [{"name": null}], "ideas": [null, {}, 7]}'),
    rewritten(lambda _text: "字" * 4000),
    rewritten(lambda text: [{"type": "text", "text": text[:20]}, {"type": "text", "text": text[20:]}]),
    rewritten(lambda text: [{"type": "tool_use", "id": "a", "name": "b", "input": {}}, {"type": "text", "text": text}]),
)  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """Answers well until the k-th request of an address."""

    protocol_version = "HTTP/1.1"
    counts: ClassVar[Counter[str]] = Counter()
    lock = threading.Lock()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """A message, or what takes its place."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        _, case, odd, first, *_ = self.path.split("/")
        with self.lock:
            self.counts[case] += 1
            number = self.counts[case]
        text = compose(body, random.Random(f"{case} {number}"))
        if number >= int(first):
            status, data, headers = ODD_REPLIES[int(odd)](text)
        else:
            status, data, headers = 200, json.dumps(message(text)).encode(), {}
        self.send_response(status)
        for name, value in ({"content-type": "application/json", "content-length": str(len(data))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        """No list of anything."""
        self.send_response(404)
        self.send_header("content-length", "0")
        self.end_headers()


@contextmanager
def odd_server() -> Iterator[str]:
    """The address of a server that lives as long as the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
