"""The Message Batches API over a provider's connection: thin, one HTTP call each."""

import datetime as dt
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2
from pydantic_core import to_json

from docgen.llm.protocol import Request
from docgen.llm.providers.anthropic import LARGEST_REPLY, AnthropicLLM
from docgen.llm.providers.anthropic_errors import Transient
from docgen.llm.providers.messages_format import parameters

__all__ = ["BatchAPI", "BatchView"]

PATH = "/v1/messages/batches"
PAGE = 100
EPOCH = dt.datetime.fromtimestamp(0, dt.UTC)


@dataclass(frozen=True)
class BatchView:
    """A batch as the server describes it. `status`: in_progress, canceling or ended."""

    id: str
    status: str
    created: dt.datetime
    counts: Mapping[str, int]
    cancelled: bool

    @property
    def size(self) -> int:
        """Number of its requests."""
        return sum(self.counts.values())


class BatchAPI:
    """Creating, finding, reading and cancelling batches. Raises as `AnthropicLLM.call` does, without retries."""

    def __init__(self, provider: AnthropicLLM) -> None:
        self._provider = provider

    def item(self, request: Request) -> bytes:
        """One request as a batch carries it, in JSON; its key is the `custom_id`.

        Without a cache breakpoint: items of a batch do not see each other's cache, and writing it costs more.
        """
        structured = self._provider.structured is not False
        return to_json({"custom_id": request.key, "params": parameters(request, structured)})

    async def create(self, items: Sequence[bytes]) -> BatchView:
        """Create a batch. Not repeatable: there is no idempotency key, so a lost reply may have created it."""
        return _view(await self._provider.call("POST", PATH, b'{"requests":[' + b",".join(items) + b"]}"))

    async def retrieve(self, batch: str) -> BatchView:
        """One batch as it stands."""
        return _view(await self._provider.call("GET", _path(batch)))

    async def cancel(self, batch: str) -> BatchView:
        """Ask to cancel; what was worked on already is paid for and keeps its results."""
        return _view(await self._provider.call("POST", _path(batch, "/cancel"), b"{}"))

    async def since(self, moment: dt.datetime) -> list[BatchView]:
        """Batches created at or after `moment`, newest first."""
        found: dict[str, BatchView] = {}
        after = ""
        while True:
            views, more = _page(await self._provider.call("GET", f"{PATH}?limit={PAGE}{after}"))
            new = {view.id: view for view in views if view.created >= moment and view.id not in found}
            found |= new
            if not more or len(new) < len(views) or not views:
                return list(found.values())
            after = f"&after_id={quote(views[-1].id, safe='')}"

    async def results(self, view: BatchView, lenient: bool = False) -> AsyncIterator[Mapping[str, Any]]:
        """The results of an ended batch, one by one, in no order.

        Raises `Transient` when the stream breaks off or brings no line within the timeout of a call, and at a line that
        is no result, which `lenient` passes over.

        Read from the address that was set, not from the batch's own `results_url`: the key goes to no other host, and a
        proxy's batches are to be read through the proxy.
        """
        response = await self._provider.call("GET", _path(view.id, "/results"), stream=True)
        try:
            async for line in _lines(response.aiter_bytes(), self._provider.timeout):
                entry = _entry(line) if line.strip() else None
                if entry is not None:
                    yield entry
                elif line.strip() and not lenient:
                    raise Transient("malformed", "a line of the batch's results is no result")
        except (httpx2.HTTPError, OSError) as error:
            raise Transient("connection", f"the results of {view.id} broke off", maybe_billed=True) from error
        finally:
            with suppress(httpx2.HTTPError, OSError):
                await response.aclose()


async def _lines(chunks: AsyncIterator[bytes], timeout: float) -> AsyncIterator[bytes]:
    """Lines of a stream of bytes. Only a line feed ends one: JSON strings may hold Unicode's other line breaks.

    Raises `Transient` when one line takes longer than `timeout` seconds or is larger than any reply.
    """
    parts, size, since = list[bytes](), 0, time.monotonic()
    async for chunk in chunks:
        first, *more = chunk.split(b"\n")
        parts.append(first)
        size += len(first)
        if more:
            yield b"".join(parts)
            for line in more[:-1]:
                yield line
            parts, size, since = [more[-1]], len(more[-1]), time.monotonic()
        if time.monotonic() - since > timeout:
            raise Transient("timeout", "no line of the batch's results in time", busy=True)
        if size > LARGEST_REPLY:
            raise Transient("malformed", f"a line of the batch's results is larger than {LARGEST_REPLY:,} bytes")
    yield b"".join(parts)


def _path(batch: str, more: str = "") -> str:
    return f"{PATH}/{quote(batch, safe='')}{more}"


def _entry(line: bytes) -> Mapping[str, Any] | None:
    try:
        entry = json.loads(line)  # and not pydantic's parser, which refuses lone surrogates
        if isinstance(entry["custom_id"], str) and isinstance(entry["result"]["type"], str):
            return entry  # type: ignore[no-any-return]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return None


def _page(reply: Any) -> tuple[list[BatchView], bool]:
    if not isinstance(reply, Mapping) or not isinstance(reply.get("data"), list):
        raise Transient("malformed", "the reply is no list of message batches")
    return [_view(entry) for entry in reply["data"]], bool(reply.get("has_more"))


def _view(entry: Any) -> BatchView:
    try:
        counts = {name: int(count) for name, count in entry["request_counts"].items()}
        created = dt.datetime.fromisoformat(entry["created_at"])
        created = created if created.tzinfo else created.replace(tzinfo=dt.UTC)
        status, cancelled = str(entry["processing_status"]), bool(entry.get("cancel_initiated_at"))
        return BatchView(str(entry["id"]), status, created, counts, cancelled)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise Transient("malformed", "the reply is no message batch", maybe_billed=True) from error
