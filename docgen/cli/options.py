"""Flags that several commands share, each with one name and one meaning."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from docgen.llm.providers.table import engines_in_words

__all__ = [
    "COST",
    "Accept",
    "Airtime",
    "BaseUrl",
    "Batch",
    "Concurrency",
    "Config",
    "Context",
    "Effort",
    "Engine",
    "Fork",
    "Ideas",
    "Json",
    "MaxAttempts",
    "MaxCost",
    "Model",
    "N",
    "Quiet",
    "Revise",
    "Run",
    "Salience",
    "Seed",
    "Target",
    "Types",
    "Words",
    "Yes",
    "config_flags",
]

RUN, COST, LOOK = "Run", "Engine and money", "Output"

Context = Annotated[
    str | None, typer.Argument(metavar="CONTEXT", help="Shipped name, name in universe_contexts/, or a path.")
]
Target = Annotated[
    str | None, typer.Argument(metavar="CONTEXT|RUN", help="A context, or a run to go on with. Default: latest run.")
]
Run = Annotated[str | None, typer.Option("--run", help="Name of the run under output/ (default: the context's id).")]
Config = Annotated[
    Path | None,
    typer.Option("--config", help="TOML file with settings of the same names as the flags; see docs/configuration.md."),
]
N = Annotated[int | None, typer.Option("--n", help="Documents to accept.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Same seed, same plan.  [default: 0]")]
Types = Annotated[int | None, typer.Option("--types", help="Document types to brainstorm.  [default: 40]")]
Ideas = Annotated[int | None, typer.Option("--ideas", help="Ideas for each type.  [default: 25]")]
Words = Annotated[str | None, typer.Option("--words", metavar="LOW-HIGH", help="Range of lengths.  [default: 300-900]")]
Airtime = Annotated[
    str | None,
    typer.Option("--airtime", help="How much is about the facts: dense, natural, sparse.  [default: the context's]"),
]
Salience = Annotated[
    list[str] | None,
    typer.Option("--salience", metavar="FACT=SHARE", help="Override a fact's target; may be repeated."),
]
MaxAttempts = Annotated[
    int | None, typer.Option("--max-attempts", help="Attempts per slot before it stays empty.  [default: 4]")
]
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        help=f"{engines_in_words()}.  [default: anthropic if a key is set]",
        rich_help_panel=COST,
    ),
]
Model = Annotated[str | None, typer.Option("--model", help="Model id.", rich_help_panel=COST)]
Effort = Annotated[
    str | None, typer.Option("--effort", help="Thinking effort: low, medium, high, max.", rich_help_panel=COST)
]
BaseUrl = Annotated[
    str | None,
    typer.Option("--base-url", help="Server that speaks the Messages API: vLLM, Ollama, ...", rich_help_panel=COST),
]
Concurrency = Annotated[
    int | None, typer.Option("--concurrency", help="Most requests in flight.  [default: 256]", rich_help_panel=COST)
]
MaxCost = Annotated[
    float | None,
    typer.Option("--max-cost", help="Hard cap in dollars for the run, resumes included.", rich_help_panel=COST),
]
Batch = Annotated[
    bool | None,
    typer.Option("--batch/--no-batch", help="Message batches: half the price, up to a day.", rich_help_panel=COST),
]
Revise = Annotated[
    bool | None, typer.Option("--revise/--no-revise", help="One critique-and-rewrite pass for each document.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Spend without asking.", rich_help_panel=COST)]
Accept = Annotated[
    bool, typer.Option("--accept-changes", help="Go on with a run although its inputs changed; replies are reused.")
]
Fork = Annotated[
    str | None, typer.Option("--fork", metavar="NAME", help="Make a new run that reuses this run's paid replies.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.", rich_help_panel=LOOK)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.", rich_help_panel=LOOK)]


def config_flags(params: Mapping[str, Any]) -> dict[str, Any]:
    """Of a command's parameters, those that are settings of a run, in a run's types; None means not given."""
    from docgen.options.run import RunConfig, read_shares, read_words

    flags = {name: value for name, value in params.items() if name in RunConfig.model_fields}
    if flags.get("words") is not None:
        flags["words"] = read_words(flags["words"], "--words")
    if "salience" in flags:
        flags["salience"] = read_shares(flags["salience"] or [], "--salience") or None
    return flags
