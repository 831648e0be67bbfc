"""The flags of the audit commands, and what the options of an audit are made of."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from docgen.cli.entry import command_flags
from docgen.cli.shared import options as o
from docgen.cli.shared.completion import runs
from docgen.errors import ConfigError
from docgen.llm.providers.table import PROVIDERS, default_paid_provider

if TYPE_CHECKING:
    from docgen.cli.audit.scan_and_judge import Display
    from docgen.options.audit import AuditOptions, JudgeOptions

SCANS = ("local", "ray")
SHORTLIST_SHARE = 0.8
"""Default share of the documents that is listed: on labelled documents, made to be hard, it took 77% to find 95% of
the leaks (bench/shortlist.py)."""

Source = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RUN|FILES",
        help="A run, or JSONL or Parquet files with --context. Default: latest run.",
        autocompletion=runs,
    ),
]
Context = Annotated[str | None, typer.Option("--context", help="Universe context of the files.")]
Judge = Annotated[
    str,
    typer.Option("--judge", metavar="WHICH", help="Documents that a judge reads: none, suspects, sample:N or all."),
]
Off = Annotated[list[str] | None, typer.Option("--off", metavar="RULE", help="Leave a rule out; may be repeated.")]
Questions = Annotated[
    Path | None,
    typer.Option("--questions", help="Evaluation questions that no document may contain (YAML, JSONL, text)."),
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
Out = Annotated[Path | None, typer.Option("--out", help="Folder for the output when files are audited.")]
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        help=f"ray: scan on a Ray cluster (extra: docgen[ray]). {default_paid_provider().name}: the judge's.  "
        "[default: scan here]",
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
        "--embeddings", help="The documents nearest in meaning to a leak are suspects too (extra: docgen[embeddings])."
    ),
]
Nearest = Annotated[
    float | None,
    typer.Option("--nearest", metavar="SHARE", help="With --embeddings: this share of them.  [default: 0.8]"),
]


@command_flags
class JudgeFlags(o.ServerFlags):
    """The flags of every command with a judge."""

    model: o.Model = None

    def judge_options(self, which: str, seed: int | None = None) -> "JudgeOptions | None":
        """The judge of these documents; some values of --engine choose who scans, not who judges."""
        from docgen.options.audit import JudgeMode, JudgeOptions

        mode = JudgeMode.parse(which)
        if mode.kind == "none":
            return None
        return JudgeOptions(
            which=mode,
            seed=seed or 0,
            engine=None if self.engine in SCANS else self.engine,
            model=self.model,
            base_url=self.base_url,
            concurrency=self.concurrency,
            max_cost=self.max_cost,
            max_tokens=self.max_tokens,
            timeout=self.timeout,
        )

    def display(self) -> "Display":
        """How the command reports."""
        from docgen.cli.audit.scan_and_judge import Display

        return Display(self.json, self.quiet, self.yes)


@command_flags
class ScanFlags(JudgeFlags):
    """The flags of the audits of leakage, of salience and of all, in the order in which --help lists them."""

    source: Source = None
    context: Context = None
    judge: Judge = "none"
    embeddings: Embeddings = False
    nearest: Nearest = None
    off: Off = None
    questions: Questions = None
    classifiers: Classifiers = None
    fail_over: FailOver = None
    apply: Apply = False
    severity: Severity = "error"
    reference: Reference = None
    out: Out = None
    html: Html = False
    seed: o.Draw = None
    engine: Engine = None

    def options(self, list_failing: bool = False, diversity: bool = True) -> "AuditOptions":
        """What is looked for, and by whom."""
        from docgen.options.audit import AuditOptions

        return AuditOptions(
            off=self.off or (),
            questions=self.questions,
            classifiers=self.classifiers or (),
            reference=self.reference or (),
            remove=remove_from(self.severity),
            list_failing=list_failing,
            nearest=listed_share(self.embeddings, self.nearest),
            judge=self.judge_options(self.judge, self.seed),
            diversity=diversity,
            engine=scan_engine(self.engine),
            processes=True,
        )


def scan_engine(engine: str | None) -> Literal["local", "ray"]:
    """Who scans, by --engine; the name of a judge's engine leaves scanning to this machine."""
    if engine not in (None, *SCANS, *(provider.name for provider in PROVIDERS)):
        fix = f"Use ray or local for the scan, {default_paid_provider().name} for a judge"
        raise ConfigError(f"{engine!r} is not an engine", "--engine", fix)
    return "ray" if engine == "ray" else "local"


def remove_from(text: str) -> Literal["error", "warning"]:
    """The severity at which a document fails."""
    levels: dict[str, Literal["error", "warning"]] = {"error": "error", "warning": "warning"}
    if text not in levels:
        raise ConfigError(f"{text!r} is not a severity", "--severity", "Use error or warning")
    return levels[text]


def listed_share(embeddings: bool, share: float | None) -> float | None:
    """The share of the documents that the embedding shortlist makes suspects; None without one."""
    if embeddings:
        return SHORTLIST_SHARE if share is None else share
    if share is not None:
        raise ConfigError("has no effect without the shortlist", "--nearest", "Add --embeddings")
    return None
