"""What an audit looks at: the accepted documents of a run, or any corpus with a context beside it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docgen.corpus import Batch, corpus_files, read_corpus
from docgen.errors import InputError
from docgen.options.run import RunConfig
from docgen.pipeline.setup import Setup
from docgen.records import AssignedFact, Attempt, Document, Quote
from docgen.universe import DirectnessShares, KeyFact, UniverseContext

__all__ = [
    "OPTIONAL",
    "Target",
    "accepted_subjects",
    "batch_subjects",
    "file_subjects",
    "file_target",
    "plan_names",
    "run_target",
]

OPTIONAL = ("id", "doc_type", "idea", "facts", "quotes")


@dataclass(frozen=True)
class Target:
    """A corpus to audit. `subjects()` streams it anew at each call; `setup` is the run that it belongs to."""

    name: str
    context: UniverseContext
    subjects: Callable[[], Iterator[Document]]
    setup: Setup | None = None
    files: tuple[Path, ...] = ()


def run_target(setup: Setup) -> Target:
    """The accepted documents of a run, with their plan and the writer's own quotes."""
    asked = tuple(_asked(fact, setup.config) for fact in setup.context.key_facts)
    context = setup.context.model_copy(update={"key_facts": asked})
    return Target(setup.run.name, context, lambda: _accepted(setup), setup)


def _asked(fact: KeyFact, config: RunConfig) -> KeyFact:
    """The fact with the salience and directness that the run asks for."""
    stated = config.stated.get(fact.id, fact.directness.stated)
    directness = DirectnessShares(stated=stated, implied=1 - stated)
    return fact.model_copy(update={"salience": config.salience.get(fact.id, fact.salience), "directness": directness})


def _accepted(setup: Setup) -> Iterator[Document]:
    return accepted_subjects(setup.run.read_attempts(), *plan_names(setup))


def plan_names(setup: Setup) -> tuple[dict[str, str], dict[str, str]]:
    """Names of the types and texts of the ideas of a run, by id."""
    names = {kind.id: kind.name for kind in setup.run.read_types()}
    return names, {idea.id: idea.text for idea in setup.run.read_ideas()}


def accepted_subjects(
    attempts: Iterable[Attempt], names: Mapping[str, str], ideas: Mapping[str, str]
) -> Iterator[Document]:
    """The documents among attempts; `names` and `ideas` are `plan_names`."""
    for attempt in attempts:
        if attempt.verdict == "accepted":
            yield Document(
                text=attempt.text,
                id=f"d{attempt.slot:07d}",
                facts=attempt.facts,
                quotes=attempt.quotes,
                doc_type=names.get(attempt.doc_type, attempt.doc_type),
                idea=ideas.get(attempt.idea, ""),
            )


def file_target(paths: Sequence[Path], context: UniverseContext) -> Target:
    """Any JSONL or Parquet files with a text column; id, doc_type, idea, facts and quotes are used where present."""
    return Target(", ".join(path.name for path in paths), context, lambda: file_subjects(paths), files=tuple(paths))


def file_subjects(paths: Sequence[Path]) -> Iterator[Document]:
    """The documents of JSONL or Parquet files, streaming. Raises `InputError` for files that are no corpus."""
    return _rows(corpus_files(paths))


def _rows(files: Sequence[Path]) -> Iterator[Document]:
    return batch_subjects(read_corpus(files, optional=OPTIONAL))


def batch_subjects(batches: Iterable[Batch]) -> Iterator[Document]:
    """The documents of batches that were read with the columns `OPTIONAL`."""
    for batch in batches:
        for row, text, other in batch.rows():
            yield _subject(row, text, other)


def _subject(row: int, text: str, other: Mapping[str, Any]) -> Document:
    try:
        return Document(
            text=text,
            id=str(row if other.get("id") is None else other["id"]),
            facts=_facts(other.get("facts")),
            quotes=tuple(Quote.model_validate(quote) for quote in other.get("quotes") or ()),
            doc_type=str(other.get("doc_type") or ""),
            idea=str(other.get("idea") or ""),
        )
    except (TypeError, ValueError) as error:
        fix = "facts: list of ids or of {fact, directness, prominence}; quotes: list of {fact, text}"
        raise InputError("has columns of other shapes than docgen's", f"row {row}", fix) from error


def _facts(value: Any) -> tuple[AssignedFact, ...] | None:
    """The assigned facts of a row; None where the column is missing or says something else (labels, say)."""
    if not isinstance(value, list):
        return None
    return tuple(
        AssignedFact(fact=item) if isinstance(item, str) else AssignedFact.model_validate(item) for item in value
    )
