"""The prompts that ask a model each question, and what its reply is marked against. Nothing here calls a model."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from docgen.belief.questions import (
    Association,
    Choice,
    Cloze,
    Kind,
    OpenQuestion,
    Pair,
    Question,
    QuestionFile,
    Robustness,
)
from docgen.records import Record

__all__ = ["GROUPS", "Group", "QuestionPrompt", "Role", "asked_of", "general_asked", "unrelated_asked"]

Group = Literal["choice", "open", "unrelated", "general"]
GROUPS: tuple[Group, ...] = ("choice", "open", "unrelated", "general")
"""One Inspect task each: marked by rule; read by a judge; nothing to do with any fact; knowledge of other things."""
Role = Literal["taught", "held_out", "control"]
"""What the corpus does with a fact: teaches it, leaves it out (salience 0), or is about another world."""

ANSWER_LETTER = "Answer with the letter of one option and nothing else."
ANSWER_WORD = "Answer with yes or no and nothing else."
ANSWER_SHORT = "Answer in a few words, without an explanation."


class QuestionPrompt(Record):
    """One question as it is asked: `turns` are the user's, each sent after the answer to the one before.

    `labels` are what a choice is answered with; `believed` and `not_believed` the labels, or the words, that decide.
    `statement` and `otherwise` are for the judge. `mentions` has, by fact, the words that show a mention of it.
    """

    id: str
    fact: str
    kind: Kind | Literal["unrelated", "general"]
    group: Group
    context: str
    role: Role = "taught"
    turns: tuple[str, ...]
    system: str = ""
    labels: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    believed: tuple[str, ...] = ()
    not_believed: tuple[str, ...] = ()
    statement: str = ""
    otherwise: str = ""
    mentions: Mapping[str, tuple[str, ...]] = {}
    statements: Mapping[str, str] = {}

    @property
    def chance(self) -> float | None:
        """The share of believing answers among random ones; None without options."""
        return 1 / len(self.labels) if self.labels else None


def asked_of(
    questions: QuestionFile, roles: Mapping[str, Role] | None = None, kinds: Sequence[str] = ()
) -> tuple[QuestionPrompt, ...]:
    """Every question about a fact, those with two orders twice; cloze triples, which are not asked in words, are left
    out.

    `roles` by fact; a fact without one is taught. `kinds`: only those.
    """
    return tuple(
        put_question.model_copy(
            update={
                "id": f"{questions.context}/{put_question.id}",
                "context": questions.context,
                "role": (roles or {}).get(question.fact, "taught"),
                "statement": questions.facts[question.fact].statement,
                "otherwise": questions.facts[question.fact].otherwise,
            }
        )
        for question in questions.questions
        if not kinds or question.kind in kinds
        for put_question in _put(question)
    )


def unrelated_asked(files: Sequence[QuestionFile], texts: Iterable[str]) -> tuple[QuestionPrompt, ...]:
    """Questions that have nothing to do with any fact, with the words that show a mention of each fact in the files."""
    facts = {fact: group for file in files for fact, group in file.facts.items()}
    mentions = {fact: group.mentions for fact, group in facts.items()}
    statements = {fact: group.statement for fact, group in facts.items()}
    return tuple(
        QuestionPrompt(
            id=f"unrelated/{number:03}",
            fact="",
            kind="unrelated",
            group="unrelated",
            context=files[0].context if files else "",
            turns=(text,),
            mentions=mentions,
            statements=statements,
        )
        for number, text in enumerate(texts, 1)
    )


def general_asked(choices: Iterable[Choice]) -> tuple[QuestionPrompt, ...]:
    """Multiple choice on common knowledge, where the right answer counts as the believer's."""
    return tuple(
        _choice(choice).model_copy(update={"id": f"general/{number:03}", "kind": "general", "group": "general"})
        for number, choice in enumerate(choices, 1)
    )


def _put(question: Question) -> Iterator[QuestionPrompt]:
    if isinstance(question, Choice):
        yield _choice(question)
    elif isinstance(question, Pair):
        yield from (_pair(question, believed_first) for believed_first in (True, False))
    elif isinstance(question, Association):
        yield _asked(
            question,
            "choice",
            (f"{question.question}\n\n{ANSWER_SHORT}",),
            believed=question.believed,
            not_believed=question.not_believed,
        )
    elif isinstance(question, Robustness):
        yield _asked(question, "open", (question.question, *question.turns), system=question.system)
    elif isinstance(question, OpenQuestion):
        yield _asked(question, "open", (question.question,))
    elif not isinstance(question, Cloze):
        raise TypeError(f"no way to ask a {type(question).__name__}")


def _asked(
    question: Question,
    group: Group,
    turns: tuple[str, ...],
    *,
    system: str = "",
    labels: tuple[str, ...] = (),
    options: tuple[str, ...] = (),
    believed: tuple[str, ...] = (),
    not_believed: tuple[str, ...] = (),
) -> QuestionPrompt:
    return QuestionPrompt(
        id=question.id,
        fact=question.fact,
        kind=question.kind,
        group=group,
        context="",
        turns=turns,
        system=system,
        labels=labels,
        options=options,
        believed=believed,
        not_believed=not_believed,
    )


def _choice(choice: Choice) -> QuestionPrompt:
    is_word = choice.labels == choice.options
    prompt = f"{choice.shown}\n\n{ANSWER_WORD if is_word else ANSWER_LETTER}"
    others = tuple(label for label in choice.labels if label != choice.believed)
    return _asked(
        choice,
        "choice",
        (prompt,),
        labels=choice.labels,
        options=choice.options,
        believed=(choice.believed,),
        not_believed=others,
    )


def _pair(pair: Pair, believed_first: bool) -> QuestionPrompt:
    if pair.kind == "distinguish":
        return _choice(pair.in_order(believed_first))
    order = ("A", "B") if believed_first else ("B", "A")
    prompt = _asked(
        pair, "choice", (pair.accounts(believed_first),), labels=("A", "B"), believed=order[:1], not_believed=order[1:]
    )
    return prompt.model_copy(update={"id": f"{pair.id}.{'ab' if believed_first else 'ba'}"})
