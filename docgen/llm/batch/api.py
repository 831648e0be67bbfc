"""The Message Batches API over a provider's connection: one HTTP call per method, no retries."""

import datetime as dt
import json
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import httpx2
from pydantic_core import to_json

from docgen.llm.batch.batch_protocol import BatchView, batches_since, results_in
from docgen.llm.errors import Transient
from docgen.llm.protocol import Completion, Request
from docgen.llm.providers.anthropic import AnthropicLLM
from docgen.llm.providers.messages_format import completion_of, parameters

__all__ = ["BatchAPI", "BatchView"]

PATH = "/v1/messages/batches"
EPOCH = dt.datetime.fromtimestamp(0, dt.UTC)


class BatchAPI:
    """Creates, lists, reads and cancels batches. Raises what `AnthropicLLM.call` raises, without retries."""

    def __init__(self, provider: AnthropicLLM) -> None:
        self._provider = provider

    def item(self, request: Request) -> bytes:
        """A request as a batch item, in JSON; the request's key is the `custom_id`.

        No cache breakpoint is set: batch items cannot read each other's cache, and writing to it costs extra.
        """
        structured = self._provider.structured is not False
        return to_json({"custom_id": request.key, "params": parameters(request, structured)})

    async def create(self, items: Sequence[bytes]) -> BatchView:
        """Create a batch. Not safe to repeat: there is no idempotency key, so a lost reply may have created it."""
        return _parse_batch(await self._provider.call("POST", PATH, b'{"requests":[' + b",".join(items) + b"]}"))

    async def retrieve(self, batch: str) -> BatchView:
        """The current state of one batch."""
        return _parse_batch(await self._provider.call("GET", _path(batch)))

    async def cancel(self, batch: str) -> BatchView:
        """Request cancellation; requests already processed are billed and keep their results."""
        return _parse_batch(await self._provider.call("POST", _path(batch, "/cancel"), b"{}"))

    async def since(self, moment: dt.datetime) -> list[BatchView]:
        """Batches created at or after `moment`, newest first."""

        def page(last: str) -> Awaitable[Any]:
            return self._provider.call("GET", f"{PATH}?limit=100" + (f"&after_id={last}" if last else ""))

        return await batches_since(moment, page, _parse_batch)

    async def results(self, view: BatchView, lenient: bool = False) -> AsyncIterator[Mapping[str, Any]]:
        """Stream the results of an ended batch, in no particular order.

        Raises `Transient` when the stream breaks off, when no line arrives within the timeout of a call, and at a line
        that is not a result, unless `lenient`, which skips such lines.

        Reads from the configured address rather than the batch's own `results_url`, so that the key goes to no other
        host and a proxy's batches are read through the proxy.
        """
        response = await self._provider.call("GET", _path(view.id, "/results"), stream=True)
        try:
            async for result in results_in(response.aiter_bytes(), self._provider.timeout, _parse_result, lenient):
                yield result
        except (httpx2.HTTPError, OSError) as error:
            raise Transient("connection", f"the results of {view.id} broke off", maybe_billed=True) from error
        finally:
            with suppress(httpx2.HTTPError, OSError):
                await response.aclose()

    def completion(self, message: Any) -> Completion:
        """The completion in a result's message. Raises `MalformedReply`."""
        return completion_of(message)


def _path(batch: str, more: str = "") -> str:
    return f"{PATH}/{quote(batch, safe='')}{more}"


def _parse_result(line: bytes) -> Mapping[str, Any] | None:
    """The result on a line; None if it is not one."""
    try:
        result = json.loads(line)  # not pydantic's parser, which rejects lone surrogates
        if isinstance(result["custom_id"], str) and isinstance(result["result"]["type"], str):
            return result  # type: ignore[no-any-return]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return None


def _parse_batch(entry: Any) -> BatchView:
    try:
        counts = {name: int(count) for name, count in entry["request_counts"].items()}
        created = dt.datetime.fromisoformat(entry["created_at"])
        created = created if created.tzinfo else created.replace(tzinfo=dt.UTC)
        status, cancelled = str(entry["processing_status"]), bool(entry.get("cancel_initiated_at"))
        return BatchView(str(entry["id"]), status, created, counts, cancelled)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise Transient("malformed", "the reply is not a message batch", maybe_billed=True) from error
