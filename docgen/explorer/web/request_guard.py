"""Guards the server: requests to this very address only, writes from its own pages only, under a strict policy."""

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["POLICY", "TOKEN_HEADER", "Guard"]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
TOKEN_HEADER = "x-docgen-token"
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
MOST_BYTES = 1 << 20
"""Most bytes of a request's body: a label with its note is a thousandth of that."""


class Guard:
    """Middleware. A foreign Host means a page whose name was pointed here; a foreign Origin one that sends forms."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], token: str) -> None:
        self._app, self._hosts, self._token = app, hosts, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(str(scope["method"]), headers)
        if refusal:
            await PlainTextResponse(refusal, status_code=403, headers=HEADERS)(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    own[name] = value
                if not str(scope["path"]).startswith("/static/"):
                    own["cache-control"] = "no-store"
            await send(message)

        await self._app(scope, receive, with_headers)

    def _refusal(self, method: str, headers: Headers) -> str:
        host = headers.get("host", "")
        if host not in self._hosts:
            return "docgen view does not answer under this address."
        if method in ("GET", "HEAD"):
            return ""
        origin = headers.get("origin", "")
        if origin and urlsplit(origin).netloc != host:
            return "Only docgen's own pages may write."
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "Only docgen's own pages may write."
        length = headers.get("content-length") or "0"
        if not (length.isdecimal() and len(length) < 20 and int(length) <= MOST_BYTES):
            return "This is too long for a label."
        if not origin and not headers.get(TOKEN_HEADER):
            return "Writes need an Origin, or the token of this server in a header."
        return ""

    @staticmethod
    def same(token: str, sent: str) -> bool:
        """Whether the token is right, compared in constant time."""
        return hmac.compare_digest(token.encode(), sent.encode())
