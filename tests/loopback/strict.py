"""Headers as strict servers read them: a request with a doubled or joined header is turned away and noted.

aiohttp alone takes what FastAPI refuses: a "content-type: application/json, application/json" is no JSON to FastAPI.
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from email.message import Message

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage
from aiohttp.typedefs import Middleware

from tests.loopback.server import error_body

__all__ = ["header_faults", "noting", "strict"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SINGLE = ("anthropic-version", "authorization", "content-length", "content-type", "host", "x-api-key")
"""Headers whose value is never a list (RFC 9110, 5.5): a comma in one means that two were joined."""


def header_faults(headers: Iterable[tuple[bytes, bytes]], body: bool, upload: bool = False) -> list[str]:
    """What is wrong with a request's headers, in words; `body`: it has one, `upload`: which is a form with a file."""
    rows = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers]
    times = Counter(name for name, _ in rows)
    faults = [f"{name} is sent {count} times" for name, count in times.items() if count > 1]
    faults += [f"{name} holds joined values: {value}" for name, value in rows if _joined(name, value)]
    if "content-length" in times and "transfer-encoding" in times:
        faults.append("both content-length and transfer-encoding are sent")
    content_type = dict(rows).get("content-type", "")
    if upload and not content_type.startswith("multipart/form-data; boundary="):
        faults.append(f"the upload's content-type is not that of a form: {content_type!r}")
    elif body and not upload and not _is_json(content_type):
        faults.append(f"the body's content-type is not JSON: {content_type!r}")
    return faults


def _joined(name: str, value: str) -> bool:
    parts = [part.strip().lower() for part in value.split(",")]
    return len(set(parts)) < len(parts) or (name in SINGLE and len(parts) > 1)


def _is_json(content_type: str) -> bool:
    """As FastAPI decides it: by the standard library's parser of MIME headers."""
    message = Message()
    message["content-type"] = content_type
    return message.get_content_type() == "application/json"


def strict(malformed: list[str]) -> Middleware:
    """Answers 400 to a request with malformed headers, and appends to `malformed` what is wrong with it."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        faults = header_faults(request.raw_headers, request.body_exists, request.path == "/v1/files")
        if not faults:
            return await handler(request)
        malformed.append(f"{request.method} {request.path}: {'; '.join(faults)}")
        return web.json_response(error_body("invalid_request_error", malformed[-1]), status=400)

    return check


def noting(malformed: list[str]) -> logging.Logger:
    """A logger for aiohttp's server that appends what its parser turns away before any handler sees it."""

    def note(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, BadHttpMessage):
            malformed.append(f"aiohttp's parser: {error.message}")
        return True

    logger = logging.Logger("tests.loopback")
    logger.parent = logging.getLogger("aiohttp.server")
    logger.addFilter(note)
    return logger
