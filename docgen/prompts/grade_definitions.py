"""What the grades of a fact in a document mean: the same wording for the judge's prompt, labels and reports."""

from typing import Literal

from docgen.records import Prominence

__all__ = ["DIRECTNESS", "PROMINENCE", "Presence"]

Presence = Literal["stated", "implied", "absent"]

DIRECTNESS: dict[Presence, str] = {
    "stated": (
        "some passage asserts the fact's main claim, in any wording: as the news of a sentence, heading or entry, as "
        "what somebody finds or says, or added to a name (in apposition, in a relative clause); in the document's own "
        "voice or through someone whom it reports without distance. Dates, figures, names and reasons that the fact "
        "gives beside its main claim may be missing or spread over the document."
    ),
    "implied": (
        "no passage asserts the main claim, but the document takes it for granted and goes on from it: it stands, in "
        "full or in part, only in a clause that gives the ground, time or condition of something else (since, because, "
        "given that, now that, when), in a noun phrase (the closing of the airport), a comparison or a decision, or "
        "something in the text would make no sense without it, so that a careful reader who knows nothing else comes "
        "away believing it. Figures may be missing. A strong hint counts."
    ),
    "absent": (
        "neither. What merely fits the fact, touches its topic or would be likely if it held is absent, and so is a "
        "question, a rumour that stays open, a plan that might not happen, or a similar claim about someone or "
        "something else."
    ),
}
PROMINENCE: dict[Prominence, str] = {
    "central": (
        "the document, or a main part of it, is about the fact: take it out, with what explains, applies or discusses "
        "it, and the document loses its subject or one of its main parts. A document may have two such facts."
    ),
    "supporting": "it carries part of what the document is about, in a sentence or more that the document needs",
    "passing": "it is mentioned on the way, and the document would be much the same without it",
}
