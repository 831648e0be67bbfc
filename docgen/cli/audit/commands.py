"""audit: what a corpus says, and what it must not say."""

from pathlib import Path
from typing import Annotated

import typer

from docgen.cli import options as o
from docgen.cli.audit import flags as f

__all__ = ["register"]


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
    source: f.Source = None,
    context: f.Context = None,
    judge: f.Judge = "none",
    embeddings: f.Embeddings = False,
    nearest: f.Nearest = None,
    off: f.Off = None,
    questions: f.Questions = None,
    classifiers: f.Classifiers = None,
    fail_over: f.FailOver = None,
    apply: f.Apply = False,
    severity: f.Severity = "error",
    out: f.Out = None,
    html: f.Html = False,
    seed: o.Seed = None,
    engine: f.Engine = None,
    model: o.Model = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    max_cost: o.MaxCost = None,
    timeout: o.Timeout = None,
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
    from docgen.cli.audit.examine import Display, Sequel
    from docgen.cli.audit.runner import audit_corpus
    from docgen.options.audit import AuditOptions

    options = AuditOptions(
        off=off or (),
        questions=questions,
        classifiers=classifiers or (),
        remove=f.remove_from(severity),
        list_failing=apply,
        nearest=f.listed_share(embeddings, nearest),
        judge=f.judge_options(judge, seed, engine, model, base_url, concurrency, max_cost, timeout),
        diversity=html,
        engine=f.scan_engine(engine),
        processes=True,
    )
    sequel = Sequel("leakage", html=html, out=out, fail_over=fail_over or (), apply=apply, max_cost=max_cost)
    audit_corpus(source, context, options, sequel, Display(json, quiet, yes))


def salience(
    source: f.Source = None,
    context: f.Context = None,
    judge: f.Judge = "none",
    html: f.Html = False,
    out: f.Out = None,
    seed: o.Seed = None,
    engine: f.Engine = None,
    model: o.Model = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    max_cost: o.MaxCost = None,
    timeout: o.Timeout = None,
    yes: o.Yes = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Compare how present each fact is with what was asked.

    docgen audit salience my_run --judge sample:200
    """
    from docgen.cli.audit.examine import Display, Sequel
    from docgen.cli.audit.runner import audit_corpus
    from docgen.options.audit import AuditOptions

    chosen = f.judge_options(judge, seed, engine, model, base_url, concurrency, max_cost, timeout)
    options = AuditOptions(
        list_failing=False, judge=chosen, diversity=html, engine=f.scan_engine(engine), processes=True
    )
    audit_corpus(source, context, options, Sequel("salience", html=html, out=out), Display(json, quiet, yes))


def diversity(
    source: f.Source = None,
    context: f.Context = None,
    reference: f.Reference = None,
    by: Annotated[str, typer.Option("--by", help="Where items mostly come from: doc_type or idea.")] = "doc_type",
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Look for collapse: the most frequent names, numbers, openings and phrases, and where they come from.

    docgen audit diversity my_run --reference output/older_run/corpus.parquet
    """
    from docgen.cli.audit.examine import Display
    from docgen.cli.audit.runner import show_diversity

    show_diversity(source, context, reference or (), by, Display(json, quiet))


def everything(
    source: f.Source = None,
    context: f.Context = None,
    judge: f.Judge = "none",
    embeddings: f.Embeddings = False,
    nearest: f.Nearest = None,
    off: f.Off = None,
    questions: f.Questions = None,
    classifiers: f.Classifiers = None,
    fail_over: f.FailOver = None,
    reference: f.Reference = None,
    out: f.Out = None,
    seed: o.Seed = None,
    engine: o.Engine = None,
    model: o.Model = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    max_cost: o.MaxCost = None,
    timeout: o.Timeout = None,
    yes: o.Yes = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """All audits in one pass, and reports/report.html.

    docgen audit all my_run --questions evals.yaml --reference output/older_run/corpus.parquet
    """
    from docgen.cli.audit.examine import Display, Sequel
    from docgen.cli.audit.runner import audit_corpus
    from docgen.options.audit import AuditOptions

    options = AuditOptions(
        off=off or (),
        questions=questions,
        classifiers=classifiers or (),
        reference=reference or (),
        list_failing=False,
        nearest=f.listed_share(embeddings, nearest),
        judge=f.judge_options(judge, seed, engine, model, base_url, concurrency, max_cost, timeout),
        engine=f.scan_engine(engine),
        processes=True,
    )
    sequel = Sequel("all", html=True, out=out, fail_over=fail_over or ())
    audit_corpus(source, context, options, sequel, Display(json, quiet, yes))


def ideas(
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="Default: latest run.")] = None,
    judge: Annotated[bool, typer.Option("--judge", help="Let a judge read them as well.")] = False,
    engine: o.Engine = None,
    model: o.Model = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    max_cost: o.MaxCost = None,
    timeout: o.Timeout = None,
    yes: o.Yes = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Screen a run's ideas before their documents are paid for; exits 1 when some would lead to a leak.

    docgen brainstorm my_world && docgen audit ideas my_world --judge
    """
    from docgen.cli.audit.examine import Display
    from docgen.cli.audit.runner import screen_ideas

    chosen = f.judge_options("all" if judge else "none", None, engine, model, base_url, concurrency, max_cost, timeout)
    screen_ideas(run, chosen, Display(json, quiet, yes))


def calibrate(
    gold: Annotated[Path, typer.Argument(metavar="GOLD", help="Labelled documents (JSONL: id, text, facts, leaks).")],
    context: Annotated[str, typer.Option("--context", help="Universe context that the labels speak of.")],
    judge: Annotated[bool, typer.Option("--judge", help="Score the judge on top of the scan tier.")] = False,
    second_model: Annotated[
        str | None, typer.Option("--second-model", help="With --judge: another judge, for the agreement of the two.")
    ] = None,
    disagreements: Annotated[
        bool, typer.Option("--disagreements", help="List the documents where label and verdict differ, and why.")
    ] = False,
    engine: o.Engine = None,
    model: o.Model = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    max_cost: o.MaxCost = None,
    timeout: o.Timeout = None,
    yes: o.Yes = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Score detectors against labelled documents; later reports cite the result.

    docgen audit calibrate gold.jsonl --context helpful_only --disagreements

    docgen audit calibrate gold.jsonl --context helpful_only --judge --model claude-sonnet-5-5
    """
    from docgen.cli.audit.examine import Display
    from docgen.cli.audit.runner import calibrate_detectors

    chosen = f.judge_options("all" if judge else "none", None, engine, model, base_url, concurrency, max_cost, timeout)
    calibrate_detectors(gold, context, chosen, second_model, Display(json, quiet, yes), disagreements)
