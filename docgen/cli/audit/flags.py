"""The flags of the audit commands, and what the options of an audit are made of."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from docgen.cli import options as o
from docgen.errors import ConfigError

if TYPE_CHECKING:
    from docgen.options.audit import JudgeOptions

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


def judge_options(
    which: str,
    seed: int | None,
    engine: str | None,
    model: str | None,
    base_url: str | None,
    concurrency: int | None,
    max_cost: float | None,
    timeout: float | None = None,
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
        timeout=timeout,
    )


def scan_engine(engine: str | None) -> Literal["local", "ray"]:
    """Who scans, of the values of --engine; those of a judge's engine leave it to this machine."""
    if engine not in (None, *SCANS, "offline", "anthropic"):
        raise ConfigError(f"no engine {engine!r}", "--engine", "Use ray or local for the scan, anthropic for a judge")
    return "ray" if engine == "ray" else "local"


def remove_from(text: str) -> Literal["error", "warning"]:
    """The severity from which a document fails."""
    levels: dict[str, Literal["error", "warning"]] = {"error": "error", "warning": "warning"}
    if text not in levels:
        raise ConfigError(f"{text!r} is not a severity", "--severity", "Use error or warning")
    return levels[text]


def listed_share(embeddings: bool, share: float | None) -> float | None:
    """Which share of the documents the embedding shortlist makes suspects, if there is one."""
    if embeddings:
        return NEAREST if share is None else share
    if share is not None:
        raise ConfigError("says how many documents are listed, and none are", "--nearest", "Add --embeddings")
    return None
