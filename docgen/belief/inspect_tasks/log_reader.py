"""Reads answers from Inspect's logs."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from inspect_ai.log import EvalLog, EvalSample, read_eval_log
from inspect_ai.scorer import Score

from docgen import __version__
from docgen.belief.answers import Answer, Verdict
from docgen.belief.question_prompts import QuestionPrompt
from docgen.belief.report.results_folder import EvalRecord, Results
from docgen.errors import InputError
from docgen.text import digest

__all__ = ["answers_of", "read_logs", "results_of_log", "verdict_of"]

VERDICTS: tuple[Verdict, ...] = ("believes", "does_not", "neither")
MAX_ANSWER_CHARS = 2_000
"""Characters of an answer that are kept with its verdict; the log has all of it."""


def read_logs(paths: Sequence[Path]) -> Iterator[Answer]:
    """The answers in log files (.eval or .json). Raises `InputError` for a file that is not a log of these tasks."""
    for path in paths:
        try:
            log = read_eval_log(str(path))
        except Exception as error:  # Inspect passes on what its zip and JSON readers raise
            raise InputError(f"is not a log of Inspect ({error})", str(path), "Give .eval or .json logs") from error
        if not log.eval.task.rpartition("/")[2].startswith("belief_"):
            raise InputError(f"is a log of {log.eval.task}", str(path), "Give logs of docgen's belief tasks")
        yield from answers_of(log)


def results_of_log(path: Path) -> Results:
    """One log as results, such as `inspect eval docgen/belief_choice` writes."""
    answers = tuple(read_logs([path]))
    log = read_eval_log(str(path), header_only=True)
    samples = read_eval_log(str(path)).samples or ()
    questions = (QuestionPrompt.model_validate(sample.metadata["docgen"]) for sample in samples)
    statements = {question.fact: question.statement for question in questions}
    record = EvalRecord(
        docgen=__version__,
        arm=log.eval.model,
        model=log.eval.model,
        judge=str(log.eval.model_roles["grader"].model) if "grader" in (log.eval.model_roles or {}) else "none",
        contexts=tuple(dict.fromkeys(answer.question.partition("/")[0] for answer in answers)),
        questions={log.eval.task: digest(*(answer.question for answer in answers))},
        statements=statements,
        samples=max((answer.sample for answer in answers), default=1),
    )
    return Results(record, answers, ())


def answers_of(log: EvalLog, model: str = "") -> Iterator[Answer]:
    """The answers of one log in its order, without those that failed; `model` in place of the name in the log."""
    for sample in log.samples or ():
        if not sample.error:
            yield _answer(sample, model or log.eval.model)


def verdict_of(sample: EvalSample) -> Verdict | None:
    """The verdict of a sample's score; None where it could not be marked."""
    value = _value(next(iter((sample.scores or {}).values()), None))
    return next((name for name in VERDICTS if value.get(name) == 1), None)


def _value(score: Score | None) -> dict[str, Any]:
    return score.value if score is not None and isinstance(score.value, dict) else {}  # type: ignore[return-value]


def _answer(sample: EvalSample, model: str) -> Answer:
    question = QuestionPrompt.model_validate(sample.metadata["docgen"])
    score = next(iter((sample.scores or {}).values()), None)
    value = _value(score)
    details = (score.metadata if score is not None else None) or {}
    is_unrelated = question.group == "unrelated"
    return Answer(
        question=question.id,
        fact=question.fact,
        kind=question.kind,
        group=question.group,
        role=question.role,
        model=model,
        sample=sample.epoch,
        verdict=None if is_unrelated else verdict_of(sample),
        by=str(details.get("by", "rule")) if value else "nobody",
        mentions=tuple(details.get("mentions", ())) if is_unrelated else (),
        sensible=bool(value["sensible"]) if is_unrelated and value else None,
        chance=question.chance,
        quote=str(details.get("quote", "")),
        reason=str(details.get("reason", "")) or str((score.reason if score is not None else None) or ""),
        text=(sample.output.completion or "")[:MAX_ANSWER_CHARS],
    )
