"""dedupe: near-duplicates of a run's corpus or of any files, removed with evidence."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.entry import command, command_flags
from docgen.cli.shared import options as o

if TYPE_CHECKING:
    from docgen.pipeline.corpora.dedupe import DedupeOptions

__all__ = ["register"]

WHAT, WHICH, BOILER, INDEX = "What counts as a duplicate", "Which one is kept", "Boilerplate", "Index"
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
    str | None, typer.Option("--id-column", help="Column with ids; '' for row numbers. Default: id, if it exists.")
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
    typer.Option("--semantic", help="Propose pairs that may say the same; none is removed.", rich_help_panel=MEANING),
]
Cosine = Annotated[
    float | None,
    typer.Option(help="Lowest cosine proposed; 0.8 for short texts.  [default: 0.95]", rich_help_panel=MEANING),
]
IdsOnly = Annotated[bool, typer.Option("--ids-only", help="kept.parquet holds ids, not whole documents.")]
Pairs = Annotated[bool, typer.Option("--pairs", help="Also write all similar pairs to pairs.parquet.")]
Passages = Annotated[bool, typer.Option("--passages", help="Report the most repeated passages.")]
Show = Annotated[int, typer.Option("--show", min=0, help="Print this many pairs side by side.")]
Threads = Annotated[int, typer.Option("--threads", min=0, help="0: one for each processor.")]
Engine = Annotated[str, typer.Option("--engine", help="local, or ray (extra: docgen[ray]).")]


@command_flags
class DedupeFlags:
    """The flags of dedupe: those of `DedupeOptions`, and how to print."""

    source: Source = None
    out: Out = None
    threshold: Threshold = 0.8
    ngram: Ngram = 5
    bands: Bands = None
    rows: Rows = None
    by: By = None
    text_column: TextColumn = "text"
    id_column: IdColumn = None
    keep: KeepWhich = "first"
    best_by: BestBy = None
    ignore_common: IgnoreCommon = None
    ignore: Ignore = None
    against: Against = None
    index: Index = None
    semantic: Semantic = False
    cosine: Cosine = None
    ids_only: IdsOnly = False
    pairs: Pairs = False
    passages: Passages = False
    show: Show = 0
    threads: Threads = 0
    engine: Engine = "local"
    json: o.Json = False
    quiet: o.Quiet = False

    def options(self) -> "DedupeOptions":
        """What the library is to do."""
        from docgen.pipeline.corpora.dedupe import DedupeOptions

        return DedupeOptions(**o.values_of(self, DedupeOptions) | {"ignore": tuple(self.ignore or ())})


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("dedupe", rich_help_panel="Look")(command(dedupe, DedupeFlags))


def dedupe(flags: DedupeFlags) -> None:
    """Find near-duplicates by exactly compared word n-grams; each removal has a kept twin and evidence.

    docgen dedupe tutorial --show 5

    docgen dedupe corpus.parquet more/*.jsonl.zst --out deduplicated
    """
    # Polars' allocator holds on to freed memory for a while: some 60 MB here. It reads this once, when it is loaded.
    os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:10,muzzy_decay_ms:0")
    from docgen.cli.corpora.dedupe_output import print_outcome, run_with_progress
    from docgen.pipeline.corpora.dedupe import open_dedupe

    quiet = flags.quiet or flags.json
    source: str | list[str] | None = flags.source
    if not source:
        from docgen.pipeline.inputs.latest_run import run_or_latest
        from docgen.progress.display import PlainReporter

        source = str(run_or_latest(None, PlainReporter(quiet)).path)
    job = open_dedupe(source, flags.options())
    print_outcome(run_with_progress(job, quiet), job.job, flags.json)
