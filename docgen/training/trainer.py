"""Trains with TRL's SFTTrainer and PEFT, unmodified; everything heavy is imported inside the functions."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docgen.errors import ConfigError, InputError
from docgen.progress import Progress, Reporter, SilentReporter
from docgen.training.models import quieten
from docgen.training.recipe import Recipe

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase
    from trl import SFTTrainer

__all__ = ["CHECKPOINTS", "Loss", "Training", "last_checkpoint", "open_training", "rows_of", "run_training"]

CHECKPOINTS = "checkpoints"
DEVICE_BATCH = 4
"""Packed sequences that a GPU takes at once; more are accumulated. Without flash attention the mask of a packed batch
is as large as the square of its tokens, which is why a CPU takes them one by one."""
PROBE_TOKENS = 256
"""Tokens by which a step's time is foretold. Chosen: seconds on a CPU; fewer, and the fixed cost of a pass counts."""

Row = Mapping[str, Any]
"""Input for TRL: `prompt` and `completion`, `messages`, or `input_ids` and `labels` (-100: not learnt)."""


@dataclass(frozen=True)
class Loss:
    """Mean loss in nats a token of one step."""

    step: int
    loss: float
    rate: float


@dataclass(frozen=True)
class Training:
    """A training ready to begin: TRL's trainer, and the size of its data, tokenised and packed."""

    trainer: "SFTTrainer"
    recipe: Recipe
    out: Path
    tokens: int
    masked: int
    sequences: int
    steps: int
    losses: list[Loss] = field(default_factory=list)


def rows_of(examples: Sequence[Any], tokenizer: "PreTrainedTokenizerBase") -> list[Row]:
    """Examples of a corpus as rows for TRL. Raises `InputError` for messages that the tokenizer has no template for."""
    if examples and examples[0].is_chat and not tokenizer.chat_template:
        fix = "Export texts (docgen export RUN --doctag), or train a chat model"
        raise InputError("the corpus is messages, and the model has no chat template", "--model", fix)
    return [{"prompt": example.prompt, "completion": example.completion} for example in examples]


def open_training(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    rows: Sequence[Row],
    recipe: Recipe,
    out: Path,
) -> Training:
    """Tokenise, mask and pack the rows (nothing is dropped: `bfd_split`), and put the adapter on the model."""
    import transformers
    from datasets import Dataset, disable_progress_bars
    from trl import SFTTrainer

    quieten()
    disable_progress_bars()
    transformers.set_seed(recipe.seed)  # the adapter is drawn at random
    on_cpu = next(model.parameters()).device.type == "cpu"
    trainer = SFTTrainer(
        model=model,
        args=_arguments(recipe, out, on_cpu),
        train_dataset=Dataset.from_list([dict(row) for row in rows]),
        processing_class=tokenizer,
        peft_config=_adapter(recipe) if recipe.method == "lora" else None,
    )
    data: Any = trainer.train_dataset
    labels = data.with_format("numpy")["labels"]
    masked = sum(int((each == -100).sum()) for each in labels)
    tokens = sum(len(each) for each in labels)
    steps = recipe.steps or max(1, round(-(-len(data) // recipe.batch) * recipe.epochs))
    return Training(trainer, recipe, out, tokens, masked, len(data), steps)


def _arguments(recipe: Recipe, out: Path, on_cpu: bool) -> Any:
    import torch
    from trl import SFTConfig

    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if recipe.batch % processes:
        what = f"{recipe.batch} sequences a step cannot be shared out among {processes} processes"
        raise ConfigError(what, "--batch", f"Make it a multiple of {processes}")
    own = recipe.batch // processes
    at_once = 1 if on_cpu else max(size for size in range(1, DEVICE_BATCH + 1) if own % size == 0)
    return SFTConfig(
        output_dir=str(out / CHECKPOINTS),
        seed=recipe.seed,
        data_seed=recipe.seed,
        per_device_train_batch_size=at_once,
        gradient_accumulation_steps=own // at_once,
        learning_rate=recipe.rate,
        lr_scheduler_type="cosine",
        warmup_steps=recipe.warmup,
        num_train_epochs=recipe.epochs,
        max_steps=recipe.steps or -1,
        max_length=recipe.length,
        packing=True,
        packing_strategy="bfd_split",
        save_strategy="steps",
        save_steps=min(1 / recipe.checkpoints, 0.9999),  # 1 would mean every step; a share of them is rounded up
        logging_steps=1,
        report_to=[],
        log_level="error",
        disable_tqdm=True,
        use_cpu=on_cpu,
        bf16=not on_cpu and torch.cuda.is_bf16_supported(),
        gradient_checkpointing=not on_cpu,
        dataloader_pin_memory=not on_cpu,
    )


def _adapter(recipe: Recipe) -> Any:
    from peft import LoraConfig

    return LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.lora_alpha,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        lora_dropout=0.0,
    )


def seconds_per_token(training: Training) -> float:
    """Time of one forward and backward pass per token, measured on the first tokens; gradients are discarded."""
    import torch

    model: Any = training.trainer.model
    data: Any = training.trainer.train_dataset
    ids = torch.tensor([data[0]["input_ids"][:PROBE_TOKENS]], device=model.device)
    seconds = 0.0
    with torch.random.fork_rng():
        for _ in range(2):  # the first also warms up
            begun = time.perf_counter()
            model(input_ids=ids, labels=ids, use_cache=False).loss.backward()
            seconds = time.perf_counter() - begun
    model.zero_grad(set_to_none=True)
    return seconds / int(ids.numel())


def run_training(
    training: Training,
    *,
    resume: Path | None = None,
    reporter: Reporter | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> bool:
    """Train to the end, from the checkpoint `resume` if given; returns whether the end was reached.

    When `stopping` says so, the current step is finished and a checkpoint written, from which the same steps follow as
    if nothing had happened. Losses are in `training.losses`, including those before a resume.
    """
    from transformers import PrinterCallback

    trainer = training.trainer
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(_callback(reporter or SilentReporter(), stopping))
    trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    history = [entry for entry in trainer.state.log_history if "loss" in entry]
    training.losses[:] = [Loss(entry["step"], entry["loss"], entry["learning_rate"]) for entry in history]
    return bool(trainer.state.global_step >= trainer.state.max_steps)


def _callback(reporter: Reporter, stopping: Callable[[], bool]) -> Any:
    from transformers import TrainerCallback

    class Watching(TrainerCallback):  # type: ignore[misc]
        def on_log(self, _args: Any, state: Any, _control: Any, logs: Any = None, **_: Any) -> None:
            if logs and "loss" in logs and state.is_world_process_zero:
                reporter.progress(Progress("train", state.global_step, state.max_steps))
                if state.global_step % max(1, state.max_steps // 20) == 0:  # twenty lines in a log
                    reporter.note(f"step {state.global_step:,} of {state.max_steps:,}: loss {logs['loss']:.3f}")

        def on_step_end(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
            if stopping() and state.global_step < state.max_steps:
                control.should_save = control.should_training_stop = True

    return Watching()


def last_checkpoint(out: Path) -> Path | None:
    """The checkpoint of the highest step that was written completely; None without one."""
    checkpoints = [path for path in (out / CHECKPOINTS).glob("checkpoint-*") if (path / "trainer_state.json").is_file()]
    return max(checkpoints, key=lambda path: int(path.name.rpartition("-")[2]), default=None)
