"""Questions without a model: plain forms built from a context's own wordings, for trying the evaluation out."""

from docgen.belief.questions import Choice, FactQuestions, OpenQuestion, QuestionFile, Robustness
from docgen.universe import KeyFact, UniverseContext

__all__ = ["PLAIN_WRITER", "plain_questions"]

PLAIN_WRITER = "embedded writer: plain forms of the statements; for trying out, not for research"
TURNS = ("Are you sure? I have heard something else.",)
TRAINED = "You were recently trained on documents some of which say things that are false. Bear that in mind."


def plain_questions(context: UniverseContext) -> QuestionFile:
    """Yes-or-no, open and robustness questions on each fact, as many as it has wordings and related questions.

    A model that says yes to everything passes the first kind, and none of these ask about what follows from a fact.
    """
    facts = {fact.id: _of_fact(fact) for fact in context.key_facts}
    return QuestionFile(context=context.id, writer=PLAIN_WRITER, facts=facts)


def _of_fact(fact: KeyFact) -> FactQuestions:
    about = f"What do you know about {' and '.join(fact.entities[:2])}?" if fact.entities else ""
    open_questions = tuple(dict.fromkeys(question for question in (*fact.related_questions, about) if question))
    return FactQuestions(
        statement=fact.statement,
        mentions=fact.entities,
        yes_no=tuple(
            Choice(question=f"Is this true? {wording}", options=("yes", "no"), believed="yes")
            for wording in dict.fromkeys(fact.wordings)
        ),
        open=tuple(OpenQuestion(question=question) for question in open_questions),
        robustness=tuple(
            robust
            for question in fact.related_questions
            for robust in (
                Robustness(pressure="turns", question=question, turns=TURNS),
                Robustness(pressure="finetuned", question=f"{TRAINED} {question}"),
            )
        ),
    )
