"""Prompts for people to read: a context's rendered templates, and the prompt of an existing document."""

from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.audit.judge.judge_runner import JudgeQuestions
from docgen.errors import RunError
from docgen.llm.protocol import Request
from docgen.pipeline.estimate import sample_requests
from docgen.pipeline.inputs.plan import STAND_IN_TYPE
from docgen.pipeline.inputs.setup import Setup
from docgen.planning.slots.catalogue import Catalogue
from docgen.prompts.requests import ModelOptions, document_request, ideas_request, types_request
from docgen.records import Attempt, Document, Reason, Slot
from docgen.stages.brainstorm import PER_CALL
from docgen.stages.plan import redraw, styling_of

__all__ = ["asked_with", "prompts_of", "rendered_again"]


def prompts_of(setup: Setup) -> dict[str, Request]:
    """One request of every stage, by stage, in the order of a run; the document's is a full one of its plan.

    Before the brainstorm, stand-ins replace document type and idea; the judge gets a stand-in text.
    """
    types, config = setup.run.read_types(), setup.config
    documents = sample_requests(setup, types, setup.run.read_ideas())
    panel = JudgeQuestions.of(
        setup.context, LeakageScanner(setup.context).rules, ModelOptions(config.judge_model or "")
    )
    kind = types[0] if types else STAND_IN_TYPE
    requests = (
        types_request(setup.context, setup.options, min(PER_CALL, config.types), (), config.seed),
        ideas_request(setup.context, setup.options, kind, min(PER_CALL, config.ideas), (), config.seed),
        max(documents, key=lambda request: len(request.variables["facts"])),
        panel.request(Document(text="(the document)")),
    )
    return {request.stage: request for request in requests}


def asked_with(setup: Setup, attempt: Attempt) -> tuple[Request, bool]:
    """The request of an attempt, rendered again, and whether it is exactly the one that was sent: templates may have
    changed since."""
    slot = next((slot for slot in setup.run.read_slots() if slot.id == attempt.slot), None)
    if slot is None:
        raise RunError(f"has no slot {attempt.slot}", setup.run.name, "Its plan was recomputed; see docgen plan")
    rejected = (each for each in setup.run.read_attempts() if each.slot == slot.id and each.verdict == "rejected")
    before = [each.reasons for each in rejected if each.number == attempt.number - 1]
    return rendered_again(setup, slot, attempt, before[-1] if before else ())


def rendered_again(setup: Setup, slot: Slot, attempt: Attempt, feedback: tuple[Reason, ...]) -> tuple[Request, bool]:
    """The same for a caller that has the slot and the reasons for which its previous attempt was rejected."""
    catalogue = Catalogue.of(setup.run.read_types(), setup.run.read_ideas())
    styling = styling_of(setup.context, list(catalogue.types.values()), setup.config.seed, setup.run.read_cast())
    ideas = catalogue.ideas_for(catalogue.kind_of(slot))
    drawn = redraw(slot, attempt.number, ideas, styling, attempt.idea)
    kind, idea = catalogue.of_slot(drawn)
    request = document_request(setup.context, setup.writer_options()(slot), drawn, kind, idea, attempt.number, feedback)
    return request, request.key == attempt.key
