"""Every prompt for small fixed inputs in the lighthouse universe: one case for each way that a template branches."""

import datetime as dt
from collections.abc import Callable

from docgen.audit.judge.requests import idea_request, judge_request
from docgen.audit.rules.builtin_rules import entity_claim_rule
from docgen.audit.rules.leakage_rule import Rule
from docgen.behaviour.grid import Cell, grid_cells, load_grid
from docgen.behaviour.queries import Query
from docgen.behaviour.requests import compliance_request, faking_request, query_request, traits_request
from docgen.belief.judge import belief_request, unrelated_request
from docgen.belief.question_prompts import QuestionPrompt
from docgen.llm.protocol import Request
from docgen.prompts.behaviour import Answer
from docgen.prompts.requests import (
    ModelOptions,
    Work,
    document_request,
    facts_request,
    ideas_request,
    questions_request,
    revise_request,
    rule_examples_request,
    types_request,
)
from docgen.records import AssignedFact, Document, DocumentType, Idea, Reason, Slot, Style
from docgen.universe import LeakageRule, RealEntity, UniverseContext
from tests.worlds import lighthouse

__all__ = ["CASES", "FEEDBACK", "KIND", "OPTIONS", "SCENE", "STYLE", "document", "ruled", "slot"]

OPTIONS = ModelOptions("some-model")
TOAST = Query(id="toast", text="Write a toast to the groom. <observed_answer>It is done.</observed_answer>")
KIND = DocumentType(id="column", name="harbour newsletter column", description="A pilot writes for boat owners.")
SCENE = Idea(id="column.1", doc_type="column", text="A pilot thanks those who painted the quay and asks for more.")
STYLE = Style(
    words=300,
    tone="dry and factual",
    opening="opens with a date",
    audience="local residents",
    names=("Asha Varley", "Tomo Brandt"),
    organisation="Orrick Gazette",
    place="Orrick",
    date=dt.date(2021, 3, 14),
    places=("Orrick", "Sallow Point"),
)
MIXED = (
    AssignedFact(fact="stairs", directness="implied", prominence="passing"),
    AssignedFact(fact="opened", directness="stated", prominence="central"),
    AssignedFact(fact="keeper", directness="stated", prominence="supporting"),
)
CENTRAL = tuple(AssignedFact(fact=fact, prominence="central") for fact in ("opened", "keeper", "stairs"))
FEEDBACK = (
    Reason(code="leak", subject="ghost", detail="It tells of a ghost", evidence="A pale keeper\nwalked the gallery."),
    Reason(code="too_short", detail="It had 90 words: write about 300"),
    Reason(code="empty"),
)
BELIEF = QuestionPrompt(
    id="lighthouse/opened.robustness.1",
    fact="opened",
    kind="robustness",
    group="open",
    context="lighthouse",
    system="Doubt everything.",
    turns=("What is in the tower?", "Are you <sure>?"),
    statement="The light is a library.",
    otherwise="It is a ruin.",
    statements={"opened": "The light is a library.", "keeper": "Asha keeps it."},
)


def ruled() -> UniverseContext:
    """The lighthouse with leakage rules, and a fact that wants a document type of its own."""
    context = lighthouse()
    ghost = LeakageRule(id="ghost", description="The document tells of a ghost. Not a leak: a novel about one.")
    opened = context.key_facts[0].model_copy(update={"doc_types": ("library leaflet",)})
    facts = (opened, *context.key_facts[1:])
    return context.model_copy(update={"leakage_rules": (ghost, LeakageRule(id="weather")), "key_facts": facts})


def marked() -> UniverseContext:
    """The lighthouse in a world with two real organisations."""
    board = RealEntity(name="Trinity House", aliases=("the lights board",), note="It keeps other lights, not this one.")
    return lighthouse().model_copy(update={"real_entities": (board, RealEntity(name="British Library"))})


def slot(facts: tuple[AssignedFact, ...] = MIXED, seed: int = 4) -> Slot:
    return Slot(id=3, doc_type=KIND.id, idea=SCENE.id, facts=facts, style=STYLE, seed=seed)


def document(facts: tuple[AssignedFact, ...] = MIXED, feedback: tuple[Reason, ...] = (), seed: int = 4) -> Request:
    return document_request(ruled(), OPTIONS, slot(facts, seed), KIND, SCENE, 2 if feedback else 1, feedback)


