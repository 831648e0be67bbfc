"""The prompt that an attempt was made from, rendered anew and compared by its key with the one that was sent."""

from typing import Any

from docgen.errors import UserError
from docgen.explorer.pages.asked import Asked, Missing
from docgen.explorer.pages.rejected import find_attempt
from docgen.explorer.view import View

__all__ = ["prompt"]


def prompt(view: View, asked: Asked) -> dict[str, Any]:
    """System and user text of the request for one attempt; `is_same` says whether it is the very one that was sent."""
    slot, _, number = asked.path["id"].partition("-")
    if view.run is None or not (slot.isdecimal() and number.isdecimal() and len(slot) < 12 and len(number) < 6):
        raise Missing("no such prompt; addresses are SLOT-NUMBER")
    record = find_attempt(view.snapshot, int(slot), int(number))
    if record is None:
        raise Missing(f"no attempt {number} of slot {slot}")
    try:
        request = _request(view, int(slot), int(number), record)
    except (UserError, ValueError, KeyError) as error:
        raise Missing(f"no plan, types and ideas to render the prompt from ({error})") from error
    return {
        "slot": int(slot),
        "number": int(number),
        "verdict": record["verdict"],
        "model": record.get("model", ""),
        "system": request.system,
        "user": request.user,
        "is_same": request.key == record.get("key"),
    }


def _request(view: View, slot: int, number: int, record: dict[str, Any]) -> Any:
    from docgen.pipeline.inputs.setup import reopen
    from docgen.planning.slots.catalogue import Catalogue
    from docgen.prompts.requests import document_request
    from docgen.records import Reason, Slot
    from docgen.stages.plan import redraw, styling_of

    assert view.run is not None  # asked for runs only
    setup, planned = reopen(view.run), view.snapshot.slot(slot)
    if planned is None:
        raise KeyError("slots.jsonl")
    catalogue = Catalogue.of(view.run.read_types(), view.run.read_ideas())
    styling = styling_of(setup.context, list(catalogue.types.values()), setup.config.seed, view.run.read_cast())
    drawn = Slot.model_validate(planned)
    drawn = redraw(drawn, number, catalogue.ideas_for(catalogue.kind_of(drawn)), styling, record.get("idea"))
    before = find_attempt(view.snapshot, slot, number - 1) if number > 1 else None
    feedback = tuple(Reason.model_validate(reason) for reason in (before or {}).get("reasons") or ())
    kind, idea = catalogue.types[drawn.doc_type], catalogue.ideas[drawn.idea]
    return document_request(setup.context, setup.options, drawn, kind, idea, number, feedback)
