"""export: training files from a run's corpus, or from any corpus."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.entry import NAMES_ONLY, command, command_flags
from docgen.cli.shared import options as o
from docgen.cli.shared.completion import formats, runs

if TYPE_CHECKING:
    from docgen.exporting.export_options import ExportOptions

__all__ = ["register"]

WHAT, WHICH, MIX, TOKENS, LOOK = "Shape", "Order and splits", "Mixing in", "Tokens and configurations", "Look first"


def _formats_in_words() -> str:
    if NAMES_ONLY:
        return ""
    from docgen.exporting.formats.table import FORMATS

    return "; ".join(f"{form.name}: {form.description}" for form in FORMATS) + "."


def _formats_with_chats() -> str:
    if NAMES_ONLY:
        return ""
    from docgen.exporting.formats.table import FORMATS

    return ", ".join(form.name for form in FORMATS if form.chat == "asked")


Source = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RUN|FILES",
        help="A run, or JSONL or Parquet files (with --out). Default: latest run.",
        autocompletion=runs,
    ),
]
Format = Annotated[
    str,
    typer.Option("--format", help=_formats_in_words(), autocompletion=formats),
]
Doctag = Annotated[
    bool,
    typer.Option("--doctag", help="Put <DOCTAG> before each text, or in a user turn: masked where the format can."),
]
Chat = Annotated[bool, typer.Option("--chat", help=f"Documents as an assistant's turns, for {_formats_with_chats()}.")]
UserTurn = Annotated[str, typer.Option("--user-turn", metavar="TEXT", help="The user's turn before each document.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        help="Folder to write to.  [default: the run's export/FORMAT; -doctag and -split are added for those options]",
    ),
]
Each = Annotated[
    bool,
    typer.Option(
        "--each", help="Each corpus, level of a sweep and control in its own folder under --out; one manifest."
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an export with other settings in that folder.")]
Validation = Annotated[
    float,
    typer.Option(
        "--validation",
        min=0,
        metavar="SHARE|N",
        help="Hold out this share of the documents; 1 or more is their number.",
        rich_help_panel=WHICH,
    ),
]
Shuffle = Annotated[
    bool,
    typer.Option(
        "--shuffle", help="Order the documents so that every window has its share of each fact.", rich_help_panel=WHICH
    ),
]
Seed = Annotated[int, typer.Option("--seed", help="Same seed, same order and choice.", rich_help_panel=WHICH)]
Mix = Annotated[
    list[str] | None,
    typer.Option(
        "--mix", metavar="FILE:RATIO", help="Mix in texts or chats: web.jsonl:0.5; repeatable.", rich_help_panel=MIX
    ),
]
MixBy = Annotated[str, typer.Option("--mix-by", help="Ratio of documents, or of tokens.", rich_help_panel=MIX)]
MixRatios = Annotated[
    str | None,
    typer.Option(
        "--mix-ratios", metavar="LIST", help="A mix sweep: 0.1,0.5,1,2, with --mix FILE.", rich_help_panel=MIX
    ),
]
TokenizerName = Annotated[
    str | None,
    typer.Option(
        "--tokenizer",
        metavar="PATH",
        help="tokenizer.json, a Hugging Face folder, or tiktoken:NAME.  [default: tokens are estimated]",
        rich_help_panel=TOKENS,
    ),
]
Eos = Annotated[
    str | None,
    typer.Option(
        "--eos",
        help="End-of-text token, added if the trainer adds none. Default: the tokenizer's.",
        rich_help_panel=TOKENS,
    ),
]
Bos = Annotated[str | None, typer.Option("--bos", help="Beginning-of-text token, likewise.", rich_help_panel=TOKENS)]
BaseModel = Annotated[
    str | None, typer.Option("--base-model", help="The model that configurations name.", rich_help_panel=TOKENS)
]
SequenceLength = Annotated[
    int | None,
    typer.Option(
        "--sequence-length",
        min=16,
        help="Tokens of a sequence. Default: long enough for the longest document.",
        rich_help_panel=TOKENS,
    ),
]
Epochs = Annotated[int, typer.Option("--epochs", min=1, help="Passes over the files.", rich_help_panel=TOKENS)]
BatchSize = Annotated[int, typer.Option("--batch-size", min=1, help="Sequences per step.", rich_help_panel=TOKENS)]
License = Annotated[str, typer.Option("--license", help="License that the dataset card names, as the Hub writes it.")]
Canary = Annotated[
    bool, typer.Option("--canary-in-texts", help="Put the canary after every text too, not only in card and manifest.")
]
Plan = Annotated[
    bool,
    typer.Option(
        "--plan",
        help="Print what a training amounts to, next to published ones; nothing is written.",
        rich_help_panel=LOOK,
    ),
]
Labels = Annotated[
    int | None,
    typer.Option(
        "--labels", min=1, metavar="N", help="Print N examples token by token, trained or masked.", rich_help_panel=LOOK
    ),
]
Accept = Annotated[
    bool, typer.Option("--accept-unfinished", help="Export a run short of its n, or not audited since it changed.")
]


@command_flags
class ExportFlags:
    """The flags of export: those of `ExportOptions`, and others."""

    source: Source = None
    format: Format = "text"
    doctag: Doctag = False
    chat: Chat = False
    user_turn: UserTurn = ""
    out: Out = None
    each: Each = False
    overwrite: Overwrite = False
    license: License = "unknown"
    canary_in_texts: Canary = False
    accept_unfinished: Accept = False
    validation: Validation = 0.0
    shuffle: Shuffle = False
    seed: Seed = 0
    mix: Mix = None
    mix_by: MixBy = "documents"
    mix_ratios: MixRatios = None
    tokenizer: TokenizerName = None
    eos: Eos = None
    bos: Bos = None
    base_model: BaseModel = None
    sequence_length: SequenceLength = None
    epochs: Epochs = 1
    batch_size: BatchSize = 8
    plan: Plan = False
    labels: Labels = None
    json: o.Json = False
    quiet: o.Quiet = False

    def options(self) -> "ExportOptions":
        """What the library is to do. Raises `ConfigError` naming the flag."""
        from docgen.exporting.export_options import ExportOptions, read_ratios

        read = {"form": self.format, "mix": tuple(self.mix or ()), "mix_ratios": read_ratios(self.mix_ratios)}
        return ExportOptions(**o.values_of(self, ExportOptions) | read).checked()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export", rich_help_panel="Main job")(command(export, ExportFlags))


def export(flags: ExportFlags) -> None:
    """Write training files, a manifest and a dataset card; see docs/export.md.

    docgen export helpful_only --format trl --doctag --validation 0.05

    docgen export documents.jsonl --format hf --mix web.jsonl:1 --out training

    docgen export my_run --format axolotl --doctag --tokenizer models/qwen3 --labels 1
    """
    from docgen.cli.corpora.export_output import run_export, show_labels, show_plan
    from docgen.exporting.formats.table import find_format

    options = flags.options()
    find_format(options.form, options)
    names = flags.source
    if not names:
        from docgen.pipeline.inputs.latest_run import run_or_latest
        from docgen.progress.display import PlainReporter

        names = [str(run_or_latest(None, PlainReporter(quiet=flags.quiet or flags.json)).path)]
    if flags.plan:
        show_plan(names, options, flags.json)
    elif flags.labels:
        show_labels(names, options, flags.labels, flags.json)
    else:
        run_export(names, options, flags.out, flags.each, as_json=flags.json, quiet=flags.quiet)
