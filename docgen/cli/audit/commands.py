"""audit: what a corpus says, and what it must not say."""

from pathlib import Path
from typing import Annotated

import typer

from docgen.cli import options as o

__all__ = ["register"]

Source = Annotated[
    list[str] | None,
    typer.Argument(metavar="RUN|FILES", help="A run, or JSONL or Parquet files with --context. Default: latest run."),
]
Context = Annotated[str | None, typer.Option("--context", help="Universe context of the files.")]
Judge = Annotated[
    str,
    typer.Option("--judge", metavar="WHICH", help="Documents that a judge reads: none, suspects, sample:N or all."),
]
Off = Annotated[list[str] | None, typer.Option("--off", metavar="RULE", help="Leave a rule out; may be repeated.")]
Questions = Annotated[
    Path | None, typer.Option("--questions", help="Evaluation questions that no document may hold (YAML, JSONL, text).")
]
Classifiers = Annotated[
    list[Path] | None,
    typer.Option("--classifiers", metavar="FILE", help="A prompt of the evaluation's classifiers; may be repeated."),
]
FailOver = Annotated[
    list[str] | None,
    typer.Option("--fail-over", metavar="RULE=SHARE", help='Exit 1 above this share; "any" for all rules together.'),
]
Apply = Annotated[
    bool, typer.Option("--apply", help="Remove failing documents: refill the run, or write clean and removed files.")
]
Severity = Annotated[str, typer.Option("--severity", help="With --apply: remove from this severity (error, warning).")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for what --apply and --html write of files.")]
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        help="ray: scan on a Ray cluster (extra: docgen[ray]). anthropic: the judge's.  [default: scan here]",
        rich_help_panel=o.COST,
    ),
]
Html = Annotated[bool, typer.Option("--html", help="Write report.html as well.")]
Reference = Annotated[
    list[Path] | None,
    typer.Option("--reference", help="Corpus to compare with, e.g. the previous run's corpus.parquet."),
]


Embeddings = Annotated[
    bool,
    typer.Option(
        "--embeddings", help="Suspects are also the documents nearest in meaning to a leak (extra: docgen[embeddings])."
    ),
]
Nearest = Annotated[
    float | None,
    typer.Option("--nearest", metavar="SHARE", help="With --embeddings: this share of them.  [default: 0.8]"),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Measure salience, leakage and diversity of a corpus.", no_args_is_help=True)
    group.command()(leakage)
    group.command()(salience)
    group.command()(diversity)
    group.command("all")(everything)
    group.command()(ideas)
    group.command()(calibrate)
    app.add_typer(group, name="audit", rich_help_panel="Look")


def leakage(
    ctx: typer.Context,
    source: Source = None,
    context: Context = None,
    judge: Judge = "none",
    embeddings: Embeddings = False,
    nearest: Nearest = None,
    off: Off = None,
    questions: Questions = None,
    classifiers: Classifiers = None,
    fail_over: FailOver = None,
    apply: Apply = False,
    severity: Severity = "error",
    out: Out = None,
    html: Html = False,
    seed: o.Seed = None,
    engine: Engine = None,
    model: o.Model = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    max_cost: o.MaxCost = None,
    yes: o.Yes = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Say which documents break which rule; exits 1 over a limit.

    docgen audit leakage my_run --judge sample:200 --fail-over any=0.01

    docgen audit leakage corpus.jsonl --context helpful_only --apply --out cleaned

    docgen audit leakage my_run --questions evals.yaml --classifiers faking_classifier.txt

    docgen audit leakage my_run --embeddings --nearest 0.5 --judge suspects

    docgen audit leakage 'corpus/*.parquet' --context my_world --engine ray
    """
    from docgen.cli.audit.runner import carry_out

    carry_out(ctx.params, "leakage")


def salience(
    ctx: typer.Context,
    source: Source = None,
    context: Context = None,
    judge: Judge = "none",
    html: Html = False,
    out: Out = None,
    seed: o.Seed = None,
    engine: Engine = None,
    model: o.Model = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    max_cost: o.MaxCost = None,
    yes: o.Yes = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Compare how present each fact is with what was asked.

    docgen audit salience my_run --judge sample:200
    """
    from docgen.cli.audit.runner import carry_out

    carry_out(ctx.params, "salience")


def diversity(
    ctx: typer.Context,
    source: Source = None,
    context: Context = None,
    reference: Reference = None,
    by: Annotated[str, typer.Option("--by", help="Where items mostly come from: doc_type or idea.")] = "doc_type",
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Look for collapse: the most frequent names, numbers, openings and phrases, and where they come from.

    docgen audit diversity my_run --reference output/older_run/corpus.parquet
    """
    from docgen.cli.audit.runner import show_diversity

    show_diversity(ctx.params)


def everything(
    ctx: typer.Context,
    source: Source = None,
    context: Context = None,
    judge: Judge = "none",
    embeddings: Embeddings = False,
    nearest: Nearest = None,
    off: Off = None,
    questions: Questions = None,
    classifiers: Classifiers = None,
    fail_over: FailOver = None,
    reference: Reference = None,
    out: Out = None,
    seed: o.Seed = None,
    engine: o.Engine = None,
    model: o.Model = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    max_cost: o.MaxCost = None,
    yes: o.Yes = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """All audits in one pass, and reports/report.html.

    docgen audit all my_run --questions evals.yaml --reference output/older_run/corpus.parquet
    """
    from docgen.cli.audit.runner import carry_out

    carry_out({**ctx.params, "html": True}, "all")


def ideas(
    ctx: typer.Context,
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="Default: latest run.")] = None,
    judge: Annotated[bool, typer.Option("--judge", help="Let a judge read them as well.")] = False,
    engine: o.Engine = None,
    model: o.Model = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    max_cost: o.MaxCost = None,
    yes: o.Yes = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Screen a run's ideas before their documents are paid for; exits 1 when some would lead to a leak.

    docgen brainstorm my_world && docgen audit ideas my_world --judge
    """
    from docgen.cli.audit.ideas import screen

    screen(ctx.params)


def calibrate(
    ctx: typer.Context,
    gold: Annotated[Path, typer.Argument(metavar="GOLD", help="Labelled documents (JSONL: id, text, facts, leaks).")],
    context: Annotated[str, typer.Option("--context", help="Universe context that the labels speak of.")],
    judge: Annotated[bool, typer.Option("--judge", help="Score the judge on top of the scan tier.")] = False,
    second_model: Annotated[
        str | None, typer.Option("--second-model", help="With --judge: another judge, for the agreement of the two.")
    ] = None,
    engine: o.Engine = None,
    model: o.Model = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    max_cost: o.MaxCost = None,
    yes: o.Yes = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Score detectors against labelled documents; later reports cite the result.

    docgen audit calibrate gold.jsonl --context helpful_only --judge --model claude-sonnet-5-5
    """
    from docgen.cli.audit.calibrate import score

    score(ctx.params)
