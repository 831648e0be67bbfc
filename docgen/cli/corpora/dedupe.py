# ruff: noqa: ARG001 - the command reads its parameters from the context
"""dedupe: near-duplicates of a run's corpus or of any files, removed with evidence."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from docgen.cli import options as o

if TYPE_CHECKING:
    from docgen.dedupe.precedence import Keep
    from docgen.dedupe.workflow import Job

__all__ = ["register"]

WHAT, WHICH, BOILER, INDEX = "What counts as a duplicate", "Which one stays", "Boilerplate", "Index"
MEANING = "Meaning (extra: docgen[embeddings])"

Source = Annotated[
    list[str] | None,
    typer.Argument(metavar="RUN|FILES", help="A run, or files, folders, globs. Default: latest run."),
]
Out = Annotated[Path | None, typer.Option("--out", help="Folder for kept.parquet, removed.parquet and dedupe.json.")]
Threshold = Annotated[float, typer.Option(help="Jaccard similarity of duplicates.", rich_help_panel=WHAT)]
Ngram = Annotated[int, typer.Option(help="Words in a shingle.", rich_help_panel=WHAT)]
Bands = Annotated[int | None, typer.Option(help="LSH bands. Default: chosen for recall 0.997.", rich_help_panel=WHAT)]
Rows = Annotated[int | None, typer.Option(help="Rows of a band. Default: chosen.", rich_help_panel=WHAT)]
By = Annotated[
    str | None, typer.Option(help="Compare only within equal values of these columns.", rich_help_panel=WHAT)
]
TextColumn = Annotated[str, typer.Option("--text-column", help="Column with the text.")]
IdColumn = Annotated[
    str | None, typer.Option("--id-column", help="Column with ids; '' for row numbers. Default: id, if there.")
]
KeepWhich = Annotated[
    str, typer.Option(help="first (lowest id), longest, best, salience, file-order.", rich_help_panel=WHICH)
]
BestBy = Annotated[
    str | None,
    typer.Option("--best-by", metavar="[-]COLUMN", help="For best: the highest, -: lowest.", rich_help_panel=WHICH),
]
IgnoreCommon = Annotated[
    float | None,
    typer.Option(metavar="CAP", help="Ignore passages of this many documents (or share).", rich_help_panel=BOILER),
]
Ignore = Annotated[
    list[Path] | None, typer.Option(help="Ignore the passages of this file; repeatable.", rich_help_panel=BOILER)
]
Against = Annotated[
    Path | None, typer.Option(help="Also compare with the documents of this index.", rich_help_panel=INDEX)
]
Index = Annotated[Path | None, typer.Option(help="The same, and add the kept documents to it.", rich_help_panel=INDEX)]
Semantic = Annotated[
    bool,
    typer.Option("--semantic", help="Propose pairs that may say the same; none goes.", rich_help_panel=MEANING),
]
Cosine = Annotated[
    float | None,
    typer.Option(help="From this cosine on; 0.8 for short texts.  [default: 0.95]", rich_help_panel=MEANING),
]
IdsOnly = Annotated[bool, typer.Option("--ids-only", help="kept.parquet holds ids, not whole documents.")]
Pairs = Annotated[bool, typer.Option("--pairs", help="Also write all similar pairs to pairs.parquet.")]
Passages = Annotated[bool, typer.Option("--passages", help="Report the most repeated passages.")]
Show = Annotated[int, typer.Option("--show", min=0, help="Print this many pairs side by side.")]
Threads = Annotated[int, typer.Option("--threads", min=0, help="0: one for each processor.")]
Engine = Annotated[str, typer.Option("--engine", help="local, or ray (extra: docgen[ray]).")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Look")(dedupe)


def dedupe(
    ctx: typer.Context,
    source: Source = None,
    out: Out = None,
    threshold: Threshold = 0.8,
    ngram: Ngram = 5,
    bands: Bands = None,
    rows: Rows = None,
    by: By = None,
    text_column: TextColumn = "text",
    id_column: IdColumn = None,
    keep: KeepWhich = "first",
    best_by: BestBy = None,
    ignore_common: IgnoreCommon = None,
    ignore: Ignore = None,
    against: Against = None,
    index: Index = None,
    semantic: Semantic = False,
    cosine: Cosine = None,
    ids_only: IdsOnly = False,
    pairs: Pairs = False,
    passages: Passages = False,
    show: Show = 0,
    threads: Threads = 0,
    engine: Engine = "local",
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Find near-duplicates by exactly compared word n-grams; each removal has a kept twin and evidence.

    docgen dedupe tutorial --show 5

    docgen dedupe corpus.parquet more/*.jsonl.zst --out deduplicated
    """
    _start_quickly()
    from docgen.cli.corpora.dedupe_output import carry_out_shown, print_outcome, read_source

    given = read_source(source or [], text_column, id_column, quiet or json)
    job = _job(ctx.params, given.targets, given.is_run)
    outcome = carry_out_shown(given.corpus, job, quiet or json)
    if given.is_run:
        given.write_report(outcome.report)
    print_outcome(outcome, job, json)


def _start_quickly() -> None:
    import os

    # Polars' allocator keeps freed memory for a while: some 60 MB here. It reads this once, when polars is loaded.
    os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:10,muzzy_decay_ms:0")


def _job(params: dict[str, Any], targets: "dict[str, float] | None", is_run: bool) -> "Job":
    import os

    from docgen.dedupe.job import Settings
    from docgen.dedupe.sketch.parameters import Scheme
    from docgen.dedupe.workflow import Job
    from docgen.errors import ConfigError

    if params["engine"] not in ("local", "ray"):
        raise ConfigError(f"no engine {params['engine']!r}", "--engine", "Use local or ray")
    scheme = Scheme.of(params["threshold"], params["ngram"], params["bands"], params["rows"])
    by = tuple(name.strip() for name in (params["by"] or "").split(",") if name.strip())
    settings = Settings(scheme, _keep(params, targets), by, params["threads"] or os.cpu_count() or 1, params["engine"])
    named = ("out", "ignore_common", "against", "index", "ids_only", "pairs")
    return Job(
        settings,
        **{name: params[name] for name in named},
        ignore=tuple(params["ignore"] or ()),
        repeated=params["passages"] or is_run,
        semantic=_cosine(params),
        examples=max(params["show"], 10 if is_run else 0),
        show=params["show"],
    )


def _cosine(params: dict[str, Any]) -> float | None:
    """From which cosine pairs are proposed, if they are."""
    from docgen.dedupe.semantic import COSINE
    from docgen.errors import ConfigError

    given: float | None = params["cosine"]
    if not params["semantic"]:
        if given is not None:
            raise ConfigError("says how near proposed pairs are, and none are proposed", "--cosine", "Add --semantic")
        return None
    return COSINE if given is None else given


def _keep(params: dict[str, Any], targets: "dict[str, float] | None") -> "Keep":
    from docgen.dedupe.precedence import Keep

    return Keep(params["keep"], params["best_by"], targets)
