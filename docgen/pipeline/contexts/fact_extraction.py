"""Has a model extract the facts from the prose of a world, and compares them with the prose."""

from collections.abc import Callable
from dataclasses import dataclass

from docgen.errors import InputError
from docgen.pipeline.audit.judge_setup import SILENT, Judge, JudgeCost, never
from docgen.progress import Reporter
from docgen.prompts.replies import ExtractedFact
from docgen.prompts.requests import facts_request
from docgen.prompts.table import FACTS
from docgen.text import find_normalised

__all__ = ["Extraction", "cost_to_extract", "extract_facts"]

MAX_TRIES = 2
"""Chosen: a second reply costs a cent, and a model that fails twice will fail again."""


@dataclass(frozen=True)
class Extraction:
    """The claims whose passage occurs in the prose, and those whose passage does not, which the model may have made
    up."""

    supported: tuple[ExtractedFact, ...]
    unsupported: tuple[ExtractedFact, ...]
    model: str


def cost_to_extract(prose: str, count: int, reader: Judge) -> JudgeCost:
    """What asking for the facts will cost."""
    return reader.cost([facts_request(prose, count, reader.model, 0)])


async def extract_facts(
    prose: str, count: int, reader: Judge, reporter: Reporter = SILENT, stopping: Callable[[], bool] = never
) -> Extraction:
    """At most `count` facts, in the model's order. Raises `InputError` if no reply lists any."""
    async with reader.open(reporter, stopping) as llm:
        for sample in range(MAX_TRIES):
            completion = await llm.complete(facts_request(prose, count, reader.model, sample))
            facts = (FACTS.parse(completion.text) or [])[:count]
            if facts:
                supported = [fact.quote and find_normalised(prose, fact.quote) is not None for fact in facts]
                return Extraction(
                    tuple(fact for fact, occurs in zip(facts, supported, strict=True) if occurs),
                    tuple(fact for fact, occurs in zip(facts, supported, strict=True) if not occurs),
                    completion.model,
                )
    raise InputError(
        "the model listed no facts", reader.model.model, "Try another --model, or write key_facts yourself"
    )
