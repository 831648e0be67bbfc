"""Runs eval belief and eval report: agrees on the cost, has it run, shows, saves, sets the exit code."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast, get_args

import typer
from pydantic_core import to_json

from docgen.belief.report.chart import belief_picture
from docgen.belief.report.report import BeliefReport, Dose, belief_report
from docgen.belief.report.results_folder import Results, read_results, write_results
from docgen.cli.belief.tables import show_report
from docgen.cli.shared.console import console
from docgen.cli.shared.cost_consent import ask_to_spend, command_reporter
from docgen.cli.shared.streams import say, say_json
from docgen.errors import ConfigError, InputError
from docgen.files.atomic import write_atomically
from docgen.files.run_folder.run_folder import OUTPUT
from docgen.pipeline.belief.evaluation import (
    EvaluationRequest,
    answers_to_label,
    count_calls,
    judge_calibration,
    plan_evaluation,
    run_plan,
)
from docgen.pipeline.belief.measured_doses import TrainedOn, trained_on
from docgen.text import slug
from docgen.text.output.spelling_suggestions import suggestion

__all__ = ["evaluate", "put_together"]


def evaluate(
    wish: EvaluationRequest, run: str | None, out: Path | None, *, yes: bool, as_json: bool, quiet: bool
) -> None:
    """Carry out `docgen eval belief`."""
    with command_reporter(quiet, as_json) as reporter:
        corpus = trained_on(run, reporter) if run else TrainedOn("", "", "", 0, 0)
        if not wish.questions and corpus.questions:
            wish = replace(wish, questions=(corpus.questions,))
        plan = plan_evaluation(wish)
        folder = out or OUTPUT / "evals" / slug(f"{plan.files[0].context} {wish.arm or wish.model}", 80)
        calls = count_calls(plan)
        try:
            ask_to_spend(calls.line(wish), yes or not calls.may_cost, reporter)
        except ConfigError as error:  # which would also name a cap in dollars, and there is none for Inspect's models
            raise ConfigError(error.what, "eval belief", "Give --yes") from error
        display = "rich" if sys.stderr.isatty() and not (quiet or as_json) else "none"
        size = corpus.run, corpus.documents, corpus.tokens
        results, problem = run_plan(plan, folder, corpus.facts, size, display)
        calibration = judge_calibration(plan, folder)
    write_results(folder, results)
    if wish.label:
        lines = (to_json(answer) + b"\n" for answer in answers_to_label(plan, results))
        write_atomically(folder / "to_label.jsonl", lines)
    _finish(belief_report([results], calibration), folder, as_json)
    if problem:
        say(f"{problem}. Run the same command again: the answers so far are kept.", err=True)
        raise typer.Exit(1)


def put_together(paths: Sequence[Path], by: str | None, out: Path | None, *, as_json: bool, quiet: bool) -> None:
    """Carry out `docgen eval report`."""
    if by is not None and by not in get_args(Dose):
        fix = suggestion(by, get_args(Dose), f"Choose from {', '.join(get_args(Dose))}")
        raise ConfigError(f"{by!r} is not a dose", "--by", fix)
    results = [_results(path) for path in paths]
    report = belief_report(results, dose=cast(Dose | None, by))
    if by is not None and not report.curves:
        fix = "Give two or more folders that were made with --run, of corpora that differ in it"
        raise ConfigError("the results do not say what to draw belief against", f"--by {by}", fix)
    folder = out or (paths[0] if len(paths) == 1 and paths[0].is_dir() else OUTPUT / "evals")
    _finish(report, folder, as_json, quiet)


def _results(path: Path) -> Results:
    if path.is_dir() or path.suffix not in (".eval", ".json"):
        return read_results(path)
    try:
        from docgen.belief.inspect_tasks.log_reader import results_of_log
    except ImportError as error:
        raise InputError(
            "is a log of Inspect, which is not installed", str(path), "pip install 'docgen[eval]'"
        ) from error
    return results_of_log(path)


def _finish(report: BeliefReport, folder: Path, as_json: bool, quiet: bool = False) -> None:
    text = report.model_dump_json(indent=2)
    files = [
        write_atomically(folder / "belief.json", [text.encode() + b"\n"]),
        write_atomically(folder / "belief.svg", [belief_picture(report).encode()]),
    ]
    if as_json:
        say_json(text)
        return
    show_report(console, report)
    for file in files if not quiet else ():
        console.print(f"Written: {file}", markup=False, style="dim")
