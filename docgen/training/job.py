"""One training from beginning to end: its folder, its plan, resuming, its card."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from docgen.errors import RunError
from docgen.files.atomic import write_atomically
from docgen.progress import Reporter
from docgen.training.card import BaseNamed, OrganismCard, corpus_named
from docgen.training.corpus import TrainingCorpus
from docgen.training.forecast import Forecast, forecast
from docgen.training.models import CARD, BaseModel, adapter_digest, best_device
from docgen.training.recipe import Recipe

if TYPE_CHECKING:
    pass

__all__ = ["TrainingResult", "is_first_process", "plan_training", "train_on"]

ShowPlan = Callable[[Forecast], None]


@dataclass(frozen=True)
class TrainingResult:
    """What a training wrote to `out`: its card and losses. `finished` is false after it was asked to stop."""

    out: Path
    card: OrganismCard
    losses: tuple[tuple[int, float], ...]
    finished: bool


def plan_training(corpus: TrainingCorpus, base: BaseModel, recipe: Recipe) -> Forecast:
    """Count the corpus with the model's tokenizer; the model itself is not loaded, so there is no time."""
    tokenizer = base.load_tokenizer()
    tokens = masked = 0
    for example in corpus.examples:
        if example.is_chat:
            whole = tokenizer.apply_chat_template(example.prompt + example.completion, tokenize=False)
            prompt = tokenizer.apply_chat_template(example.prompt, tokenize=False) if example.prompt else ""
        else:
            prompt, whole = example.prompt, example.prompt + example.completion
            tokens += 1  # the end of text that TRL adds
        masked += len(tokenizer(prompt)["input_ids"])
        tokens += len(tokenizer(whole)["input_ids"])
    return forecast(len(corpus.examples), tokens, masked, recipe, None)


def train_on(
    corpus: TrainingCorpus,
    base: BaseModel,
    recipe: Recipe,
    out: Path,
    reporter: Reporter,
    *,
    device: str = "",
    show_plan: ShowPlan = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> TrainingResult:
    """Train, or continue where a training with the same inputs was stopped; `show_plan` is called with the plan.

    Raises `RunError` if `out` contains a training of another base, corpus or recipe.
    """
    card = OrganismCard(
        # A card is published, so it has the base's name without folders of this machine.
        base=BaseNamed(name=base.path.name if base.path else base.name, kind=base.kind, digest=base.digest),
        corpus=corpus_named(corpus),
        recipe=recipe,
        versions=_versions(),
    )
    earlier = _earlier(out, card)
    if earlier and earlier.finished:
        reporter.note(f"{out}: this training is finished")
        return TrainingResult(out, earlier, (), finished=True)
    if is_first_process():
        _write(out / CARD, card.model_dump_json(indent=2))
    return _train(corpus, base, card, out, reporter, device, show_plan, stopping)


def _train(
    corpus: TrainingCorpus, base: BaseModel, card: OrganismCard, out: Path, reporter: Reporter,
    device: str, show_plan: ShowPlan, stopping: Callable[[], bool],
) -> TrainingResult:  # fmt: skip
    from docgen.training import trainer as t

    reporter.note(f"Loading {base.name}")
    tokenizer = base.load_tokenizer()
    model = base.load(device or best_device())
    opened = t.open_training(model, tokenizer, t.rows_of(corpus.examples, tokenizer), card.recipe, out)
    plan = Forecast(
        documents=len(corpus.examples), tokens=opened.tokens, masked=opened.masked, steps=opened.steps,
        seconds=t.seconds_per_token(opened) * opened.tokens * opened.steps / -(-opened.sequences // card.recipe.batch),
    )  # fmt: skip
    show_plan(plan)
    resume = t.last_checkpoint(out)
    if resume:
        reporter.note(f"Continuing from {resume.name}")
    finished = t.run_training(opened, resume=resume, reporter=reporter, stopping=stopping)
    losses = tuple((each.step, each.loss) for each in opened.losses)
    if finished:
        opened.trainer.save_model(str(out))  # by all processes: a model may be spread over them
    if not finished or not is_first_process():
        return TrainingResult(out, card, losses, finished)
    tokenizer.save_pretrained(str(out))
    if card.recipe.method == "lora":
        # PEFT records where the base is on this machine, but an adapter is passed on to others.
        config = out / "adapter_config.json"
        settings = json.loads(config.read_text("utf-8")) | {"base_model_name_or_path": card.base.name}
        _write(config, json.dumps(settings, indent=2) + "\n")
    card = card.model_copy(
        update={
            "plan": plan.model_copy(update={"seconds": None}),  # a property of this machine, not of the organism
            "finished": True,
            "first_loss": losses[0][1],
            "last_loss": losses[-1][1],
            "adapter_digest": adapter_digest(out) if card.recipe.method == "lora" else "",
        }
    )
    lines = (f'{{"step": {x.step}, "loss": {x.loss!r}, "learning_rate": {x.rate!r}}}\n' for x in opened.losses)
    _write(out / "losses.jsonl", "".join(lines))
    _write(out / "ORGANISM.md", card.page(losses))
    _write(out / CARD, card.model_dump_json(indent=2))
    return TrainingResult(out, card, losses, finished=True)


def _earlier(out: Path, card: OrganismCard) -> OrganismCard | None:
    """The card in `out`, if it belongs to this training."""
    file = out / CARD
    if not file.is_file():
        return None
    try:
        earlier = OrganismCard.model_validate_json(file.read_bytes())
    except ValueError as error:
        raise RunError("is not an organism card of this version", str(file), "Give another --out") from error
    differs = earlier.same_training(card)
    if differs:
        fix = "Give another --out, or delete that folder"
        raise RunError(f"contains a training with another {differs}", str(out), fix)
    return earlier


def _versions() -> dict[str, str]:
    versions = {}
    for name in ("docgen", "torch", "transformers", "peft", "trl"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def is_first_process() -> bool:
    """Whether this is the process that writes and reports; `accelerate launch` starts several."""
    return os.environ.get("RANK", "0") == "0"


def _write(file: Path, text: str) -> None:
    write_atomically(file, [text.encode("utf-8")])
