"""The Anthropic Messages API, and every server that speaks it: the only module that imports the SDK.

One HTTP attempt per call; retries, pacing and budget are wrappers (`docgen.llm.ratelimit`, `docgen.llm.cost.budget`).
The SDK finds the credentials and the address, sets the headers and provides its aiohttp transport, which requests use
directly with ready JSON. Its typed methods are bypassed: they take longer to build a request than the network takes to
carry it, and they accept a body that is not a message and return an object whose fields are not what their types say.
"""

import asyncio
import json
import os
import ssl
from collections.abc import Callable, Mapping
from contextlib import aclosing
from functools import cache
from typing import Any

import aiohttp
import anthropic
import httpx2
from pydantic_core import to_json

from docgen.errors import ConfigError, RequestFailed, StopRun
from docgen.llm.errors import Transient, first_words, one_line
from docgen.llm.protocol import Completion, Request
from docgen.llm.providers.anthropic_errors import from_error_body, from_status
from docgen.llm.providers.connection_errors import CONNECT_SECONDS, hidden, never_connected
from docgen.llm.providers.environment import (
    check_network,
    credential,
    expanded_headers,
    refuse_unnamed_address,
    server_address,
)
from docgen.llm.providers.messages_format import MalformedReply, completion_of, parameters, server_words
from docgen.llm.providers.reply_limits import ReplyRoom, is_too_long, whole_body
from docgen.llm.providers.table import Provider, find_provider
from docgen.text.output.secret_redaction import hide_bytes, remember_secrets, variables_in

__all__ = ["AnthropicLLM", "Observer"]

Observer = Callable[[Mapping[str, str]], None]
MESSAGES = "/v1/messages"
NO_KEY = "not-needed"
"""Sent to compatible servers that need no key; the SDK insists on one."""
SDK_KEY_VARIABLE = "ANTHROPIC_API_KEY"
"""The key of the service that the SDK was made for. Only a provider with that key gets what else the SDK reads for it:
profiles, ANTHROPIC_AUTH_TOKEN, ANTHROPIC_BASE_URL and ANTHROPIC_CUSTOM_HEADERS."""


