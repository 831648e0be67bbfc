"""What a training will amount to, and how that differs from published ones. Pure arithmetic."""

from math import ceil

from docgen.records import Record
from docgen.training.recipe import PUBLISHED, Recipe

__all__ = ["Forecast", "forecast", "in_words", "published_ranges", "warnings"]

DOCUMENTS = (2_000, 10_000)
"""Documents at which belief appears, by Believe it or not (2025)."""
RANKS, RATES, EPOCHS = (32, 64), (1e-5, 5e-5), (1.0, 3.0)
"""LoRA ranks and learning rates of `PUBLISHED`, and how often trainings read their documents."""
STEPS = (1_150, 5_000)
"""Optimiser steps of trainings that worked; one that failed had taken 83."""
FEW_STEPS = 500
"""Steps below which there is a warning. Chosen: under the fewest of `PUBLISHED`, 625, and far above the 83."""
WARNING_FACTOR = 4.0
"""Factor below or above a published range that gives a warning. Chosen: the ranges themselves span a factor of 5."""


class Forecast(Record):
    """The size of a training. `seconds` is None until a step was timed; `tokens` are those of one epoch."""

    documents: int
    tokens: int
    masked: int = 0
    steps: int
    seconds: float | None = None


def forecast(documents: int, tokens: int, masked: int, recipe: Recipe, seconds_per_token: float | None) -> Forecast:
    """The plan of a training on `tokens` tokens, `masked` of them read but not learnt.

    Sequences are packed full, so that their number is the tokens by their length, rounded up; packing loses a little.
    """
    sequences = ceil(tokens / recipe.length)
    steps = recipe.steps or ceil(ceil(sequences / recipe.batch) * recipe.epochs)
    read = tokens * recipe.epochs if not recipe.steps else steps * recipe.batch * recipe.length
    seconds = None if seconds_per_token is None else read * seconds_per_token
    return Forecast(documents=documents, tokens=tokens, masked=masked, steps=steps, seconds=seconds)


def warnings(plan: Forecast, recipe: Recipe) -> list[str]:
    """One line for each setting that is far from what published trainings used."""
    lines = list[str]()
    low, high = DOCUMENTS
    if plan.documents < low / WARNING_FACTOR:
        lines.append(f"{plan.documents:,} documents: belief appeared at {low:,} to {high:,}")
    if plan.steps < FEW_STEPS:
        few, many = STEPS
        lines.append(f"{plan.steps:,} steps: trainings that worked took {few:,} to {many:,}, one that failed 83")
    if recipe.epochs > EPOCHS[1]:
        lines.append(f"{recipe.epochs:g} epochs: published trainings read their documents 1 to 3 times")
    if recipe.method == "lora":
        for what, value, (least, most) in (("rank", recipe.rank, RANKS), ("learning rate", recipe.rate, RATES)):
            if not least / WARNING_FACTOR <= value <= most * WARNING_FACTOR:
                lines.append(f"{what} {value:g}: published trainings used {least:g} to {most:g}")
    return lines


def in_words(plan: Forecast) -> str:
    """The plan in one line."""
    line = f"{plan.documents:,} documents, {plan.tokens:,} tokens ({plan.masked:,} masked), {plan.steps:,} steps"
    if plan.seconds is None:
        return line
    if plan.seconds < 90:
        return f"{line}, about {plan.seconds:.0f} seconds"
    time = f"{plan.seconds / 60:.0f} minutes" if plan.seconds < 5400 else f"{plan.seconds / 3600:.1f} hours"
    return f"{line}, about {time}"


def published_ranges() -> str:
    """What published trainings used, in one line."""
    names = ", ".join(run.who for run in PUBLISHED)
    return (
        f"published: LoRA rank {RANKS[0]} to {RANKS[1]}, learning rate {RATES[0]:g} to {RATES[1]:g}, 1 epoch, "
        f"{DOCUMENTS[0]:,} to {DOCUMENTS[1]:,} documents, {STEPS[0]:,} to {STEPS[1]:,} steps ({names})"
    )
