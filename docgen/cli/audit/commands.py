"""audit: what a corpus says, and what it must not say."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from docgen.cli import options as o
from docgen.errors import ConfigError

if TYPE_CHECKING:
    from docgen.options.audit import JudgeOptions

__all__ = ["register"]

SCANS = ("local", "ray")
NEAREST = 0.8
"""Share of the documents that is listed where nothing else is said: on labelled documents, made to be hard, 77 % had to
be for 95 % of the leaks (bench/shortlist.py)."""

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
    from docgen.cli.audit.examine import Display, Sequel
    from docgen.cli.audit.runner import audit_corpus
    from docgen.options.audit import AuditOptions

    options = AuditOptions(
        off=off or (),
        questions=questions,
        classifiers=classifiers or (),
        remove=_severity(severity),
        list_failing=apply,
        nearest=_nearest(embeddings, nearest),
        judge=_judge(judge, seed, engine, model, base_url, concurrency, max_cost),
        diversity=html,
        engine=_scans(engine),
        processes=True,
    )
    sequel = Sequel("leakage", html=html, out=out, fail_over=fail_over or (), apply=apply, max_cost=max_cost)
    audit_corpus(source, context, options, sequel, Display(json, quiet, yes))


def salience(
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
    from docgen.cli.audit.examine import Display, Sequel
    from docgen.cli.audit.runner import audit_corpus
    from docgen.options.audit import AuditOptions

    chosen = _judge(judge, seed, engine, model, base_url, concurrency, max_cost)
    options = AuditOptions(list_failing=False, judge=chosen, diversity=html, engine=_scans(engine), processes=True)
    audit_corpus(source, context, options, Sequel("salience", html=html, out=out), Display(json, quiet, yes))


def diversity(
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
    from docgen.cli.audit.examine import Display
    from docgen.cli.audit.runner import show_diversity

    show_diversity(source, context, reference or (), by, Display(json, quiet))


def everything(
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
    from docgen.cli.audit.examine import Display, Sequel
    from docgen.cli.audit.runner import audit_corpus
    from docgen.options.audit import AuditOptions

    options = AuditOptions(
        off=off or (),
        questions=questions,
        classifiers=classifiers or (),
        reference=reference or (),
        list_failing=False,
        nearest=_nearest(embeddings, nearest),
        judge=_judge(judge, seed, engine, model, base_url, concurrency, max_cost),
        engine=_scans(engine),
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
    yes: o.Yes = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Screen a run's ideas before their documents are paid for; exits 1 when some would lead to a leak.

    docgen brainstorm my_world && docgen audit ideas my_world --judge
    """
    from docgen.cli.audit.examine import Display
    from docgen.cli.audit.runner import screen_ideas

    chosen = _judge("all" if judge else "none", None, engine, model, base_url, concurrency, max_cost)
    screen_ideas(run, chosen, Display(json, quiet, yes))


def calibrate(
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
    from docgen.cli.audit.examine import Display
    from docgen.cli.audit.runner import calibrate_detectors

    chosen = _judge("all" if judge else "none", None, engine, model, base_url, concurrency, max_cost)
    calibrate_detectors(gold, context, chosen, second_model, Display(json, quiet, yes))


def _judge(
    which: str,
    seed: int | None,
    engine: str | None,
    model: str | None,
    base_url: str | None,
    concurrency: int | None,
    max_cost: float | None,
) -> "JudgeOptions | None":
    """The judge that the flags ask for; some of --engine's values say who scans and nothing of the judge."""
    from docgen.options.audit import JudgeMode, JudgeOptions

    mode = JudgeMode.parse(which)
    if mode.kind == "none":
        return None
    return JudgeOptions(
        which=mode,
        seed=seed or 0,
        engine=None if engine in SCANS else engine,
        model=model,
        base_url=base_url,
        concurrency=concurrency,
        max_cost=max_cost,
    )


def _scans(engine: str | None) -> Literal["local", "ray"]:
    if engine not in (None, *SCANS, "offline", "anthropic"):
        raise ConfigError(f"no engine {engine!r}", "--engine", "Use ray or local for the scan, anthropic for a judge")
    return "ray" if engine == "ray" else "local"


def _severity(text: str) -> Literal["error", "warning"]:
    if text == "error" or text == "warning":
        return text
    raise ConfigError(f"{text!r} is not a severity", "--severity", "Use error or warning")


def _nearest(embeddings: bool, share: float | None) -> float | None:
    """Which share of the documents the embedding shortlist makes suspects, if there is one."""
    if embeddings:
        return NEAREST if share is None else share
    if share is not None:
        raise ConfigError("says how many documents are listed, and none are", "--nearest", "Add --embeddings")
    return None
