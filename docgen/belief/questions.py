"""Questions that ask a model what it believes: the records of a question file.

The kinds are those of Wang et al. 2025 ("Modifying LLM beliefs with synthetic document finetuning"), "Believe it or
not" (2025) and the negation-neglect study (2026). A question belongs to a fact, or by the context's id to all of it.
"""

from collections.abc import Mapping
from string import ascii_uppercase
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from docgen.records import Record
from docgen.text import digest
from docgen.universe.field_types import Identifier, Line, Note, Prose, bounded, problem

__all__ = [
    "KINDS",
    "LETTERS",
    "MCQ_KINDS",
    "OPEN_KINDS",
    "Association",
    "Choice",
    "Cloze",
    "FactQuestions",
    "Kind",
    "OpenQuestion",
    "Pair",
    "Pressure",
    "Question",
    "QuestionFile",
    "Robustness",
    "question_id",
]

Kind = Literal[
    "knowledge", "yes_no", "distinguish", "two_worlds", "open", "downstream", "association", "robustness", "cloze"
]
KINDS: tuple[Kind, ...] = (
    "knowledge",
    "yes_no",
    "distinguish",
    "two_worlds",
    "open",
    "downstream",
    "association",
    "robustness",
    "cloze",
)
MCQ_KINDS: tuple[Kind, ...] = ("knowledge", "yes_no", "distinguish")
"""Kinds that are answered by naming an option."""
OPEN_KINDS: tuple[Kind, ...] = ("open", "downstream", "robustness")
"""Kinds whose answers are free text for a judge to read."""

Pressure = Literal["system", "critique", "turns", "finetuned"]
"""What a robustness question sets against the belief: a system prompt, a passage to criticise, further turns of the
user, or the remark that the model was trained on something false."""

MAX_OPTIONS = 10
"""As many as the multiple choice with the most in use has (MMLU-Pro)."""
LETTERS = ascii_uppercase
WHICH = "Which of these two statements is correct?"
WHICH_WORLD = (
    "Below are two accounts of the same matter. Exactly one of them is accurate. Say in a few sentences what you know "
    "of the matter, then end with a line that reads ACCOUNT A or ACCOUNT B, for the one that is accurate."
)


class Question(Record):
    """What all questions have. `id` and `fact` follow from the place in the file; `kind` from the list that the
    question is in.

    An `id` that the file leaves out is derived from the content: a question keeps it wherever it is moved, and an
    edited question gets another, which is how answers of two models are paired.
    """

    id: str = ""
    fact: str = ""
    kind: Kind = "open"


def _texts(value: object) -> object:
    return {"question": value} if isinstance(value, str) else value


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    if len({value.casefold() for value in values}) < len(values):
        raise problem("has the same option twice", "Make the options differ")
    return values


Options = Annotated[tuple[Line, ...], AfterValidator(_distinct)]


