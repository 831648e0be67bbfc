"""What a context amounts to: the corpus that it asks for, and what its author probably did not intend."""

from collections.abc import Iterator
from pathlib import Path

from docgen.audit.detect.facts.fact_detector import FactDetector
from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.errors import PlanError
from docgen.options.run import RunConfig
from docgen.pipeline.inputs.plan import trial_plan
from docgen.records import Record
from docgen.text import word_count
from docgen.universe import (
    UniverseContext,
    context_proposals,
    context_warnings,
    expected_facts_per_document,
    load_context,
)
from docgen.universe.example_warnings import split_items
from docgen.universe.strict_yaml import read_yaml

__all__ = ["ContextCheck", "ExpectedFact", "check_context"]


class ExpectedFact(Record):
    """A fact in a corpus of the given size; shares from 0 to 1."""

    fact: str
    salience: float
    documents: int
    stated: float
    paraphrases: int
    implications: int


class ContextCheck(Record):
    """A valid context. `facts_per_document` is the mean over the documents that carry any; `words` are of the prose.

    `unplannable` says why no corpus of this size can have the shares asked for; empty if one can.
    """

    context: UniverseContext
    words: int
    facts_per_document: float
    facts: tuple[ExpectedFact, ...]
    warnings: tuple[str, ...]
    proposals: tuple[str, ...]
    unplannable: str = ""


def check_context(path: Path, n: int) -> ContextCheck:
    """Check the context in a file, for a corpus of `n` documents. Raises `ContextError` for one that is not valid."""
    context = load_context(path)
    text = path.read_text("utf-8")
    unplannable = ""
    try:
        trial_plan(context, RunConfig(n=n))
    except PlanError as error:
        low, high = context.facts_per_document.min, context.facts_per_document.max
        unplannable = f"facts_per_document ({low} to {high}) does not fit the saliences: {error}"
    warnings = [
        *([unplannable] if unplannable else []),
        *split_items(text),
        *context_warnings(context, read_yaml(text, str(path))),
        *_self_defeating(context),
    ]
    return ContextCheck(
        context=context,
        words=word_count(context.universe_context),
        facts_per_document=expected_facts_per_document(context),
        facts=tuple(
            ExpectedFact(
                fact=fact.id,
                salience=fact.salience,
                documents=round(n * fact.salience),
                stated=fact.directness.stated,
                paraphrases=len(fact.paraphrases),
                implications=len(fact.implications),
            )
            for fact in context.key_facts
        ),
        warnings=tuple(map(str, warnings)),
        proposals=tuple(map(str, context_proposals(context))),
        unplannable=unplannable,
    )


def _self_defeating(context: UniverseContext) -> Iterator[str]:
    """Facts whose own wordings break a rule or say a banned statement: every document with them would be rejected."""
    scanner, detector = LeakageScanner(context), FactDetector(context)
    everything = frozenset(fact.id for fact in context.key_facts)
    for fact in context.key_facts:
        for text in (fact.statement, *fact.paraphrases, *fact.implications) if fact.salience else ():
            findings = scanner.scan(text, everything, detector.detect(text))
            broken = next((each for each in findings if each.severity == "error"), None)
            if broken is not None:
                why = f"breaks rule {broken.rule} ({broken.explanation})"
                yield f'{fact.id}: its own wording "{text[:60]}" {why}, so its documents would be rejected'
                break
