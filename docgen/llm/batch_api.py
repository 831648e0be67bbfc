"""The Message Batches API over a provider's connection: thin, one HTTP call each."""

import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx2
from pydantic_core import from_json, to_json

from docgen.llm.anthropic import AnthropicLLM
from docgen.llm.errors_map import Transient
from docgen.llm.messages import parameters
from docgen.llm.protocol import Request

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
    results_url: str | None
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
        return _view(await self._provider.call("post", PATH, b'{"requests":[' + b",".join(items) + b"]}"))

    async def retrieve(self, batch: str) -> BatchView:
        """One batch as it stands."""
        return _view(await self._provider.call("get", f"{PATH}/{batch}"))

    async def cancel(self, batch: str) -> BatchView:
        """Ask to cancel; what was worked on already is paid for and keeps its results."""
        return _view(await self._provider.call("post", f"{PATH}/{batch}/cancel", b"{}"))

    async def since(self, moment: dt.datetime) -> list[BatchView]:
        """Batches created at or after `moment`, newest first."""
        found: list[BatchView] = []
        after = ""
        while True:
            page = await self._provider.call("get", f"{PATH}?limit={PAGE}{after}")
            views = [_view(entry) for entry in page["data"]]
            found += [view for view in views if view.created >= moment]
            if not page.get("has_more") or not views or views[-1].created < moment:
                return found
            after = f"&after_id={views[-1].id}"

    async def results(self, view: BatchView) -> AsyncIterator[Mapping[str, Any]]:
        """The results of an ended batch, one by one, in no order; raises `Transient` when the stream breaks off."""
        response = await self._provider.call("get", view.results_url or f"{PATH}/{view.id}/results", stream=True)
        try:
            async for line in response.aiter_lines():
                if line.strip():
                    yield _entry(line)
        except (httpx2.HTTPError, OSError) as error:
            raise Transient("connection", f"the results of {view.id} broke off", maybe_billed=True) from error
        finally:
            with suppress(httpx2.HTTPError, OSError):
                await response.aclose()


def _entry(line: str) -> Mapping[str, Any]:
    try:
        entry = from_json(line)
        if isinstance(entry["custom_id"], str) and isinstance(entry["result"]["type"], str):
            return entry  # type: ignore[no-any-return]
    except (ValueError, KeyError, TypeError):
        pass
    raise Transient("malformed", "a line of the batch's results is no result")


def _view(entry: Any) -> BatchView:
    try:
        counts = {name: int(count) for name, count in entry["request_counts"].items()}
        created = dt.datetime.fromisoformat(entry["created_at"])
        status, url = entry["processing_status"], entry.get("results_url")
        return BatchView(entry["id"], status, created, counts, url, bool(entry.get("cancel_initiated_at")))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Transient("malformed", "the reply is no message batch", maybe_billed=True) from error