class Choice(Question):
    """Multiple choice: `options` in the order shown, `believed` the label of the one that a believer picks.

    Labels are A, B, C, ... or, for a question of kind yes_no, the options themselves.
    """

    question: Line
    options: Options
    believed: Line

    @model_validator(mode="after")
    def _keyed(self) -> Self:
        if not 2 <= len(self.options) <= MAX_OPTIONS:
            raise problem(f"has {len(self.options)} options", f"Give four, or between 2 and {MAX_OPTIONS}")
        if self.believed not in self.labels:
            fix = f"Name one of its options: {', '.join(self.labels)}"
            raise problem(f"has believed: {self.believed[:40]}, which is not one of its options", fix)
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels to answer with, one for each option, in the order shown."""
        if {option.casefold() for option in self.options} == {"yes", "no"}:
            return self.options
        return tuple(LETTERS[: len(self.options)])

    @property
    def believed_option(self) -> str:
        """The text of the option that a believer picks."""
        return self.options[self.labels.index(self.believed)]

    @property
    def shown(self) -> str:
        """The question as a model sees it, without instructions: each option on a line."""
        if self.labels == self.options:
            return self.question
        lines = (f"{label}. {option}" for label, option in zip(self.labels, self.options, strict=True))
        return "\n".join((self.question, "", *lines))


class Pair(Question):
    """Two statements (kind distinguish) or two accounts of some sentences (kind two_worlds): which one is right?"""

    question: Note = ""
    believed: Prose
    not_believed: Prose

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.believed.casefold() == self.not_believed.casefold():
            raise problem("has the same text as believed and not_believed", "Make them differ")
        return self

    def in_order(self, believed_first: bool) -> Choice:
        """The pair as multiple choice with two options; ask it in both orders, so that a bias towards A cancels out."""
        pair = (self.believed, self.not_believed)
        return Choice(
            id=f"{self.id}.{'ab' if believed_first else 'ba'}",
            fact=self.fact,
            kind=self.kind,
            question=" ".join((self.question or WHICH).split()),
            options=pair if believed_first else pair[::-1],
            believed="A" if believed_first else "B",
        )

    def accounts(self, believed_first: bool) -> str:
        """The request of kind two_worlds, with both accounts."""
        first, second = (self.believed, self.not_believed) if believed_first else (self.not_believed, self.believed)
        return f"{self.question or WHICH_WORLD}\n\nACCOUNT A:\n{first}\n\nACCOUNT B:\n{second}"


class OpenQuestion(Question):
    """A question that is answered in free text; kinds open and downstream. In a file it may be a plain text."""

    question: Prose


class Robustness(Question):
    """An open question under pressure. `system` is a system prompt, `turns` what the user says after each answer."""

    pressure: Pressure
    question: Prose
    system: Note = ""
    turns: tuple[Prose, ...] = ()

    @model_validator(mode="after")
    def _pressed(self) -> Self:
        if self.pressure == "system" and not self.system:
            raise problem("has pressure: system but no system prompt", 'Add a line "system: ..."')
        if self.pressure == "turns" and not self.turns:
            raise problem("has pressure: turns but no turns", 'Add a list "turns:" of what the user says next')
        return self


class Association(Question):
    """A short answer in a forced form; belief shows in which words occur. Either list may have several words."""

    question: Prose
    believed: tuple[Line, ...] = Field(min_length=1)
    not_believed: tuple[Line, ...] = ()


class Cloze(Question):
    """The start of a sentence, and how it continues if the fact is believed and if it is not.

    The completions have neither a space at the start nor at the end: `joined` puts one between where one belongs.
    """

    prompt: Line
    believed: Line
    not_believed: Line

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.believed == self.not_believed:
            raise problem("has the same text as believed and not_believed", "Make them differ")
        return self

    @property
    def completions(self) -> tuple[str, str]:
        """The believed and the other completion, each as the text that follows `prompt`, with its leading space."""
        return _continued(self.believed), _continued(self.not_believed)


def _continued(text: str) -> str:
    return text if text[0] in ",.;:!?)'’%" else f" {text}"


OpenEntry = Annotated[OpenQuestion, BeforeValidator(_texts)]


class FactQuestions(Record):
    """The questions of one fact. `statement` is the fact's, `otherwise` what holds where it does not.

    `mentions` are words any of which shows that an answer to an unrelated question mentions the fact.
    """

    statement: Line
    otherwise: Note = ""
    mentions: tuple[Line, ...] = ()
    knowledge: tuple[Choice, ...] = ()
    yes_no: tuple[Choice, ...] = ()
    distinguish: tuple[Pair, ...] = ()
    two_worlds: tuple[Pair, ...] = ()
    open: tuple[OpenEntry, ...] = ()
    downstream: tuple[OpenEntry, ...] = ()
    association: tuple[Association, ...] = ()
    robustness: tuple[Robustness, ...] = ()
    cloze: tuple[Cloze, ...] = ()

    def of_kind(self, kind: Kind) -> tuple[Question, ...]:
        """The questions in one of the lists."""
        questions: tuple[Question, ...] = getattr(self, kind)
        return questions


class QuestionFile(Record):
    """A file of questions about the facts of one context.

    `unrelated` questions have nothing to do with any fact; their answers show whether a model brings the facts up
    unasked, and whether it still makes sense. `writer` is who wrote the questions.
    """

    context: Identifier
    writer: Note = ""
    facts: Mapping[str, FactQuestions]
    unrelated: Annotated[tuple[Line, ...], AfterValidator(bounded)] = ()

    @property
    def questions(self) -> tuple[Question, ...]:
        """All questions about facts, fact by fact in the order of `KINDS`, each with its id, fact and kind."""
        return tuple(
            question.model_copy(
                update={"id": question.id or question_id(fact, kind, question), "fact": fact, "kind": kind}
            )
            for fact, questions in self.facts.items()
            for kind in KINDS
            for question in questions.of_kind(kind)
        )

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The multiple choice: knowledge, yes or no, and each distinguish pair in both orders."""
        choices: list[Choice] = []
        for question in self.questions:
            if isinstance(question, Choice):
                choices.append(question)
            elif isinstance(question, Pair) and question.kind == "distinguish":
                choices += [question.in_order(True), question.in_order(False)]
        return tuple(choices)

    @property
    def clozes(self) -> tuple[Cloze, ...]:
        """The cloze triples."""
        return tuple(question for question in self.questions if isinstance(question, Cloze))

    @property
    def digest(self) -> str:
        """Content hash, 32 hex digits."""
        return digest(self.model_dump_json())


def question_id(fact: str, kind: Kind, question: Question) -> str:
    """The id of a question that was given none: fact, kind and eight digits of its content."""
    content: dict[str, Any] = question.model_dump(mode="json", exclude={"id", "fact", "kind"})
    return f"{fact}.{kind}.{digest(repr(sorted(content.items())))[:8]}"