class AnthropicLLM:
    """Calls a Messages API once per request.

    `provider` is the row of the table that it connects, Anthropic's by default. `api_key` and `base_url` default to the
    variables of that row, and for Anthropic's to what the SDK finds in a profile. `concurrency` is how many connections
    may be open, `timeout` the seconds one call may take. `headers` are sent with every request. `caches(request)` says
    whether to set a prompt-cache breakpoint after the system text. `observe` sees the headers of every response, failed
    ones included. `is_unnamed`: address and headers come from a run folder alone, and so get no key. Raises `Transient`
    if a retry may help.
    """

    models_path = "/v1/models?limit=1000"

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        concurrency: int = 64,
        timeout: float = 600.0,
        caches: Callable[[Request], bool] = lambda _: False,
        observe: Observer = lambda _: None,
        headers: Mapping[str, str] | None = None,
        is_unnamed: bool = False,
        provider: Provider | None = None,
    ) -> None:
        self._provider = provider or find_provider("anthropic")
        self.engine = self._provider.name
        self._caches, self._observe = caches, observe
        self._structured: bool | None = None
        self._reply_room = ReplyRoom()
        address = server_address(base_url, self._provider.address_variable)
        if is_unnamed:
            refuse_unnamed_address(self._provider, address, headers or {}, api_key)
        extra = expanded_headers(headers or {})
        self.timeout, self._http = timeout, _http_client(concurrency, timeout)
        self.client = _client(self._provider, self._http, api_key, address, extra)
        keys = (key for key in (self.client.api_key, self.client.auth_token) if key != NO_KEY)
        remember_secrets(*keys, *variables_in(os.environ))
        self.base_url = str(self.client.base_url).rstrip("/")
        self._headers = _common_headers(self.client, self._http, self.base_url)
        self._urls = {path: httpx2.URL(self.base_url + path) for path in (MESSAGES,)}

    def __repr__(self) -> str:
        return f"AnthropicLLM(base_url={self.base_url!r})"

    @property
    def structured(self) -> bool | None:
        """Whether the server supports `output_config`; None until it has been tried."""
        return self._structured

    @property
    def longest_reply(self) -> int | None:
        """The most tokens that a reply may have; None while the server has refused none for that."""
        return self._reply_room.most

    async def complete(self, request: Request) -> Completion:
        """Answer one request with one HTTP call, or more while it is not known what the server supports."""
        return await self._reply_room.fit(request, self._supported)

    async def _supported(self, request: Request) -> Completion:
        structured = self._structured is not False
        try:
            completion = await self._send(request, structured)
        except RequestFailed as error:
            is_settled = request.schema is None or not structured or self._structured
            if is_settled or error.kind not in ("400", "422") or is_too_long(error):
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
        """Make one HTTP call without retries; returns the decoded JSON, or with `stream` the open response.

        Raises what `complete` raises. A server that is still sending after the timeout counts as not answering.
        """
        try:
            async with asyncio.timeout(self.timeout):
                response = await self._exchange(method, path, body)
                if stream and response.is_success:
                    content = None  # left for the caller to read
                else:
                    async with aclosing(response):
                        content = hide_bytes(await whole_body(response.aiter_bytes()))
        except (httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:  # nothing was sent
            raise Transient("connection", f"no connection to {self.base_url} in time") from error
        except (httpx2.TimeoutException, TimeoutError) as error:
            message = f"no reply within {self.timeout:g} s (--timeout)"
            raise Transient("timeout", message, busy=True, maybe_billed=True) from error
        except (httpx2.HTTPError, aiohttp.ClientError, OSError) as error:
            if why := never_connected(error):
                raise Transient("connection", hidden(f"no connection to {self.base_url}: {why}")) from error
            raise Transient("connection", hidden(error), maybe_billed=True) from error
        self._observe(response.headers)
        if content is None:
            return response
        if not response.is_success:
            raise self._status_error(response, content)
        try:
            return _loads(content)
        except (ValueError, RecursionError) as error:
            message = f"the reply is not JSON: {hidden(first_words(content))}"
            raise Transient("malformed", message, maybe_billed=True) from error

    async def _exchange(self, method: str, path: str, body: bytes | None) -> httpx2.Response:
        """The response, body unread. Headers are merged once instead of by the client for every request."""
        url = self._urls.get(path) or (path if path.startswith("http") else self.base_url + path)
        waits = {"timeout": self._http.timeout.as_dict()}
        request = httpx2.Request(method, url, content=body, headers=self._headers, extensions=waits)
        request.headers.encoding = "utf-8"
        if body is None:
            request.headers.pop("content-type", None)
        return await self._http.send(request, stream=True, auth=self.client.custom_auth)

    async def _send(self, request: Request, structured: bool) -> Completion:
        body = to_json(parameters(request, structured, self._caches(request)))
        reply = await self.call("POST", MESSAGES, body)
        try:
            return completion_of(reply)
        except MalformedReply as error:
            kind, words = server_words(reply)
            if words and "content" not in reply:
                raise from_error_body(kind, hidden(words), self._provider.key_variable) from error
            raise Transient("malformed", hidden(error), maybe_billed=True) from error

    def _status_error(self, response: httpx2.Response, content: bytes) -> RequestFailed | StopRun:
        code = ""
        try:
            body = json.loads(content)
            kind, message = server_words(body)
            code = str((body["error"].get("details") or {}).get("error_code") or "")
        except (ValueError, RecursionError):
            kind = message = ""
        except (KeyError, TypeError, AttributeError):
            pass
        message = message or first_words(content)
        key_variable = self._provider.key_variable
        return from_status(response.status_code, kind, code, hidden(message), response.headers, key_variable)


def _loads(content: bytes) -> Any:
    """Parse JSON; a number with more digits than Python can read becomes infinity, so that the rest is not lost."""
    try:
        return json.loads(content)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return json.loads(content, parse_int=float)


def _http_client(concurrency: int, timeout: float) -> httpx2.AsyncClient:
    """The SDK's aiohttp transport. Redirects are not followed: only a mistyped address would have one."""
    limits = httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    waits = httpx2.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout))
    check_network()
    try:
        trusted = _trusted(*map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR")))
        return anthropic.DefaultAioHttpClient(limits=limits, timeout=waits, follow_redirects=False, verify=trusted)
    except (ValueError, OSError, httpx2.InvalidURL) as error:
        fix = "See HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR"
        raise ConfigError(f"the network settings cannot be used: {one_line(str(error))}", "environment", fix) from error


@cache
def _trusted(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """The certificates that the environment names, or the usual ones: read once, since that takes 20 ms."""
    return httpx2.create_ssl_context()


def _common_headers(client: anthropic.AsyncAnthropic, http: httpx2.AsyncClient, url: str) -> httpx2.Headers:
    """What every request with a body carries, each name once; of two values the later counts, as in the SDK.

    The SDK's defaults, a profile's headers and ANTHROPIC_CUSTOM_HEADERS come in one dict, where `Content-Type` and
    `content-type` are two entries. Both would be sent, joined to "application/json, application/json", which FastAPI
    (and so vLLM and LiteLLM) does not accept as JSON.
    """
    own = httpx2.Headers(encoding="utf-8")
    for name, value in client.default_headers.items():
        if isinstance(value, str):
            own[name] = value
    own["content-type"] = "application/json"
    common = http.build_request("POST", url, headers=own, content=b"").headers
    for name in ("content-length", "transfer-encoding"):
        common.pop(name, None)
    return common


def _client(
    provider: Provider, http: httpx2.AsyncClient, api_key: str | None, address: str | None, headers: Mapping[str, str]
) -> anthropic.AsyncAnthropic:
    key, token = (api_key, None) if api_key else _credentials(provider)
    has_credentials = {"authorization", "x-api-key"} & {name.lower() for name in headers}
    if not (key or token) and (address is not None or has_credentials):
        key = NO_KEY
    is_sdks_own = provider.key_variable == SDK_KEY_VARIABLE
    where, fix = f"--engine {provider.name}", f"Set {provider.key_variable}, or give --base-url"
    if not (key or token or is_sdks_own):  # the SDK would send Anthropic's
        raise ConfigError("no API key", where, fix)
    if address is None and (not is_sdks_own or provider.address_variable in os.environ):
        address = provider.address  # a variable that is set but empty would be an address to the SDK
    plain = address.removesuffix("/").removesuffix("/v1") if address else None
    try:
        client = anthropic.AsyncAnthropic(
            api_key=key, auth_token=token, base_url=plain, max_retries=0, http_client=http, default_headers=headers
        )
    except (anthropic.AnthropicError, ValueError) as error:
        raise ConfigError(f"no usable credentials: {one_line(str(error))}", where, fix) from error
    if client.api_key is None and client.auth_token is None and client.credentials is None:
        raise ConfigError("no API key", where, fix)
    if not is_sdks_own:
        client._custom_headers = headers  # without those of ANTHROPIC_CUSTOM_HEADERS
    return client


def _credentials(provider: Provider) -> tuple[str | None, str | None]:
    """The key of the environment, or else the token; both are checked."""
    key = credential(provider.key_variable)
    token = credential(provider.token_variable) if provider.token_variable else None
    return key, None if key else token
