"""The prompt of an attempt, rendered again and compared by its key with the one that was sent."""

from typing import TYPE_CHECKING, Any

from docgen.errors import UserError
from docgen.explorer.pages.documents.rejected import find_attempt
from docgen.explorer.pages.page_query import PageNotFound, PageQuery
from docgen.explorer.view import View

if TYPE_CHECKING:
    from docgen.llm.protocol import Request

__all__ = ["prompt"]


def prompt(view: View, query: PageQuery) -> dict[str, Any]:
    """System and user text of the request for one attempt; `is_same` says whether it is exactly the one that was
    sent."""
    slot, _, number = query.path["id"].partition("-")
    if view.run is None or not (slot.isdecimal() and number.isdecimal() and len(slot) < 12 and len(number) < 6):
        raise PageNotFound("no such prompt; addresses are SLOT-NUMBER")
    record = find_attempt(view.snapshot, int(slot), int(number))
    if record is None:
        raise PageNotFound(f"no attempt {number} of slot {slot}")
    try:
        request, is_same = _request(view, int(slot), int(number), record)
    except (UserError, ValueError, KeyError) as error:
        raise PageNotFound(f"there are no plan, types and ideas to render the prompt from ({error})") from error
    return {
        "slot": int(slot),
        "number": int(number),
        "verdict": record["verdict"],
        "model": record.get("model", ""),
        "system": request.system,
        "user": request.user,
        "is_same": is_same,
    }


def _request(view: View, slot: int, number: int, record: dict[str, Any]) -> "tuple[Request, bool]":
    from docgen.pipeline.inputs.setup import reopen
    from docgen.pipeline.prompt_preview import rendered_again
    from docgen.records import Attempt, Reason, Slot

    planned = view.snapshot.slot(slot)
    if view.run is None or planned is None:
        raise KeyError("slots.jsonl")
    before = find_attempt(view.snapshot, slot, number - 1) if number > 1 else None
    feedback = tuple(Reason.model_validate(reason) for reason in (before or {}).get("reasons") or ())
    return rendered_again(reopen(view.run), Slot.model_validate(planned), Attempt.model_validate(record), feedback)
