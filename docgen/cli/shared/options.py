"""Flags that several commands share, each with one name and one meaning."""

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from docgen.options.run import RunOptions

from docgen.cli.entry import command_flags
from docgen.cli.shared.completion import contexts, runs, targets, targets_of_facts
from docgen.llm.providers.table import PROVIDERS, default_engine_in_words, engines_in_words

__all__ = [
    "COST",
    "Accept",
    "Airtime",
    "BaseUrl",
    "BaseUrls",
    "Batch",
    "Concurrency",
    "Config",
    "Context",
    "Draw",
    "Effort",
    "Engine",
    "Fork",
    "Ideas",
    "JobFlags",
    "Json",
    "JudgeModel",
    "KeepContext",
    "MaxAttempts",
    "MaxCost",
    "MaxTokens",
    "Model",
    "Models",
    "N",
    "Quiet",
    "Revise",
    "Run",
    "RunArgument",
    "Salience",
    "Seed",
    "ServerFlags",
    "Target",
    "Timeout",
    "Types",
    "Verify",
    "Words",
    "Yes",
    "run_options",
    "values_of",
]

PAID_MODEL = next(provider.default_model for provider in PROVIDERS if provider.paid)
RUN, COST, LOOK = "Run", "Engine and money", "Output"

Context = Annotated[
    str | None,
    typer.Argument(
        metavar="CONTEXT", help="Shipped name, name in universe_contexts/, or a path.", autocompletion=contexts
    ),
]
Target = Annotated[
    str | None,
    typer.Argument(
        metavar="CONTEXT|RUN", help="A context, or a run to continue. Default: latest run.", autocompletion=targets
    ),
]
RunArgument = Annotated[
    str | None, typer.Argument(metavar="RUN", help="Name or folder. Default: latest run.", autocompletion=runs)
]
Run = Annotated[
    str | None,
    typer.Option("--run", help="Name of the run under output/.  [default: the context's id]", autocompletion=runs),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", help="TOML file with settings of the same names as the flags; see docs/configuration.md."),
]
Draw = Annotated[int | None, typer.Option("--seed", help="Same seed, same sample.  [default: 0]")]
N = Annotated[int | None, typer.Option("--n", help="Documents to accept.  [default: the run's]")]
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
    typer.Option(
        "--salience",
        metavar="FACT=SHARE",
        help="Override a fact's target; may be repeated.  [default: the context's]",
        autocompletion=targets_of_facts,
    ),
]
MaxAttempts = Annotated[
    int | None, typer.Option("--max-attempts", help="Attempts per slot before it stays empty.  [default: 4]")
]
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        help=f"{engines_in_words()}.  [default: {default_engine_in_words()}]",
        rich_help_panel=COST,
    ),
]
Model = Annotated[str | None, typer.Option("--model", help=f"Model id.  [default: {PAID_MODEL}]", rich_help_panel=COST)]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="NAME[=SHARE]",
        help=f"Model id; several with the share that each writes.  [default: {PAID_MODEL}]",
        rich_help_panel=COST,
    ),
]
Effort = Annotated[
    str | None,
    typer.Option(
        "--effort", help="Thinking effort: low, medium, high, max.  [default: the model's]", rich_help_panel=COST
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        help="Server that speaks the engine's API: vLLM, Ollama, ...  [default: the engine's own]",
        rich_help_panel=COST,
    ),
]
BaseUrls = Annotated[
    list[str] | None,
    typer.Option(
        "--base-url",
        help="Server that speaks the engine's API: vLLM, Ollama, ...; may be repeated.  [default: the engine's own]",
        rich_help_panel=COST,
    ),
]
Concurrency = Annotated[
    int | None,
    typer.Option("--concurrency", help="Maximum number of requests in flight.  [default: 256]", rich_help_panel=COST),
]
MaxCost = Annotated[
    float | None,
    typer.Option(
        "--max-cost",
        help="Hard cap in dollars for the run, resumes included.  [default: none, you are asked]",
        rich_help_panel=COST,
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        "--max-tokens", help="Maximum tokens per reply, thinking included.  [default: by length]", rich_help_panel=COST
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option("--timeout", help="Seconds that one request may take.  [default: 600]", rich_help_panel=COST),
]
Batch = Annotated[
    bool | None,
    typer.Option(
        "--batch/--no-batch", help="Message batches: half the price, up to a day.  [default: no]", rich_help_panel=COST
    ),
]
Revise = Annotated[
    bool | None,
    typer.Option("--revise/--no-revise", help="One critique-and-rewrite pass for each document.  [default: no]"),
]
Verify = Annotated[
    str | None,
    typer.Option(
        "--verify",
        metavar="N|all|0",
        help="Documents that a judge reads at the end of a paid run, drawn at random.  [default: 200]",
        rich_help_panel=COST,
    ),
]
JudgeModel = Annotated[
    str | None,
    typer.Option("--judge-model", help="Model that judges.  [default: the one that writes]", rich_help_panel=COST),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Spend without asking.", rich_help_panel=COST)]
Accept = Annotated[
    bool, typer.Option("--accept-changes", help="Continue a run although its inputs changed; replies are reused.")
]
Fork = Annotated[
    str | None, typer.Option("--fork", metavar="NAME", help="Make a new run that reuses this run's paid replies.")
]
KeepContext = Annotated[
    bool,
    typer.Option("--keep-context", help="Use the run's own copy of its context, not the file as it is now."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.", rich_help_panel=LOOK)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors only.", rich_help_panel=LOOK)]


def run_options(
    n: int | None = None,
    model: str | None = None,
    words: str | None = None,
    verify: str | None = None,
    salience: list[str] | None = None,
    base_url: str | None = None,
) -> "RunOptions":
    """Options of a run from flags as typed; `ConfigError` names the flag that cannot be read."""
    from docgen.options.flag_parsing import read_shares, read_verify, read_words
    from docgen.options.run import RunOptions

    return RunOptions(
        n=n,
        model=model,
        words=None if words is None else read_words(words, "--words"),
        verify=None if verify is None else read_verify(verify),
        salience=read_shares(salience or [], "--salience") or None,
        base_url=base_url,
    )


def values_of(flags: object, options: type) -> dict[str, Any]:
    """The flags that are fields of `options`, a dataclass, under the same name."""
    return {field.name: getattr(flags, field.name) for field in fields(options) if hasattr(flags, field.name)}


@command_flags
class ServerFlags:
    """The flags of commands other than the main job that call a model; they name the model themselves."""

    engine: Engine = None
    base_url: BaseUrl = None
    concurrency: Concurrency = None
    max_cost: MaxCost = None
    max_tokens: MaxTokens = None
    timeout: Timeout = None
    yes: Yes = False
    json: Json = False
    quiet: Quiet = False


@command_flags
class JobFlags:
    """The flags of the commands of the main job, in the order in which --help lists them."""

    target: Target = None
    n: N = None
    run: Run = None
    seed: Seed = None
    types: Types = None
    ideas: Ideas = None
    words: Words = None
    airtime: Airtime = None
    salience: Salience = None
    max_attempts: MaxAttempts = None
    revise: Revise = None
    config: Config = None
    engine: Engine = None
    model: Models = None
    effort: Effort = None
    base_url: BaseUrls = None
    concurrency: Concurrency = None
    batch: Batch = None
    max_cost: MaxCost = None
    verify: Verify = None
    judge_model: JudgeModel = None
    max_tokens: MaxTokens = None
    timeout: Timeout = None
    yes: Yes = False
    accept_changes: Accept = False
    fork: Fork = None
    keep_context: KeepContext = False
    json: Json = False
    quiet: Quiet = False

    def options(self) -> "RunOptions":
        """Those of them that are settings of a run."""
        from docgen.options.flag_parsing import read_models, read_servers

        texts = run_options(words=self.words, verify=self.verify, salience=self.salience)
        model, writers = read_models(self.model or ())
        base_url, servers = read_servers(self.base_url or ())
        read = {"words", "verify", "salience", "model", "base_url"}
        names = type(texts).model_fields.keys() & {field.name for field in fields(self)} - read
        plain = {name: getattr(self, name) for name in names}
        servers_and_models = {"model": model, "writers": writers, "base_url": base_url, "servers": servers}
        return texts.model_copy(update={**plain, **servers_and_models})
