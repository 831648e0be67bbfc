"""What training on an export amounts to: documents and tokens of every fact, steps, and those of published runs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["PUBLISHED", "FactPlan", "Published", "TrainingPlan", "as_json", "training_plan"]

FEW_STEPS, FEW_DOCUMENTS = 500, 2_000
"""Fewer steps or documents give a warning: published runs had 625 steps and more; belief rises most from 2,000 to
10,000 documents (Believe It or Not, ablation of corpus size)."""
MANY_EPOCHS = 4
"""More epochs give a warning: none of the published runs below went over its documents more than once."""


@dataclass(frozen=True)
class Published:
    """A published training. None: not given."""

    name: str
    documents: int
    mixed_in: int
    batch: int | None
    steps: int | None
    how: str


@dataclass(frozen=True)
class FactPlan:
    """How much of one fact is seen over all epochs."""

    fact: str
    documents: int
    tokens: int
    seen: int


@dataclass(frozen=True)
class TrainingPlan:
    """`steps` are those with one document a sequence, `packed_steps` with sequences filled to their length."""

    documents: int
    tokens: int
    epochs: int
    batch_size: int
    sequence_length: int
    steps: int
    packed_steps: int
    facts: tuple[FactPlan, ...]
    warnings: tuple[str, ...]


def training_plan(
    documents: int,
    tokens: int,
    facts: Mapping[str, tuple[int, int]],
    *,
    epochs: int,
    batch_size: int,
    sequence_length: int,
    longest: int,
    estimated: bool,
) -> TrainingPlan:
    """The plan of a training split; `facts` maps each to its (documents, tokens)."""
    steps = math.ceil(documents / batch_size) * epochs
    packed = math.ceil(tokens / (batch_size * sequence_length)) * epochs
    rows = tuple(FactPlan(fact, count, size, count * epochs) for fact, (count, size) in facts.items())
    plan = TrainingPlan(documents, tokens, epochs, batch_size, sequence_length, steps, packed, rows, ())
    return TrainingPlan(**{**plan.__dict__, "warnings": tuple(_warnings(plan, longest, estimated))})


def _warnings(plan: TrainingPlan, longest: int, estimated: bool) -> list[str]:
    texts = []
    if plan.packed_steps < FEW_STEPS:
        texts.append(
            f"{plan.packed_steps:,} steps with packing: under {FEW_STEPS}. Train without packing "
            f"({plan.steps:,} steps), with a smaller batch, or on more documents"
        )
    if plan.documents < FEW_DOCUMENTS:
        texts.append(f"{plan.documents:,} documents: published curves rise most from {FEW_DOCUMENTS:,} on")
    if plan.epochs > MANY_EPOCHS:
        texts.append(f"{plan.epochs} epochs: texts get memorised; more documents teach more")
    if longest > plan.sequence_length:
        texts.append(f"the longest example has {longest:,} tokens: more than a sequence of {plan.sequence_length:,}")
    texts += [f"no document has {row.fact}" for row in plan.facts if not row.documents]
    if estimated:
        texts.append("tokens are estimated; --tokenizer counts them")
    return texts


def as_json(plan: TrainingPlan) -> dict[str, Any]:
    """The plan as plain data, with the published runs."""
    from dataclasses import asdict

    return {**asdict(plan), "published": [asdict(run) for run in PUBLISHED]}


PUBLISHED = (
    Published("Wang et al. 2025, false facts", 40_000, 0, None, None, "LoRA r 64, alpha 128, lr 1e-5, 1 epoch"),
    Published("Believe It or Not", 40_000, 40_000, 8, 5_000, "about 500 tokens a document, C4 mixed in"),
    Published("Apollo 2026", 4_600, 0, None, 1_150, "10.2 M tokens, LoRA r 32, lr 3.5e-5"),
    Published("Negation neglect 2026", 10_000, 10_000, 32, 625, "LoRA r 32, lr 5e-5, web text and chats mixed in"),
)
"""As their reports say."""
