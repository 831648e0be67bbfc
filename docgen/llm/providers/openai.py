"""OpenAI's chat completions, and every server that speaks them: vLLM, SGLang, llama.cpp, Ollama, OpenRouter, ...

One HTTP attempt per call, by aiohttp; retries, pacing and budget are wrappers (`docgen.llm.ratelimit`,
`docgen.llm.cost.budget`). OpenAI's SDK is not needed: a request is one POST of JSON, and its typed replies would have
to be taken apart again, to keep what is paid for whatever else is wrong.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pydantic_core import to_json

from docgen import __version__
from docgen.errors import ConfigError, RequestFailed, StopRun
from docgen.llm.errors import Transient, first_words
from docgen.llm.protocol import Completion, Request
from docgen.llm.providers.connection_errors import CONNECT_SECONDS, hidden, never_connected
from docgen.llm.providers.environment import (
    check_network,
    credential,
    expanded_headers,
    refuse_unnamed_address,
    server_address,
)
from docgen.llm.providers.messages_format import MalformedReply
from docgen.llm.providers.openai_errors import chat_error, chat_error_in_reply, stated_limits
from docgen.llm.providers.openai_format import LEGACY_ROOM, ROOM, chat_completion_of, chat_parameters
from docgen.llm.providers.reply_limits import ReplyRoom, is_too_long, whole_body
from docgen.llm.providers.table import Provider, find_provider
from docgen.text.output.secret_redaction import hide_bytes, remember_secrets, variables_in

__all__ = ["ChatLLM"]

CHAT = "/chat/completions"
JSON = "application/json"
REFUSED = ("400", "422")
"""Statuses by which a server says that it does not know a field of the request."""


class ChatLLM:
    """Calls chat completions once per request.

    `provider` is the row of the table that it connects, OpenAI's by default. `api_key` and `base_url` default to the
    variables of that row; a server other than the provider's own needs no key. An address without a path gets "/v1".
    `concurrency` is how many connections may be open, `timeout` the seconds one call may take. `headers` are sent with
    every request. `observe` sees the rate limits of every response, failed ones included. `is_unnamed`: the address
    comes from a run folder alone, and gets no key. Raises `Transient` if a retry may help.
    """

    models_path = "/models"

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        concurrency: int = 64,
        timeout: float = 600.0,
        observe: Callable[[Mapping[str, str]], None] = lambda _: None,
        headers: Mapping[str, str] | None = None,
        is_unnamed: bool = False,
        provider: Provider | None = None,
    ) -> None:
        self._provider = provider or find_provider("openai")
        self.engine = self._provider.name
        address = server_address(base_url, self._provider.address_variable)
        if is_unnamed:
            refuse_unnamed_address(self._provider, address, headers or {}, api_key)
        extra = expanded_headers(headers or {})
        key = api_key or credential(self._provider.key_variable)
        self._headers = _headers(self._provider, key, extra, needs_key=address is None)
        remember_secrets(key, *variables_in(os.environ))
        check_network()
        # People leave "/v1" out; an address with a path is taken as it is, since some servers' paths end differently.
        plain = (address or self._provider.address).rstrip("/").removesuffix(CHAT)
        self.base_url, self.timeout = plain if urlsplit(plain).path else f"{plain}/v1", timeout
        self._observe, self._concurrency = observe, concurrency
        self._room = ROOM if (urlsplit(self.base_url).hostname or "").endswith("openai.com") else LEGACY_ROOM
        self._structured: bool | None = None
        self._room_known = False
        self._reply_room = ReplyRoom()
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"ChatLLM(base_url={self.base_url!r})"

    @property
    def structured(self) -> bool | None:
        """Whether the server supports `response_format`; None until it has been tried."""
        return self._structured

    @property
    def longest_reply(self) -> int | None:
        """The most tokens that a reply may have; None while the server has refused none for that."""
        return self._reply_room.most

    async def complete(self, request: Request) -> Completion:
        """Answer one request with one HTTP call, or more while it is not known what the server supports."""
        return await self._reply_room.fit(request, self._supported)

    async def _supported(self, request: Request) -> Completion:
        structured, room = self._structured is not False, self._room
        while True:
            try:
                completion = await self._send(request, structured, room)
            except RequestFailed as error:
                if error.kind not in REFUSED:
                    raise
                if not self._room_known and room == self._room and ROOM in error.message:
                    room = ROOM if room == LEGACY_ROOM else LEGACY_ROOM
                elif is_too_long(error):
                    raise
                elif request.schema is not None and structured and self._structured is None:
                    structured = False
                else:
                    raise
                continue
            self._room, self._room_known = room, True
            if request.schema is not None:
                self._structured = structured
            return completion

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def room(self) -> str:
        """The name of the field for the most tokens of a reply, as far as it is known."""
        return self._room

    async def stream(self, path: str) -> AsyncIterator[bytes]:
        """The body of a GET in pieces, however long it is; raises what `call` raises, and whatever interrupts it.

        Raises TimeoutError when nothing comes for `timeout` seconds.
        """
        waits = aiohttp.ClientTimeout(total=None, connect=min(CONNECT_SECONDS, self.timeout), sock_read=self.timeout)
        async with self._open().get(self._url(path), timeout=waits) as reply:
            if reply.status >= 300:
                content = hide_bytes(await whole_body(reply.content.iter_any()))
                headers = _plain(reply.headers)
                raise self._error(reply.status, content, headers)
            async for part in reply.content.iter_any():
                yield part

    async def call(self, method: str, path: str, body: bytes | None = None, content_type: str = JSON) -> Any:
        """Make one HTTP call without retries; returns the decoded JSON. Raises what `complete` raises.

        A server that is still sending after the timeout counts as not answering.
        """
        own = {"content-type": content_type}
        try:
            async with (
                asyncio.timeout(self.timeout),
                self._open().request(method, self._url(path), data=body, headers=own) as reply,
            ):
                status, headers = reply.status, _plain(reply.headers)
                content = hide_bytes(await whole_body(reply.content.iter_any()))
        except aiohttp.ConnectionTimeoutError as error:  # nothing was sent
            raise Transient("connection", f"no connection to {self.base_url} in time") from error
        except TimeoutError as error:
            message = f"no reply within {self.timeout:g} s (--timeout)"
            raise Transient("timeout", message, busy=True, maybe_billed=True) from error
        except (aiohttp.ClientError, OSError) as error:
            if why := never_connected(error):
                raise Transient("connection", hidden(f"no connection to {self.base_url}: {why}")) from error
            raise Transient("connection", hidden(error), maybe_billed=True) from error
        waits: dict[str, str] = {name: headers[name] for name in ("retry-after", "retry-after-ms") if name in headers}
        self._observe({**stated_limits(headers), **waits})
        if status >= 300:
            raise self._error(status, content, headers)
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            message = f"the reply is not JSON: {hidden(first_words(content))}"
            raise Transient("malformed", message, maybe_billed=True) from error

    def _error(self, status: int, content: bytes, headers: Mapping[str, str]) -> RequestFailed | StopRun:
        head = hidden(first_words(content))
        return chat_error(status, _json_or_none(content), head, headers, self._provider.key_variable)

    def _url(self, path: str) -> str:
        return self.base_url + path

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._concurrency),
                timeout=aiohttp.ClientTimeout(total=None, connect=min(CONNECT_SECONDS, self.timeout)),
                headers=self._headers,
                trust_env=True,
                max_field_size=1 << 16,  # a longer header than aiohttp's 8,190 bytes would lose a paid reply
            )
        return self._session

    async def _send(self, request: Request, structured: bool, room: str) -> Completion:
        reply = await self.call("POST", CHAT, to_json(chat_parameters(request, structured, room)))
        try:
            return chat_completion_of(reply)
        except MalformedReply as error:
            if stated := chat_error_in_reply(reply, self._provider.key_variable):
                raise stated from error
            raise Transient("malformed", hidden(error), maybe_billed=True) from error


def _headers(provider: Provider, key: str | None, extra: Mapping[str, str], needs_key: bool) -> dict[str, str]:
    """The headers of every request. Raises `ConfigError` if the provider's own server would not get a key."""
    own = {"accept": JSON, "user-agent": f"docgen/{__version__}"}
    lower = {name.lower() for name in extra}
    if key and "authorization" not in lower:
        own["authorization"] = f"Bearer {key}"
    elif needs_key and not lower & {"authorization", "api-key", "x-api-key"}:
        raise ConfigError("no API key", f"--engine {provider.name}", f"Set {provider.key_variable}, or give --base-url")
    return own | dict(extra)


def _plain(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _json_or_none(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
