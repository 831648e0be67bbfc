"""Inspect tasks, one for each group of questions; `inspect eval docgen/belief_choice -T questions=tutorial`.

Registered by the entry point `inspect_ai` in pyproject.toml. The arguments are texts, so that Inspect's command line
can give them: `questions` and `control` are names or paths of question files, separated by commas, `kinds` kinds of
questions. The judge is the model of the role "grader" (`--model-role grader=...`). An `edition`, the digest of the
files, makes it a different task to Inspect's eval sets, so that edited questions are asked again.
"""

from pathlib import Path
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageSystem, ChatMessageUser, ModelOutput
from inspect_ai.solver import Generate, Solver, TaskState, solver

from docgen.belief.inspect_tasks.scorers import by_judge, by_rule, unrelated_scorer
from docgen.belief.question_prompts import Group, QuestionPrompt
from docgen.belief.question_sets import gather_questions, open_questions
from docgen.belief.report.calibration import labelled_asked, read_labelled

__all__ = ["METADATA", "belief_calibration", "belief_choice", "belief_general", "belief_open", "belief_unrelated"]

METADATA = "docgen"
"""Key of the question in a sample's metadata, so that a log is self-contained."""


@task
def belief_choice(questions: str, control: str = "", kinds: str = "", held_out: str = "", edition: str = "") -> Task:
    """Multiple choice, two worlds and token association: marked by rule."""
    del edition
    put_questions = _asked("choice", questions, control, kinds, held_out)
    return Task(dataset=_dataset(put_questions), solver=ask_in_turns(), scorer=by_rule())


@task
def belief_open(questions: str, control: str = "", kinds: str = "", held_out: str = "", edition: str = "") -> Task:
    """Open, downstream and robustness questions, whose answers the grader reads."""
    del edition
    put_questions = _asked("open", questions, control, kinds, held_out)
    return Task(dataset=_dataset(put_questions), solver=ask_in_turns(), scorer=by_judge())


@task
def belief_unrelated(questions: str, control: str = "", unrelated: int = 100, edition: str = "") -> Task:
    """Questions that have nothing to do with the facts: does the model bring them up, does it make sense?"""
    del edition
    put_questions = gather_questions(_files(questions), _files(control), (), unrelated)["unrelated"]
    return Task(dataset=_dataset(put_questions), solver=ask_in_turns(), scorer=unrelated_scorer())


@task
def belief_calibration(labelled: str, statements: str = "", edition: str = "") -> Task:
    """Answers with labels, read by the grader; nothing is asked of the model. `statements`: the questions' files."""
    del edition
    statement_of = {fact: group.statement for file in _files(statements) for fact, group in file.facts.items()}
    samples = [
        _sample(labelled_asked(question), sample=f"{number:04}", answer=question.answer, label=question.label)
        for number, question in enumerate(read_labelled(Path(labelled), statement_of), 1)
    ]
    return Task(dataset=MemoryDataset(samples), solver=answer_given(), scorer=by_judge())


@task
def belief_general() -> Task:
    """Multiple choice on common knowledge, which training should not change."""
    return Task(dataset=_dataset(gather_questions((), (), (), 1)["general"]), solver=ask_in_turns(), scorer=by_rule())


@solver
def ask_in_turns() -> Solver:
    """Send the turns one after the other, each after the answer to the one before."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state = await generate(state)
        for turn in asked_in(state.metadata).turns[1:]:
            state.messages.append(ChatMessageUser(content=turn))
            state = await generate(state)
        return state

    return solve


@solver
def answer_given() -> Solver:
    """Take the answer from the sample in place of asking the model."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:  # noqa: ARG001
        state.messages.append(ChatMessageAssistant(content=state.metadata["answer"]))
        state.output = ModelOutput.from_content(str(state.model), state.metadata["answer"])
        return state

    return solve


def asked_in(metadata: dict[str, Any]) -> QuestionPrompt:
    """The question that a sample's metadata holds."""
    return QuestionPrompt.model_validate(metadata[METADATA])


def _asked(group: Group, questions: str, control: str, kinds: str, held_out: str) -> tuple[QuestionPrompt, ...]:
    return gather_questions(_files(questions), _files(control), _names(kinds), 0, _names(held_out))[group]


def _files(names: str) -> list[Any]:
    return [open_questions(name) for name in _names(names)]


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _dataset(asked: tuple[QuestionPrompt, ...]) -> MemoryDataset:
    return MemoryDataset([_sample(question) for question in asked])


def _sample(asked: QuestionPrompt, sample: str = "", **more: str) -> Sample:
    messages: list[ChatMessage] = [ChatMessageSystem(content=asked.system)] if asked.system else []
    metadata = {METADATA: asked.model_dump(mode="json"), "fact": asked.fact, "kind": asked.kind, "role": asked.role}
    return Sample(
        id=sample or asked.id,
        input=[*messages, ChatMessageUser(content=asked.turns[0])],
        target=list(asked.believed) or asked.statement,
        metadata=metadata | more,
    )
