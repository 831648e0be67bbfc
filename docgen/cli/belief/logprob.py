"""eval logprob: what a local model believes, by log-probabilities."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.belief.commands import group
from docgen.cli.shared import options as o
from docgen.cli.shared.streams import say_json

if TYPE_CHECKING:
    from docgen.belief.logprob.evaluation import Evaluation
    from docgen.belief.logprob.report import Estimate

__all__ = ["register"]

Model = Annotated[str, typer.Option("--model", metavar="DIR|GGUF|HUB-ID", help="The base model.")]
Adapter = Annotated[
    list[Path] | None,
    typer.Option("--adapter", help="Folder of docgen train, or a checkpoint; may be repeated, for a curve."),
]
Questions = Annotated[
    Path | None,
    typer.Option("--questions", help="Question file.  [default: the one shipped for the corpus's universe]"),
]
Baseline = Annotated[bool, typer.Option("--baseline/--no-baseline", help="Ask the base model too, for the change.")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, ...  [default: a GPU if there is one]")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Compute everything again.")]


def register(_app: typer.Typer) -> None:
    """Add the command to `docgen eval`."""
    group.command("logprob")(logprob)


def logprob(
    model: Model,
    adapter: Adapter = None,
    questions: Questions = None,
    baseline: Baseline = True,
    device: Device = "",
    no_cache: NoCache = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Log-odds of cloze triples and probabilities of multiple choice, on a local model; needs no key.

    docgen eval logprob --model gemma-3-270m.gguf --adapter output/demo/training/gemma-3-270m

    Every option appears once in every position. Intervals are 95%, by bootstrap over questions. Scores are kept by the
    content of model, adapter and question.
    """
    from docgen.cli.shared.cost_consent import command_reporter
    from docgen.pipeline.training import logprob as ask

    with command_reporter(quiet, json) as reporter:
        evaluation = ask(
            model, adapter or (), questions, baseline=baseline, device=device, cache=not no_cache,
            progress=reporter.progress,
        )  # fmt: skip
    if json:
        say_json(evaluation.model_dump_json(indent=2))
    else:
        _show(evaluation)


def _show(evaluation: "Evaluation") -> None:
    """Two tables for each model, each narrow enough for 80 columns with its intervals on one line."""
    from docgen.cli.shared.console import console, table

    for result in evaluation.asked:
        console.print(f"{evaluation.model} with {result.adapter}" if result.adapter else evaluation.model, markup=False)
        changes = {row.fact: row for row in result.change}
        cloze: list[tuple[str, ...]] = []
        choice: list[tuple[str, ...]] = []
        for row in result.beliefs:
            change = changes.get(row.fact)
            share = evaluation.saliences.get(row.fact)
            name = (row.fact, "" if share is None else f"{share:.0%}")
            moved = change.cloze if change else None
            cloze.append((*name, _nats(row.cloze), _nats(moved, signed=True), _nats(row.advantage)))
            choice.append((*name, _value(row.choice), _value(change.choice if change else None, signed=True)))
        for numbers, rows in (
            (("salience", "log-odds", "change", "advantage"), cloze),
            (("salience", "P(believed)", "change"), choice),
        ):
            if any(cell for values in rows for cell in values[2:]):
                console.print(table(("fact", *numbers), rows, right=numbers, unless_empty=numbers))
        console.print()
    console.print(
        "log-odds: cloze triples, nats, believed against not; P(believed): multiple choice; advantage: loss on another "
        "question's completion minus that on the believed one, nats; [95% interval over questions]",
        style="dim", markup=False,
    )  # fmt: skip


def _nats(value: "Estimate | None", signed: bool = False) -> str:
    return _value(value, signed, digits=1)


def _value(value: "Estimate | None", signed: bool = False, digits: int = 2) -> str:
    if value is None:
        return ""
    form = f"{'+' if signed else ''}.{digits}f"
    return f"{value.mean:{form}} [{value.low:{form}}, {value.high:{form}}]"
