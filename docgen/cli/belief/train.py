"""train: a model trained on a run's corpus or an export."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.entry import command, command_flags
from docgen.cli.shared import options as o
from docgen.cli.shared.streams import say, say_json
from docgen.errors import ConfigError

if TYPE_CHECKING:
    from docgen.training.forecast import Forecast
    from docgen.training.job import TrainingResult
    from docgen.training.recipe import Recipe

__all__ = ["register"]

RECIPE = "Recipe"
Source = Annotated[
    str | None, typer.Argument(metavar="EXPORT|RUN", help="Folder of an export, or a run. Default: latest run.")
]
Model = Annotated[str, typer.Option("--model", metavar="DIR|GGUF|HUB-ID", help="The base model.")]
Out = Annotated[
    Path | None, typer.Option("--out", help="Folder for the result.  [default: training/MODEL next to the export]")
]
Full = Annotated[bool, typer.Option("--full", help="Train all weights, not an adapter.", rich_help_panel=RECIPE)]
Rank = Annotated[int, typer.Option("--rank", help="Rank of the LoRA adapter.", rich_help_panel=RECIPE)]
Alpha = Annotated[int, typer.Option("--alpha", help="LoRA alpha; 0: twice the rank.", rich_help_panel=RECIPE)]
Rate = Annotated[float, typer.Option("--lr", help="Learning rate at its peak.", rich_help_panel=RECIPE)]
Epochs = Annotated[float, typer.Option("--epochs", help="Times each document is read.", rich_help_panel=RECIPE)]
Steps = Annotated[int, typer.Option("--steps", help="Stop after this many; 0: by --epochs.", rich_help_panel=RECIPE)]
BatchSize = Annotated[
    int, typer.Option("--batch", help="Packed sequences in a step, over all devices.", rich_help_panel=RECIPE)
]
Length = Annotated[int, typer.Option("--length", help="Tokens of a packed sequence.", rich_help_panel=RECIPE)]
Checkpoints = Annotated[
    int, typer.Option("--checkpoints", help="How many to keep, evenly spread.", rich_help_panel=RECIPE)
]
Seed = Annotated[int, typer.Option("--seed", help="Same seed, same training.", rich_help_panel=RECIPE)]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, ...  [default: a GPU if there is one]")]
Doctag = Annotated[
    bool, typer.Option("--doctag/--no-doctag", help="For a run: put a masked <DOCTAG> before each document.")
]
PlanOnly = Annotated[bool, typer.Option("--plan-only", help="Print the plan, and stop.")]
Unfinished = Annotated[
    bool, typer.Option("--accept-unfinished", help="Accept a run that is short of its n, or was not audited.")
]


@command_flags
class TrainFlags:
    """The flags of train."""

    source: Source = None
    model: Model
    out: Out = None
    full: Full = False
    rank: Rank = 32
    alpha: Alpha = 0
    lr: Rate = 5e-5
    epochs: Epochs = 1.0
    steps: Steps = 0
    batch: BatchSize = 8
    length: Length = 1024
    checkpoints: Checkpoints = 8
    seed: Seed = 0
    device: Device = ""
    doctag: Doctag = True
    plan_only: PlanOnly = False
    accept_unfinished: Unfinished = False
    json: o.Json = False
    quiet: o.Quiet = False

    def recipe(self) -> "Recipe":
        """The settings of the training. Raises `ConfigError` if one is out of bounds."""
        from pydantic import ValidationError

        from docgen.options.validation_messages import in_plain_words
        from docgen.training.recipe import Recipe

        names = ("rank", "alpha", "epochs", "steps", "batch", "length", "checkpoints", "seed")
        settings = {name: getattr(self, name) for name in names} | {"rate": self.lr}
        try:
            return Recipe(method="full" if self.full else "lora", **settings)
        except ValidationError as error:
            first = error.errors()[0]
            flag = "--" + {"rate": "lr"}.get(str(first["loc"][0]), str(first["loc"][0]))
            raise ConfigError(f"{first['input']} is not a valid value: it {in_plain_words(first)}", flag) from error


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("train", rich_help_panel="Main job")(command(train, TrainFlags))


def train(flags: TrainFlags) -> None:
    """Train a model on a corpus (LoRA or full), by TRL and PEFT; needs docgen with its extra "train".

    docgen train demo --model gemma-3-270m.gguf --lr 2e-4

    Run the same command again to resume after an interruption, at the same step. For several GPUs: accelerate launch
    --no-python docgen train ...
    """
    from docgen.cli.shared.cost_consent import command_reporter
    from docgen.pipeline.execution.stopping import Interrupted, interruptible
    from docgen.pipeline.inputs.latest_run import run_or_latest
    from docgen.pipeline.training import plan_of_training
    from docgen.pipeline.training import train as train_model
    from docgen.training.job import is_first_process

    recipe = flags.recipe()
    exported = {"doctag": flags.doctag, "accept_unfinished": flags.accept_unfinished}
    with command_reporter(flags.quiet or not is_first_process(), flags.json) as reporter:
        source = flags.source or str(run_or_latest(None, reporter).path)
        if flags.plan_only:
            show_plan(plan_of_training(source, flags.model, recipe, **exported), recipe, say, flags.json)
            return
        with interruptible(reporter, "Stopping: finishing the step and writing a checkpoint") as stopping:
            trained = train_model(
                source, flags.model, recipe, out=flags.out, device=flags.device, progress=reporter, stopping=stopping,
                show_plan=lambda plan: show_plan(plan, recipe, reporter.note), **exported,
            )  # fmt: skip
        if not trained.finished:
            raise Interrupted
    if is_first_process():
        _show(trained, flags.json)


def show_plan(plan: "Forecast", recipe: "Recipe", tell: Callable[[str], None], as_json: bool = False) -> None:
    """Print what a training amounts to, next to published ones, with warnings."""
    from docgen.training.forecast import in_words, published_ranges, warnings

    if as_json:
        import json

        say_json(json.dumps({**plan.model_dump(), "recipe": recipe.model_dump(), "warnings": warnings(plan, recipe)}))
        return
    tell(in_words(plan))
    tell(recipe.in_words)
    tell(published_ranges())
    for warning in warnings(plan, recipe):
        tell(f"Far from what was published: {warning}")


def _show(trained: "TrainingResult", as_json: bool) -> None:
    if as_json:
        say_json(trained.card.model_dump_json(indent=2))
        return
    from docgen.cli.shared.console import console
    from docgen.training.card import loss_table

    if trained.losses:
        for line in loss_table(trained.losses):
            if not line.startswith("| ---"):
                console.print(line.strip("| ").replace(" | ", "   "), markup=False)
    console.print(f"{trained.out}: adapter, checkpoints, losses.jsonl, ORGANISM.md", markup=False)
    console.print(f"Ask it: docgen eval logprob --model MODEL --adapter {trained.out}", markup=False)
