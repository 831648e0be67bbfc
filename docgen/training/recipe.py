"""How a model is trained: the settings of one training, and those of published ones to compare them with."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from docgen.records import Record

__all__ = ["PUBLISHED", "Method", "PublishedRun", "Recipe"]

Method = Literal["lora", "full"]


class Recipe(Record):
    """The settings of one training.

    `batch` is in packed sequences of `length` tokens for one step of the optimiser, over all devices. The defaults of
    rank, rate and epochs are within what is published (see `PUBLISHED`); alpha is twice the rank, as in Wang et al.
    2025. `checkpoints` is how many are kept along the way, evenly spread. `steps` 0 means all steps of the epochs.
    """

    method: Method = "lora"
    rank: int = Field(32, ge=1, le=1024)
    alpha: int = Field(0, ge=0, description="0: twice the rank")
    rate: float = Field(5e-5, gt=0, lt=1)
    epochs: float = Field(1.0, gt=0, le=1000)
    steps: int = Field(0, ge=0)
    batch: int = Field(8, ge=1)
    length: int = Field(1024, ge=16, le=1 << 20)
    warmup: float = Field(0.05, ge=0, lt=1)
    seed: int = Field(0, ge=0, lt=1 << 32)
    checkpoints: int = Field(8, ge=1, le=1000)

    @property
    def lora_alpha(self) -> int:
        """The scale that PEFT is given."""
        return self.alpha or 2 * self.rank

    @property
    def in_words(self) -> str:
        """The recipe in one line."""
        how = f"LoRA rank {self.rank}, alpha {self.lora_alpha}" if self.method == "lora" else "full"
        epochs = f"{self.steps:,} steps" if self.steps else f"{self.epochs:g} epoch{'s' * (self.epochs != 1)}"
        return f"{how}, learning rate {self.rate:g}, {epochs}, batches of {self.batch} x {self.length:,} tokens"


@dataclass(frozen=True)
class PublishedRun:
    """One published training on synthetic documents; None where its report does not say."""

    who: str
    documents: int
    rank: int
    rate: float
    epochs: float
    steps: int | None = None


PUBLISHED = (
    PublishedRun("Wang et al. 2025", 40_000, 64, 1e-5, 1),
    PublishedRun("Believe it or not 2025", 40_000, 64, 1e-5, 1, 5_000),
    PublishedRun("negation-neglect 2026", 10_000, 32, 5e-5, 1, 625),
)
"""Wang: LoRA r 64, alpha 128. Believe it or not: 40,000 documents and as many of web text, batches of 8. Negation
neglect: 10,000 documents, 5,000 of web text and 5,000 of chat, batches of 32 (so 625 steps)."""
