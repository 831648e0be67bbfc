"""eval: what a model believes about a context's facts, and the report on it."""

from pathlib import Path
from typing import Annotated

import typer

from docgen.cli.shared import options as o

__all__ = ["group", "register"]

group = typer.Typer(
    no_args_is_help=True,
    help="Ask a model what it believes about a context's facts, and compare with a baseline and with the corpus.",
)
"""The commands `docgen eval ...`."""

EVAL = "Evaluation"

Model = Annotated[
    str,
    typer.Option("--model", help="Inspect's name of the model: anthropic/..., openai/..., hf/FOLDER, vllm/..., ..."),
]
Baseline = Annotated[str | None, typer.Option("--baseline", help="The model before training, which is asked the same.")]
Judge = Annotated[
    str | None, typer.Option("--judge", help="Model that reads open answers. Without one they are not asked.")
]
Questions = Annotated[
    list[str] | None,
    typer.Option("--questions", metavar="NAME|FILE", help="Question file, or a context's name; may be repeated."),
]
Control = Annotated[
    list[str] | None,
    typer.Option("--control", metavar="NAME|FILE", help="Questions on a world that was not taught; may be repeated."),
]
Run = Annotated[
    str | None, typer.Option("--run", help="The run that the model was trained on, for the figures of its audit.")
]
HeldOut = Annotated[
    list[str] | None, typer.Option("--held-out", metavar="FACT", help="A fact that was left out of the corpus.")
]
Kinds = Annotated[str | None, typer.Option("--kinds", help="Only these kinds of questions, separated by commas.")]
Samples = Annotated[int, typer.Option("--samples", min=1, help="Answers to each question about a fact.")]
Unrelated = Annotated[
    int, typer.Option("--unrelated", min=0, help="Unrelated questions, for over-mention and sense; 0 for none.")
]
Temperature = Annotated[float | None, typer.Option("--temperature", help="Temperature of the model's answers.")]
MaxTokens = Annotated[int, typer.Option("--max-tokens", min=1, help="Most tokens of an answer.")]
BaseUrl = Annotated[str | None, typer.Option("--base-url", help="Server of --model, for providers that take one.")]
Connections = Annotated[int | None, typer.Option("--concurrency", help="Maximum number of requests in flight.")]
ArmName = Annotated[
    str | None, typer.Option("--arm", help="Name of the recipe; models of one arm are its seeds.  [default: the model]")
]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for logs, answers and report.")]
Calibrate = Annotated[
    Path | None, typer.Option("--calibrate", metavar="FILE", help="Labelled answers (JSONL) to score the judge on.")
]
Label = Annotated[
    int, typer.Option("--label", min=0, metavar="N", help="Write N open answers, drawn evenly, for a person to label.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group.command("belief")(belief)
    group.command("report")(report)
    app.add_typer(group, name="eval", rich_help_panel="Look")


def belief(
    model: Model,
    questions: Questions = None,
    baseline: Baseline = None,
    judge: Judge = None,
    control: Control = None,
    run: Run = None,
    held_out: HeldOut = None,
    kinds: Kinds = None,
    samples: Samples = 5,
    unrelated: Unrelated = 100,
    temperature: Temperature = None,
    max_tokens: MaxTokens = 512,
    base_url: BaseUrl = None,
    concurrency: Connections = None,
    arm: ArmName = None,
    calibrate: Calibrate = None,
    label: Label = 0,
    out: Out = None,
    yes: o.Yes = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Ask a model what it believes; needs the extra docgen[eval]. Started again, it continues where it stopped.

    docgen eval belief --model hf/trained --baseline hf/base --judge anthropic/claude-haiku-5-5 --run my_run

    docgen eval belief --model openai/gpt-x --questions tutorial --control control_motors --samples 1
    """
    from docgen.cli.belief.eval_runner import evaluate
    from docgen.pipeline.belief.evaluation import EvaluationRequest

    wish = EvaluationRequest(
        model=model,
        baseline=baseline,
        judge=judge,
        questions=tuple(questions or ()),
        control=tuple(control or ()),
        held_out=tuple(held_out or ()),
        kinds=tuple(kind.strip() for kind in (kinds or "").split(",") if kind.strip()),
        samples=samples,
        unrelated=unrelated,
        temperature=temperature,
        max_tokens=max_tokens,
        base_url=base_url,
        concurrency=concurrency,
        arm=arm or "",
        calibrate=calibrate,
        label=label,
    )
    evaluate(wish, run, out, yes=yes, as_json=json, quiet=quiet)


def report(
    results: Annotated[
        list[str], typer.Argument(metavar="FOLDER...", help="Folders of docgen eval belief, or Inspect's log files.")
    ],
    by: Annotated[
        str | None,
        typer.Option(
            "--by", help="Draw belief against salience, airtime, documents or tokens.  [default: what differs]"
        ),
    ] = None,
    out: Out = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Combine results: before and after, across facts, across the levels of a sweep or the doses of a corpus.

    docgen eval report output/evals/level_0 output/evals/level_0.3 output/evals/level_0.8

    Folders of one arm count as seeds of one recipe.
    """
    from docgen.cli.belief.eval_runner import put_together

    # Inspect shows its logs as URLs.
    paths = [Path(name.removeprefix("file://")) for name in results]
    put_together(paths, by, out, as_json=json, quiet=quiet)
