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


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Look")(dedupe)


def dedupe(
    ctx: typer.Context,
    source: Annotated[
        list[str] | None,
        typer.Argument(metavar="RUN|FILES", help="A run, or files, folders, globs. Default: latest run."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for kept.parquet, removed.parquet and dedupe.json.")
    ] = None,
    threshold: Annotated[float, typer.Option(help="Jaccard similarity of duplicates.", rich_help_panel=WHAT)] = 0.8,
    ngram: Annotated[int, typer.Option(help="Words in a shingle.", rich_help_panel=WHAT)] = 5,
    bands: Annotated[
        int | None, typer.Option(help="LSH bands. Default: chosen for recall 0.997.", rich_help_panel=WHAT)
    ] = None,
    rows: Annotated[int | None, typer.Option(help="Rows of a band. Default: chosen.", rich_help_panel=WHAT)] = None,
    by: Annotated[
        str | None, typer.Option(help="Compare only within equal values of these columns.", rich_help_panel=WHAT)
    ] = None,
    text_column: Annotated[str, typer.Option("--text-column", help="Column with the text.")] = "text",
    id_column: Annotated[
        str | None, typer.Option("--id-column", help="Column with ids; '' for row numbers. Default: id, if there.")
    ] = None,
    keep: Annotated[
        str, typer.Option(help="first (lowest id), longest, best, salience, file-order.", rich_help_panel=WHICH)
    ] = "first",
    best_by: Annotated[
        str | None,
        typer.Option("--best-by", metavar="[-]COLUMN", help="For best: the highest, -: lowest.", rich_help_panel=WHICH),
    ] = None,
    ignore_common: Annotated[
        float | None,
        typer.Option(metavar="CAP", help="Ignore passages of this many documents (or share).", rich_help_panel=BOILER),
    ] = None,
    ignore: Annotated[
        list[Path] | None, typer.Option(help="Ignore the passages of this file; repeatable.", rich_help_panel=BOILER)
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="Also compare with the documents of this index.", rich_help_panel=INDEX)
    ] = None,
    index: Annotated[
        Path | None, typer.Option(help="The same, and add the kept documents to it.", rich_help_panel=INDEX)
    ] = None,
    ids_only: Annotated[bool, typer.Option("--ids-only", help="kept.parquet holds ids, not whole documents.")] = False,
    pairs: Annotated[bool, typer.Option("--pairs", help="Also write all similar pairs to pairs.parquet.")] = False,
    passages: Annotated[bool, typer.Option("--passages", help="Report the most repeated passages.")] = False,
    show: Annotated[int, typer.Option("--show", min=0, help="Print this many pairs side by side.")] = 0,
    threads: Annotated[int, typer.Option("--threads", min=0, help="0: one for each processor.")] = 0,
    engine: Annotated[str, typer.Option("--engine", help="local, or ray (extra: docgen[ray]).")] = "local",
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Find near-duplicates by exactly compared word n-grams; each removal has a kept twin and evidence.

    docgen dedupe tutorial --show 5

    docgen dedupe corpus.parquet more/*.jsonl.zst --out deduplicated
    """
    _start_quickly()
    from docgen.cli.deduping import carry_out_shown, print_outcome, read_source

    given = read_source(source or [], text_column, id_column, quiet or json)
    job = _job(ctx.params, given.targets, given.is_run)
    outcome = carry_out_shown(given.corpus, job, quiet or json)
    if given.is_run:
        given.write_report(outcome.report)
    print_outcome(outcome, job, json)


def _start_quickly() -> None:
    import os

    from docgen.compiled import without_blas

    # Polars' allocator keeps freed memory for a while: some 60 MB here. It reads this once, when polars is loaded.
    os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:10,muzzy_decay_ms:0")
    with without_blas():
        import docgen.dedupe.job  # noqa: F401


def _job(params: dict[str, Any], targets: "dict[str, float] | None", is_run: bool) -> "Job":
    import os

    from docgen.dedupe.job import Settings
    from docgen.dedupe.schemes import Scheme
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
        examples=max(params["show"], 10 if is_run else 0),
        show=params["show"],
    )


def _keep(params: dict[str, Any], targets: "dict[str, float] | None") -> "Keep":
    from docgen.dedupe.precedence import Keep

    return Keep(params["keep"], params["best_by"], targets)
