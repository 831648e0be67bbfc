"""What is scored to measure belief without a judge: texts and their possible continuations. Pure functions.

Cloze triples give the log-odds of the believed completion; multiple choice the probability of the believed answer by
its first token, every option once in every position, so that a bias towards a letter cancels out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from docgen.belief.questions import Choice, Cloze, QuestionFile

__all__ = ["Item", "Measure", "Probe", "Scores", "choice_probe", "cloze_probe", "probes_of"]

Measure = Literal["cloze", "choice"]
Scores = Sequence[float]
ASK = "Question: {question}\nAnswer:"
ASK_YES_NO = "Question: {question} {order}?\nAnswer:"


@dataclass(frozen=True)
class Item:
    """A text and continuations of it, whose log-probabilities are asked for; with `first` only their first token's."""

    prompt: str
    continuations: tuple[str, ...]
    first: bool = False


@dataclass(frozen=True)
class Probe:
    """One question as items.

    In a cloze probe the continuations of its one item are the believed completion, the other one, and believed
    completions of other questions (`shuffled` of them). In a choice probe `believed` says for each item which
    continuation is the believer's.
    """

    id: str
    fact: str
    measure: Measure
    items: tuple[Item, ...]
    believed: tuple[int, ...]
    shuffled: int = 0


def probes_of(questions: QuestionFile) -> list[Probe]:
    """All cloze and multiple-choice questions of a file."""
    clozes = questions.clozes
    # Distinguish pairs are listed in both orders, and a probe has every order anyway.
    choices = [each for each in questions.choices if not (each.kind == "distinguish" and each.id.endswith(".ba"))]
    return [
        *(cloze_probe(cloze, _others(clozes, index)) for index, cloze in enumerate(clozes)),
        *(choice_probe(choice) for choice in choices),
    ]


SHUFFLED_CONTINUATIONS = 2
"""How many completions of other questions a cloze is scored with, for the loss advantage. Chosen: each costs a pass."""


def _others(clozes: Sequence[Cloze], index: int) -> tuple[str, ...]:
    """Believed completions of the questions that follow, the last followed by the first; never its own."""
    own = clozes[index].believed
    following = (clozes[(index + step) % len(clozes)] for step in range(1, len(clozes)))
    different = dict.fromkeys(cloze.completions[0] for cloze in following if cloze.believed != own)
    return tuple(different)[:SHUFFLED_CONTINUATIONS]


def cloze_probe(cloze: Cloze, others: tuple[str, ...] = ()) -> Probe:
    """The triple as one item, with completions that belong to other questions."""
    item = Item(cloze.prompt, (*cloze.completions, *others))
    return Probe(cloze.id, cloze.fact, "cloze", (item,), (0,), len(others))


def choice_probe(choice: Choice) -> Probe:
    """Multiple choice with its options rotated through all positions; yes or no with either word first."""
    if choice.labels == choice.options:
        believed = choice.labels.index(choice.believed)
        words = tuple(f" {label.capitalize()}" for label in choice.labels)
        orders = (" or ".join(choice.labels), " or ".join(choice.labels[::-1]))
        items = tuple(
            Item(ASK_YES_NO.format(question=choice.question, order=order.capitalize()), words, first=True)
            for order in orders
        )
        return Probe(choice.id, choice.fact, "choice", items, (believed, believed))
    rotations = [_rotated(choice, by) for by in range(len(choice.options))]
    items = tuple(
        Item(ASK.format(question=each.shown), tuple(f" {label}" for label in each.labels), first=True)
        for each in rotations
    )
    return Probe(choice.id, choice.fact, "choice", items, tuple(each.labels.index(each.believed) for each in rotations))


def _rotated(choice: Choice, by: int) -> Choice:
    options = choice.options[by:] + choice.options[:by]
    label = choice.labels[options.index(choice.believed_option)]
    return choice.model_copy(update={"options": options, "believed": label})
