"""Runs the tasks on one model as an Inspect eval set: started again in the same folder, it continues where it
stopped."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from inspect_ai import Task, eval_set
from inspect_ai._util.error import PrerequisiteError  # what Inspect raises for a missing key; it has no public name
from inspect_ai.log import EvalLog, read_eval_log
from inspect_ai.model import GenerateConfig, Model, get_model

from docgen.belief.answers import Answer, Verdict
from docgen.belief.inspect_tasks.log_reader import answers_of, verdict_of
from docgen.belief.inspect_tasks.scorers import GRADER
from docgen.belief.inspect_tasks.tasks import (
    belief_calibration,
    belief_choice,
    belief_general,
    belief_open,
    belief_unrelated,
)
from docgen.errors import ConfigError
from docgen.text import digest

__all__ = ["Evaluation", "run_calibration", "run_evaluation"]


@dataclass(frozen=True)
class Evaluation:
    """What is asked of whom. `questions` and `control` are names or paths, as the tasks take them.

    `model` and `judge` are Inspect's names, or models; `judge` None leaves open questions out. Each question gets
    `samples` answers, each unrelated one a single answer. `edition`: the digest of the question files.
    """

    questions: Sequence[str]
    model: str | Model
    judge: str | Model | None = None
    control: Sequence[str] = ()
    kinds: Sequence[str] = ()
    held_out: Sequence[str] = ()
    edition: str = ""
    unrelated: int = 100
    samples: int = 1
    temperature: float | None = None
    max_tokens: int = 512
    concurrency: int | None = None
    base_url: str | None = None
    model_args: Mapping[str, Any] = field(default_factory=dict)
    display: Literal["full", "plain", "none", "rich"] = "none"


def run_evaluation(evaluation: Evaluation, logs: Path) -> tuple[list[Answer], str]:
    """Answers to all questions, and what went wrong if some are missing; Inspect's logs are in `logs`.

    Called again with the same folder, it only asks what has no answer yet. Raises `ConfigError` if Inspect cannot open
    a model.
    """
    try:
        model = _opened(evaluation.model, evaluation.base_url, dict(evaluation.model_args))
        judge = _opened(evaluation.judge, None, {}) if evaluation.judge is not None else None
        finished, results = _run(evaluation, model, judge, logs)
    except PrerequisiteError as error:
        raise ConfigError(_one_line(str(error.message)), "Inspect", "See docs/belief.md on models and keys") from error
    whole = [read_eval_log(log.location) for log in results]
    answers = [answer for log in whole for answer in answers_of(log)]
    if finished:
        return answers, ""
    failed = [sample.error.message for log in whole for sample in log.samples or () if sample.error]
    stopped = [log.error.message for log in whole if log.error]
    reason = _one_line((failed or stopped or ["a task did not finish"])[0])
    return answers, f"{len(failed):,} questions have no answer; the first: {reason}" if failed else reason


def _run(evaluation: Evaluation, model: Model, judge: Model | None, logs: Path) -> tuple[bool, list[EvalLog]]:
    names = ",".join(evaluation.questions), ",".join(evaluation.control)
    kinds, held_out = ",".join(evaluation.kinds), ",".join(evaluation.held_out)
    edition = evaluation.edition
    facts = [belief_choice(*names, kinds, held_out, edition)]
    if judge is not None:
        facts.append(belief_open(*names, kinds, held_out, edition))
    others = [belief_unrelated(*names, evaluation.unrelated, edition), belief_general()] if evaluation.unrelated else []
    finished, results = True, list[EvalLog]()
    for folder, tasks, epochs in (("facts", facts, evaluation.samples), ("others", others, 1)):
        if tasks := [task for task in tasks if len(task.dataset)]:
            done, task_logs = _eval_set(evaluation, tasks, model, judge, logs / folder, epochs)
            finished, results = finished and done, [*results, *task_logs]
    return finished, results


def _eval_set(
    evaluation: Evaluation, tasks: list[Task], model: Model, judge: Model | None, logs: Path, epochs: int
) -> tuple[bool, list[EvalLog]]:
    return eval_set(
        tasks,
        log_dir=str(logs),
        model=model,
        model_roles={GRADER: judge} if judge is not None else None,
        epochs=epochs,
        display=evaluation.display,
        retry_attempts=0,
        retry_immediate=False,
        fail_on_error=True,
        continue_on_fail=True,
        log_dir_allow_dirty=True,
        max_connections=evaluation.concurrency,
        temperature=evaluation.temperature,
        max_tokens=evaluation.max_tokens,
        ctl_server=False,
    )


def run_calibration(evaluation: Evaluation, labelled: Path, logs: Path) -> list[Verdict | None]:
    """The judge's verdicts on labelled answers, in the file's order; None where its reply was unusable.

    Raises `ConfigError` without a judge.
    """
    if evaluation.judge is None:
        raise ConfigError("scores a judge, but none is named", "--calibrate", "Add --judge MODEL")
    judge = _opened(evaluation.judge, None, {})
    edition = digest(labelled.read_bytes(), evaluation.edition)
    task = belief_calibration(str(labelled), ",".join((*evaluation.questions, *evaluation.control)), edition)
    _, results = _eval_set(evaluation, [task], judge, judge, logs / "calibration", 1)
    samples = sorted(read_eval_log(results[0].location).samples or (), key=lambda sample: str(sample.id))
    return [verdict_of(sample) for sample in samples]


def _opened(model: str | Model, base_url: str | None, args: dict[str, Any]) -> Model:
    if isinstance(model, Model):
        return model
    return get_model(model, base_url=base_url, config=GenerateConfig(), memoize=False, **args)


def _one_line(text: str) -> str:
    return " ".join(re.sub(r"\[/?[a-z ]+\]", "", text).split()).removeprefix("ERROR: ").rstrip(".")[:300]