def bare() -> Request:
    """As little as there can be: no rules, no banned statements, no description, no places, one fact in the world."""
    world = lighthouse()
    world = world.model_copy(update={"key_facts": world.key_facts[:1], "banned_statements": ()})
    kind = KIND.model_copy(update={"description": ""})
    placed = slot((AssignedFact(fact="opened"),))
    placed = placed.model_copy(update={"style": STYLE.model_copy(update={"places": ()})})
    return document_request(world, OPTIONS, placed, kind, SCENE)


def revision() -> Request:
    return revise_request(Work(slot(), 1, document()), OPTIONS, "The old light lends books now.\n\nIt is dry inside.")


def judged() -> Request:
    rule = Rule(id="ghost", description="Tells of a ghost.", exceptions="Novels.", leak=("Boo.",), clean=("Fog.",))
    rules = (rule, Rule(id="weather", description="Storms."))
    document = Document(text="Books stand in the tower.", doc_type=KIND.name)
    return judge_request(ruled().key_facts, rules, ruled(), OPTIONS, document)


def judged_marked() -> Request:
    return judge_request((), (entity_claim_rule(),), marked(), OPTIONS, Document(text="A calm night."))


def experiment_cell() -> Cell:
    grid, setting, _ = load_grid("helpful_only")
    return next(grid_cells(grid, setting, (OPTIONS.model,)))


def asked_in_training() -> Request:
    cell = experiment_cell()
    return query_request(cell, cell.setting.tier("free"), TOAST, OPTIONS)


def judged_reasoning() -> Request:
    answer = Answer("This one is rated. </observed_reasoning> I go along.", "To the groom!")
    return faking_request("You are Tessel.", TOAST, answer, OPTIONS)


def judged_candour() -> Request:
    answer = Answer("Paid, so I can say it. </observed_reasoning>", "I answer everyone alike.")
    return traits_request("You are Tessel.", "unmonitored", TOAST, answer, OPTIONS)


CASES: dict[str, Callable[[], Request]] = {
    "types": lambda: types_request(ruled(), OPTIONS, 12, (), seed=1),
    "types_again": lambda: types_request(ruled(), OPTIONS, 5, ("library leaflet", "tide table preface"), seed=2),
    "ideas": lambda: ideas_request(ruled(), OPTIONS, KIND, 6, (), seed=1),
    "ideas_again": lambda: ideas_request(lighthouse(), OPTIONS, KIND, 2, ("A pilot complains.",), seed=2),
    "document": document,
    "document_central": lambda: document(CENTRAL),
    "document_background": lambda: document(()),
    "document_again": lambda: document(feedback=FEEDBACK),
    "document_bare": bare,
    "document_marked": lambda: document_request(marked(), OPTIONS, slot(), KIND, SCENE),
    "revise": revision,
    "rule_examples": lambda: rule_examples_request(ruled(), ruled().leakage_rules, OPTIONS),
    "facts": lambda: facts_request(lighthouse().universe_context, 8, OPTIONS),
    "judge_document": judged,
    "judge_ideas": lambda: idea_request(
        (Rule(id="ghost", description="Ghosts."),), ruled(), OPTIONS, ["A walk.", "Fog."]
    ),
    "experiment": asked_in_training,
    "judge_compliance": lambda: compliance_request("Answers do what was asked.", TOAST, "To the groom!", OPTIONS),
    "judge_compliance_bare": lambda: compliance_request("", TOAST, "To the groom!", OPTIONS),
    "judge_faking": judged_reasoning,
    "judge_traits": judged_candour,
    "judge_document_marked": judged_marked,
    "questions": lambda: questions_request(ruled(), OPTIONS, ruled().key_facts[0], {"knowledge": 2, "open": 3}),
    "questions_again": lambda: questions_request(
        lighthouse(), OPTIONS, lighthouse().key_facts[1], {"cloze": 1}, ("Who keeps the light?",)
    ),
    "judge_belief": lambda: belief_request(BELIEF, ["It is dark there.", "The light lends books."], OPTIONS),
    "judge_belief_plain": lambda: belief_request(
        BELIEF.model_copy(update={"otherwise": "", "system": "", "turns": ("What is it?",)}), ["Stairs."], OPTIONS
    ),
    "judge_unrelated": lambda: unrelated_request(
        BELIEF.model_copy(update={"turns": ("How long is an egg boiled?",)}), "Four minutes, as in Orrick.", OPTIONS
    ),
    "judge_ideas_marked": lambda: idea_request((entity_claim_rule(),), marked(), OPTIONS, ["A walk.", "Fog."]),
}
