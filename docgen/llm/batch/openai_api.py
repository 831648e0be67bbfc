"""OpenAI's file-based Batch API over a provider's connection: upload, create, poll, output and error files.

A batch is an uploaded file of requests; what succeeded comes back in one file, what failed, expired or was cancelled in
another. Fields and states as in the types of OpenAI's SDK 3.57 and https://developers.openai.com/api/docs/guides/batch.
"""

import datetime as dt
import json
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import aiohttp
from pydantic_core import to_json

from docgen.errors import StopRun
from docgen.llm.batch.batch_protocol import BatchView, batches_since, results_in
from docgen.llm.errors import NotFound, Transient
from docgen.llm.protocol import Completion, Request
from docgen.llm.providers.openai import ChatLLM
from docgen.llm.providers.openai_format import chat_completion_of, chat_parameters

__all__ = ["FileBatchAPI"]

FILES, BATCHES, CHAT = "/files", "/batches", "/v1/chat/completions"
BOUNDARY = "docgen-batch-file-5f1d0c7a"
"""Between the parts of an upload. Items are JSON lines, which begin with a brace, so none can be taken for it."""
REQUESTS = "docgen_requests"
"""Our entry in a batch's metadata: its requests, which the server counts only once it has read the file."""
ENDED = ("completed", "expired", "cancelled", "failed")
CANCELLING = ("cancelling", "cancelled")
KINDS = {"batch_expired": "expired", "batch_cancelled": "canceled"}
"""Codes of items that were never worked on, and the names of their results here."""


class FileBatchAPI:
    """Creates, lists, reads and cancels batches. Raises what `ChatLLM.call` raises, without retries."""

    def __init__(self, provider: ChatLLM) -> None:
        self._provider = provider
        self._files: dict[str, tuple[str, ...]] = {}

    def item(self, request: Request) -> bytes:
        """A request as a line of the input file; the request's key is the `custom_id`."""
        structured = self._provider.structured is not False
        body = chat_parameters(request, structured, self._provider.room)
        return to_json({"custom_id": request.key, "method": "POST", "url": CHAT, "body": body})

    async def create(self, items: Sequence[bytes]) -> BatchView:
        """Upload the items as a file and create a batch of it. Only the second call must not be repeated blindly."""
        form = f"multipart/form-data; boundary={BOUNDARY}"
        file = await self._provider.call("POST", FILES, _form(items), content_type=form)
        if not isinstance(file, Mapping) or not isinstance(file.get("id"), str):
            raise Transient("malformed", "the reply to an upload is not a file")
        order = {
            "input_file_id": file["id"],
            "endpoint": CHAT,
            "completion_window": "24h",
            "metadata": {REQUESTS: str(len(items))},
        }
        return self._seen(await self._provider.call("POST", BATCHES, to_json(order)))

    async def retrieve(self, batch: str) -> BatchView:
        """The current state of one batch. Raises `NotFound` for one that the server does not know."""
        try:
            return self._seen(await self._provider.call("GET", _path(batch)))
        except StopRun as error:
            if error.reason == "wrong_url" and (batch in error.message or "no batch" in error.message.lower()):
                raise NotFound(error.reason, error.message, error.fix) from error
            raise

    async def cancel(self, batch: str) -> BatchView:
        """Request cancellation; requests already processed are billed and keep their results."""
        return self._seen(await self._provider.call("POST", _path(batch) + "/cancel", b"{}"))

    async def since(self, moment: dt.datetime) -> list[BatchView]:
        """Batches created at or after `moment`, newest first."""

        def page(last: str) -> Awaitable[Any]:
            return self._provider.call("GET", f"{BATCHES}?limit=100" + (f"&after={last}" if last else ""))

        # Its times are whole seconds, cut off.
        return await batches_since(moment.replace(microsecond=0), page, self._seen)

    async def results(self, view: BatchView, lenient: bool = False) -> AsyncIterator[Mapping[str, Any]]:
        """Stream the results of an ended batch from its output file, then from its error file.

        Raises `Transient` when a stream breaks off, when no line arrives within the timeout of a call, and at a line
        that is not a result, unless `lenient`, which skips such lines.
        """
        for file in self._files.get(view.id, ()):
            chunks = self._provider.stream(f"{FILES}/{quote(file, safe='')}/content")
            try:
                async for result in results_in(chunks, self._provider.timeout, _parse_result, lenient):
                    yield result
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                raise Transient("connection", f"the results of {view.id} broke off", maybe_billed=True) from error
            finally:
                await chunks.aclose()  # type: ignore[attr-defined]

    def completion(self, message: Any) -> Completion:
        """The completion in a result's message. Raises `MalformedReply`."""
        return chat_completion_of(message)

    def _seen(self, entry: Any) -> BatchView:
        """The batch in a reply, whose files are remembered, since nothing else names them."""
        view, files = _parse_batch(entry)
        self._files[view.id] = files
        return view


def _form(items: Sequence[bytes]) -> bytes:
    """The items as a file in the form for an upload."""
    purpose = b'content-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
    file = b'content-disposition: form-data; name="file"; filename="docgen.jsonl"\r\n'
    file += b"content-type: application/jsonl\r\n\r\n"
    edge = b"--" + BOUNDARY.encode() + b"\r\n"
    return b"".join((edge, purpose, edge, file, b"\n".join(items), b"\n\r\n--", BOUNDARY.encode(), b"--\r\n"))


def _path(batch: str) -> str:
    return f"{BATCHES}/{quote(batch, safe='')}"


def _parse_result(line: bytes) -> Mapping[str, Any] | None:
    """The result on a line of an output or error file in the terms of `Batches.results`; None if it is not one."""
    try:
        row = json.loads(line)  # not pydantic's parser, which rejects lone surrogates
        key, response, error = row["custom_id"], row.get("response"), row.get("error")
        if not isinstance(key, str) or not (isinstance(response, Mapping) or isinstance(error, Mapping)):
            return None
        if not isinstance(response, Mapping):
            kind = KINDS.get(str(error.get("code")))
            return {"custom_id": key, "result": {"type": kind} if kind else {"type": "errored", "error": row}}
        if response.get("status_code") == 200:
            return {"custom_id": key, "result": {"type": "succeeded", "message": response.get("body")}}
        return {"custom_id": key, "result": {"type": "errored", "error": response.get("body")}}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _parse_batch(entry: Any) -> tuple[BatchView, tuple[str, ...]]:
    """A batch, and the ids of its output and error files."""
    try:
        status = str(entry["status"])
        stated = entry.get("request_counts") or {}
        total, done, failed = (int(stated.get(name) or 0) for name in ("total", "completed", "failed"))
        total = total or int((entry.get("metadata") or {}).get(REQUESTS) or 0)
        if status == "cancelled":
            total = done + failed  # what was not worked on may be in neither file
        counts = {"succeeded": done, "errored": failed, "processing": max(0, total - done - failed)}
        created = dt.datetime.fromtimestamp(int(entry["created_at"]), dt.UTC)
        files = tuple(str(file) for name in ("output", "error") if (file := entry.get(f"{name}_file_id")))
        state = "ended" if status in ENDED else "canceling" if status in CANCELLING else "in_progress"
        refused = ""
        if status == "failed":  # as a whole: its file is invalid, or too many of the account's requests are waiting
            errors = (entry.get("errors") or {}).get("data") or ()
            refused = "; ".join(str(error.get("message") or error.get("code")) for error in errors[:3]) or "it failed"
        return BatchView(str(entry["id"]), state, created, counts, status in CANCELLING, refused), files
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise Transient("malformed", "the reply is not a batch", maybe_billed=True) from error
