"""audit: what a corpus says, and what it must not say."""

from pathlib import Path
from typing import Annotated

import typer

from docgen.cli.audit import flags as f
from docgen.cli.entry import command, command_flags
from docgen.cli.shared import options as o

__all__ = ["register"]

OF_LEAKAGE_ALONE = {"apply", "severity"}
OF_LEAKAGE = OF_LEAKAGE_ALONE | {"embeddings", "nearest", "off", "questions", "classifiers", "fail_over"}
"""Flags without meaning where leakage is not looked for."""


@command_flags
class AllFlags(f.ScanFlags):
    """The flags of all audits in one pass: not on a cluster, which does not measure diversity."""

    engine: o.Engine = None


@command_flags
class DiversityFlags:
    """The flags of the audit of diversity."""

    source: f.Source = None
    context: f.Context = None
    reference: f.Reference = None
    by: Annotated[str, typer.Option("--by", help="What items are attributed to: doc_type or idea.")] = "doc_type"
    json: o.Json = False
    quiet: o.Quiet = False


@command_flags
class IdeasFlags(f.JudgeFlags):
    """The flags of the audit of ideas."""

    run: Annotated[str | None, typer.Argument(metavar="RUN", help="Default: latest run.")] = None
    judge: Annotated[bool, typer.Option("--judge", help="Let a judge read them as well.")] = False


@command_flags
class CalibrateFlags(f.JudgeFlags):
    """The flags of calibrate."""

    gold: Annotated[Path, typer.Argument(metavar="GOLD", help="Labelled documents (JSONL: id, text, facts, leaks).")]
    context: Annotated[str, typer.Option("--context", help="Universe context that the labels refer to.")]
    judge: Annotated[bool, typer.Option("--judge", help="Score the judge on top of the scan tier.")] = False
    second_model: Annotated[
        str | None, typer.Option("--second-model", help="With --judge: another judge, to measure their agreement.")
    ] = None
    disagreements: Annotated[
        bool, typer.Option("--disagreements", help="List the documents where label and verdict differ, and why.")
    ] = False


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Measure salience, leakage and diversity of a corpus.", no_args_is_help=True)
    group.command()(command(leakage, f.ScanFlags, {"reference"}))
    group.command()(command(salience, f.ScanFlags, OF_LEAKAGE | {"reference"}))
    group.command()(command(diversity, DiversityFlags))
    group.command("all")(command(everything, AllFlags, OF_LEAKAGE_ALONE | {"html"}))
    group.command()(command(ideas, IdeasFlags))
    group.command()(command(calibrate, CalibrateFlags))
    app.add_typer(group, name="audit", rich_help_panel="Look")


def leakage(flags: f.ScanFlags) -> None:
    """Say which documents break which rule; exits 1 over a limit.

    docgen audit leakage my_run --judge sample:200 --fail-over any=0.01

    docgen audit leakage corpus.jsonl --context helpful_only --apply --out cleaned

    docgen audit leakage my_run --questions evals.yaml --classifiers faking_classifier.txt

    docgen audit leakage my_run --embeddings --nearest 0.5 --judge suspects

    docgen audit leakage 'corpus/*.parquet' --context my_world --engine ray
    """
    from docgen.cli.audit.runner import audit_corpus
    from docgen.cli.audit.scan_and_judge import AuditActions

    limits = flags.fail_over or ()
    sequel = AuditActions("leakage", flags.html, flags.out, limits, apply=flags.apply, max_cost=flags.max_cost)
    options = flags.options(list_failing=flags.apply, diversity=flags.html)
    audit_corpus(flags.source, flags.context, options, sequel, flags.display())


def salience(flags: f.ScanFlags) -> None:
    """Compare how present each fact is with what was asked for.

    docgen audit salience my_run --judge sample:200
    """
    from docgen.cli.audit.runner import audit_corpus
    from docgen.cli.audit.scan_and_judge import AuditActions

    sequel = AuditActions("salience", flags.html, flags.out)
    audit_corpus(flags.source, flags.context, flags.options(diversity=flags.html), sequel, flags.display())


def diversity(flags: DiversityFlags) -> None:
    """Look for collapse: the most frequent names, numbers, openings and phrases, and where they come from.

    docgen audit diversity my_run --reference output/older_run/corpus.parquet
    """
    from docgen.cli.audit.runner import show_diversity
    from docgen.cli.audit.scan_and_judge import Display

    display = Display(flags.json, flags.quiet)
    show_diversity(flags.source, flags.context, flags.reference or (), flags.by, display)


def everything(flags: AllFlags) -> None:
    """All audits in one pass, and reports/report.html.

    docgen audit all my_run --questions evals.yaml --reference output/older_run/corpus.parquet
    """
    from docgen.cli.audit.runner import audit_corpus
    from docgen.cli.audit.scan_and_judge import AuditActions

    sequel = AuditActions("all", html=True, out=flags.out, fail_over=flags.fail_over or ())
    audit_corpus(flags.source, flags.context, flags.options(), sequel, flags.display())


def ideas(flags: IdeasFlags) -> None:
    """Screen a run's ideas before their documents are paid for; exits 1 when some would lead to a leak.

    docgen brainstorm my_world && docgen audit ideas my_world --judge
    """
    from docgen.cli.audit.runner import screen_ideas

    screen_ideas(flags.run, flags.judge_options("all" if flags.judge else "none"), flags.display())


def calibrate(flags: CalibrateFlags) -> None:
    """Score detectors against labelled documents; later reports cite the result.

    docgen audit calibrate gold.jsonl --context helpful_only --disagreements

    docgen audit calibrate gold.jsonl --context helpful_only --judge --model claude-sonnet-5-5
    """
    from docgen.cli.audit.runner import calibrate_detectors

    judge = flags.judge_options("all" if flags.judge else "none")
    display, second = flags.display(), flags.second_model
    calibrate_detectors(flags.gold, flags.context, judge, second, display, flags.disagreements)
