"""Requests that write: labels, undoing them, blind draws, what was read. Each needs this server's token."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from docgen.explorer.labels.gold import complete_documents, gold_lines
from docgen.explorer.labels.store import Label, LabelError
from docgen.explorer.labels.stratified_draws import draw_documents, strata_of
from docgen.explorer.view import View
from docgen.explorer.web.links import LiveLinks
from docgen.explorer.web.request_guard import MOST_BYTES, TOKEN_HEADER, Guard
from docgen.text import find_normalised

__all__ = ["write_routes"]

Fields = Mapping[str, str]
Write = Callable[[View, Fields], dict[str, Any]]


def write_routes(views: Mapping[str, View], token: str) -> list[Route]:
    """The routes that write, and the export of what they wrote."""
    writes: dict[str, Write] = {"label": add_label, "undo": undo, "draw": draw, "read": mark_read}
    routes = [
        Route(f"/{{corpus}}/{name}", _post(views, token, write), methods=["POST"]) for name, write in writes.items()
    ]

    async def gold(request: Request) -> Response:
        view = views.get(request.path_params["corpus"])
        if view is None:
            return PlainTextResponse("This corpus does not exist.", status_code=404)
        lines = await run_in_threadpool(lambda: gold_lines(complete_documents(view.labels), view.snapshot.facts))
        headers = {"content-disposition": 'attachment; filename="gold.jsonl"'}
        return Response("".join(line + "\n" for line in lines), media_type="application/jsonl", headers=headers)

    return [*routes, Route("/{corpus}/labels/gold.jsonl", gold)]


def _post(views: Mapping[str, View], token: str, write: Write) -> Callable[[Request], Awaitable[Response]]:
    async def post(request: Request) -> Response:
        body = await _body(request)
        fields = _fields(body, request.headers.get("content-type", ""))
        token_sent = request.headers.get(TOKEN_HEADER) or fields.get("token", "")
        view = views.get(request.path_params["corpus"])
        if body is None or not Guard.same(token, token_sent):
            return PlainTextResponse("This page is from an earlier start of docgen view: reload it.", status_code=403)
        if view is None:
            return PlainTextResponse("This corpus does not exist.", status_code=404)
        try:
            answer = await run_in_threadpool(write, view, fields)
        except LabelError as error:
            return PlainTextResponse(str(error), status_code=409)
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse(answer)
        # Where a form without script continues: a page of this corpus, whatever the form says.
        base = LiveLinks(view.name).page()
        target = str(answer.get("go") or fields.get("next", ""))
        is_own = target.startswith(base) and "\\" not in target and "\n" not in target
        return RedirectResponse(target if is_own else base, status_code=303)

    return post


async def _body(request: Request) -> bytes | None:
    """The body; None for one that is too long."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return body


def _fields(body: bytes | None, kind: str) -> dict[str, str]:
    """The fields of a form or of a JSON object; none if it is neither."""
    text = (body or b"").decode("utf-8", "replace")
    if "json" not in kind:
        # Counted first, since `parse_qsl` raises where there are too many.
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=50)) if text.count("&") < 50 else {}
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return {str(key): str(item) for key, item in value.items()} if isinstance(value, dict) else {}


def add_label(view: View, fields: Fields) -> dict[str, Any]:
    """Store one label: `say` is KIND:VERDICT, `subject` a fact or rule, the passage by its place or its words."""
    snapshot, name = view.snapshot, fields.get("document", "")
    doc = snapshot.find(name)
    if doc is None:
        raise LabelError("is not a document of this corpus", name[:80], "Load the page again")
    text = str(snapshot.record(doc)["text"])
    kind, _, verdict = fields.get("say", "").partition(":")
    subject = fields.get(kind, "") or fields.get("subject", "") if kind in ("fact", "rule") else ""
    if kind in ("fact", "rule") and not subject:
        raise LabelError(f"which {kind}?", name, "Choose one above the buttons")
    start, end = _passage(fields, text) if kind in ("fact", "rule") else (0, 0)
    draw = fields.get("draw", "")
    label = Label(
        0, snapshot.id_of(doc), "", kind, subject, verdict, start, end,
        note=fields.get("note", "").strip()[:4000],  # a page of text: what is longer was pasted by mistake
        who=view.who, draw=int(draw) if draw.isdecimal() else None,
    )  # fmt: skip
    kind_of = snapshot.type_name(snapshot.terms["type"][int(snapshot.column("type")[doc])])
    return view.labels.add(label, text, kind_of).as_json()


def _passage(fields: Fields, text: str) -> tuple[int, int]:
    """Where the selected passage is: by numbers from the script, else by its words as typed."""
    start, end, words = fields.get("start", ""), fields.get("end", ""), fields.get("passage", "").strip()
    if start.isdecimal() and end.isdecimal() and int(start) < int(end) <= len(text):
        return int(start), int(end)
    if not words:
        return 0, 0
    place = text.find(words)
    span = (place, place + len(words)) if place >= 0 else find_normalised(text, words)
    if span is None:
        raise LabelError("the passage does not occur in the text", words[:60], "Copy it from the text as it stands")
    return span


def undo(view: View, fields: Fields) -> dict[str, Any]:
    """Take a label back: `id`, or the last one of a document."""
    number = fields.get("id", "")
    if not number.isdecimal():
        labels = [label for label in view.labels.of(fields.get("document", "")) if label.kind != "read"]
        number = str(labels[-1].id) if labels else "0"
    return {"undone": view.labels.undo(int(number))}


def draw(view: View, fields: Fields) -> dict[str, Any]:
    """A new blind draw."""
    count, seed, subject = fields.get("count", "20"), fields.get("seed", "0"), fields.get("subject", "")
    if not (count.isdecimal() and seed.isdecimal() and 0 < int(count) <= 1000 and len(seed) < 10):
        raise LabelError("a draw has 1 to 1,000 documents and a whole number as its seed", "draw", "Give such numbers")
    snapshot = view.snapshot
    strata = strata_of(snapshot, subject)
    drawn = [(snapshot.id_of(doc), stratum) for doc, stratum in draw_documents(strata, int(count), int(seed))]
    sizes = json.dumps({stratum.name: stratum.size for stratum in strata})
    number = view.labels.add_draw(subject, int(seed), sizes, view.who, drawn)
    return {"draw": number, "go": LiveLinks(view.name).page(f"blind/{number}")}


def mark_read(view: View, fields: Fields) -> dict[str, Any]:
    """Record that a document was read."""
    snapshot = view.snapshot
    doc = snapshot.find(fields.get("document", ""))
    if doc is None:
        raise LabelError("is not a document of this corpus", fields.get("document", "")[:80], "Load the page again")
    text = str(snapshot.record(doc)["text"])
    label = Label(0, snapshot.id_of(doc), "", "read", "", "read", who=view.who)
    return view.labels.add(label, text).as_json()
