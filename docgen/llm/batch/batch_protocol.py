"""The interface to a provider's message batches, whatever its wire format: methods, and the state of a batch."""

import datetime as dt
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from docgen.errors import StopRun
from docgen.llm.errors import Transient
from docgen.llm.protocol import Completion, Request

__all__ = ["LARGEST_LINE", "MOST_PAGES", "BatchView", "Batches", "batches_since", "lines_of", "results_in"]

MOST_PAGES = 100
"""Most pages of a hundred batches that are read. Chosen: ten thousand batches; a server with a longer list is
broken."""
LARGEST_LINE = 64_000_000
"""Most bytes of one result. Chosen: fifty times the longest reply that a model writes."""


@dataclass(frozen=True)
class BatchView:
    """A batch as the server describes it.

    `status` is in_progress, canceling or ended; `counts` by result type, which sum to its requests as far as the
    server has counted them. `refused`: why the server will not work on it at all, "" if it does.
    """

    id: str
    status: str
    created: dt.datetime
    counts: Mapping[str, int]
    cancelled: bool
    refused: str = ""

    @property
    def size(self) -> int:
        """Number of requests."""
        return sum(self.counts.values())


class Batches(Protocol):
    """Creates, lists, reads and cancels batches: one attempt per call, which raises what `LLM.complete` raises."""

    def item(self, request: Request) -> bytes:
        """A request as a batch item, in JSON; the request's key is the `custom_id`."""

    async def create(self, items: Sequence[bytes]) -> BatchView:
        """Create a batch. Not safe to repeat: there is no idempotency key, so a lost reply may have created it."""

    async def retrieve(self, batch: str) -> BatchView:
        """The current state of one batch. Raises `NotFound` for one that the server does not know."""

    async def cancel(self, batch: str) -> BatchView:
        """Request cancellation; requests already processed are billed and keep their results."""

    async def since(self, moment: dt.datetime) -> list[BatchView]:
        """Batches created at or after `moment`, newest first."""

    def results(self, view: BatchView, lenient: bool = False) -> AsyncIterator[Mapping[str, Any]]:
        """Stream the results of an ended batch, in no particular order: `{"custom_id", "result": {"type", ...}}`.

        Types are succeeded (with `message`), errored (with `error`), expired and canceled. Raises `Transient` when the
        stream breaks off, and at a line that is not a result, unless `lenient`, which skips such lines.
        """

    def completion(self, message: Any) -> Completion:
        """The completion in the `message` of a result. Raises `MalformedReply`."""


async def lines_of(chunks: AsyncIterator[bytes], timeout: float) -> AsyncIterator[bytes]:
    """Lines of a byte stream, split at line feeds only: JSON strings may contain Unicode's other line breaks.

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
        if size > LARGEST_LINE:
            raise Transient("malformed", f"a line of the batch's results is larger than {LARGEST_LINE:,} bytes")
    yield b"".join(parts)


async def batches_since(
    moment: dt.datetime, page: Callable[[str], Awaitable[Any]], parse: Callable[[Any], BatchView]
) -> list[BatchView]:
    """Batches created at or after `moment`, newest first, from a list that is read page by page.

    `page` gets the page after the batch of this id, quoted for a query; "" for the first.
    """
    batches: dict[str, BatchView] = {}
    last = ""
    for _ in range(MOST_PAGES):
        listed = await page(last)
        if not isinstance(listed, Mapping) or not isinstance(listed.get("data"), list):
            raise Transient("malformed", "the reply is not a list of message batches")
        views = [parse(entry) for entry in listed["data"]]
        new = {view.id: view for view in views if view.created >= moment and view.id not in batches}
        batches |= new
        if not listed.get("has_more") or len(new) < len(views) or not views:
            return list(batches.values())
        last = quote(views[-1].id, safe="")
    what = f"the server lists more than {100 * MOST_PAGES:,} message batches"
    raise StopRun("no_batches", what, "Check --base-url, or run the same command without --batch")


async def results_in(
    chunks: AsyncIterator[bytes],
    timeout: float,
    parse: Callable[[bytes], Mapping[str, Any] | None],
    lenient: bool,
) -> AsyncIterator[Mapping[str, Any]]:
    """The results in a byte stream, one a line; `timeout` and errors as for `lines_of`.

    Raises `Transient` at a line that `parse` cannot read, unless `lenient`, which skips such lines.
    """
    async for line in lines_of(chunks, timeout):
        result = parse(line) if line.strip() else None
        if result is not None:
            yield result
        elif line.strip() and not lenient:
            raise Transient("malformed", "a line of the batch's results is not a result")
