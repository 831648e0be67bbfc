"""The Anthropic Messages API, and every server that speaks it: the only module that imports the SDK.

One HTTP attempt per call: retries, pacing and budget are wrapped around it (`docgen.llm.rate`, `docgen.llm.budget`).
The SDK's typed models are bypassed on the way back: a reply is taken as JSON and checked in `docgen.llm.messages`,
because the SDK accepts a body that is no message and hands out an object whose fields are not what their types say.
"""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

import anthropic
import httpx2
from pydantic_core import to_json

from docgen.errors import ConfigError, RequestFailed, StopRun
from docgen.llm.errors_map import Transient, from_status, one_line
from docgen.llm.messages import MalformedReply, completion_of, parameters
from docgen.llm.protocol import Completion, Request

__all__ = ["AnthropicLLM", "Observer"]

Observer = Callable[[Mapping[str, str]], None]
CONNECT_SECONDS = 10.0
JSON_BODY: Any = {"headers": {"content-type": "application/json"}}
NO_KEY = "not-needed"
"""Sent to compatible servers that want no key; the SDK insists on one."""
NO_KEY_FIX = "Set ANTHROPIC_API_KEY, or give --base-url"


class AnthropicLLM:
    """Calls a Messages API once per request.

    `api_key` and `base_url` default to what the SDK finds in the environment or in a profile. `concurrency` is how many
    connections may be open, `timeout` the seconds one call may take. `caches(request)` says whether to set a
    prompt-cache breakpoint after the system text. `observe` sees the headers of every response, failed ones included.
    Raises `Transient` where trying again may help.
    """

    engine = "anthropic"

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        concurrency: int = 64,
        timeout: float = 600.0,
        caches: Callable[[Request], bool] = lambda _: False,
        observe: Observer = lambda _: None,
    ) -> None:
        self._caches, self._observe = caches, observe
        self._structured: bool | None = None
        self.client = _client(api_key, base_url, concurrency, timeout)

    def __repr__(self) -> str:
        return f"AnthropicLLM(base_url={str(self.client.base_url)!r})"

    @property
    def structured(self) -> bool | None:
        """Whether the server takes `output_config`; None before it was tried."""
        return self._structured

    async def complete(self, request: Request) -> Completion:
        """Answer one request with one HTTP call, or two when structured output turns out not to be served."""
        structured = self._structured is not False
        try:
            completion = await self._send(request, structured)
        except RequestFailed as error:
            if request.schema is None or not structured or self._structured or error.kind not in ("400", "422"):
                raise
            completion = await self._send(request, structured=False)
            self._structured = False
        else:
            if request.schema is not None and structured:
                self._structured = True
        return completion

    async def aclose(self) -> None:
        """Close the connections."""
        await self.client.close()

    async def call(self, method: str, path: str, body: bytes | None = None, stream: bool = False) -> Any:
        """One HTTP call without retries; the decoded JSON, or with `stream` the open response. Raises as `complete`.

        The body is JSON already: the SDK takes several times as long to make it from a dict.
        """
        try:
            response = await self._http(method, path, body, stream)
        except anthropic.APIStatusError as error:
            self._observe(error.response.headers)
            raise self._status_error(error) from None
        except anthropic.APITimeoutError as error:
            raise Transient("timeout", "no reply in time", busy=True, maybe_billed=True) from error
        except anthropic.APIConnectionError as error:
            raise Transient("connection", self._hidden(error.__cause__ or error), maybe_billed=True) from error
        except httpx2.HTTPError as error:
            raise Transient("connection", self._hidden(error), maybe_billed=True) from error
        self._observe(response.headers)
        return response if stream else _decoded(response)

    async def _send(self, request: Request, structured: bool) -> Completion:
        body = to_json(parameters(request, structured, self._caches(request)))
        reply = await self.call("post", "/v1/messages", body)
        try:
            return completion_of(reply)
        except MalformedReply as error:
            raise Transient("malformed", str(error), maybe_billed=True) from error

    async def _http(self, method: str, path: str, body: bytes | None, stream: bool) -> httpx2.Response:
        if method == "get":
            return await self.client.get(path, cast_to=httpx2.Response, stream=stream)
        return await self.client.post(path, content=body, cast_to=httpx2.Response, options=JSON_BODY)

    def _status_error(self, error: anthropic.APIStatusError) -> RequestFailed | StopRun:
        message = self._hidden(error.api_message or error.message)
        return from_status(
            error.status_code, str(error.type or ""), str(error.error_code or ""), message, error.response.headers
        )

    def _hidden(self, error: object) -> str:
        """The error's words, with the key blotted out should a server or a proxy have echoed it."""
        text = str(error) or type(error).__name__
        for secret in (self.client.api_key, self.client.auth_token):
            if secret and secret != NO_KEY:
                text = text.replace(secret, "[key]")
        return one_line(text)


def _decoded(response: httpx2.Response) -> Any:
    try:
        return json.loads(response.content)
    except ValueError as error:
        head = one_line(response.text[:60])
        raise Transient("malformed", f"the reply is no JSON: {head}", maybe_billed=True) from error


def _client(api_key: str | None, base_url: str | None, concurrency: int, timeout: float) -> anthropic.AsyncAnthropic:
    address = base_url or os.environ.get("ANTHROPIC_BASE_URL")
    if address is not None and not address.startswith(("http://", "https://")):
        raise ConfigError(f"{address!r} is no http(s) URL", "--base-url", "Give the server's address, http://host:port")
    keyless = not (api_key or os.environ.get("ANTHROPIC_API_KEY") or os.environ.get("ANTHROPIC_AUTH_TOKEN"))
    if keyless and address is not None:
        api_key = NO_KEY
    limits = httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    try:
        client = anthropic.AsyncAnthropic(
            api_key=api_key,
            base_url=address.removesuffix("/").removesuffix("/v1") if address else None,
            max_retries=0,
            timeout=httpx2.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
            http_client=anthropic.DefaultAioHttpClient(limits=limits),
        )
    except (anthropic.AnthropicError, ValueError) as error:
        raise ConfigError(f"no usable credentials: {one_line(str(error))}", "--engine anthropic", NO_KEY_FIX) from error
    if client.api_key is None and client.auth_token is None and client.credentials is None:
        raise ConfigError("no API key", "--engine anthropic", NO_KEY_FIX)
    return client
