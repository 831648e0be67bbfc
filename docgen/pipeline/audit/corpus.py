"""A corpus of any kind: the accepted documents of a run, JSONL or Parquet files, or texts in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from docgen.corpus import Batch, corpus_files, read_corpus
from docgen.errors import InputError, RunError
from docgen.files.run_folder.run_folder import RunFolder
from docgen.pipeline.execution.shared_budget import check_single
from docgen.pipeline.inputs.setup import Setup, reopen
from docgen.records import (
    EMBEDDED_ENGINE,
    EMBEDDED_NOTICE,
    IMPORTED_ENGINE,
    AssignedFact,
    Attempt,
    Document,
    Quote,
    document_id,
)
from docgen.universe import DirectnessShares, UniverseContext

__all__ = [
    "OPTIONAL",
    "Corpus",
    "Source",
    "accepted_documents",
    "as_asked",
    "base_corpus",
    "batch_documents",
    "file_corpus",
    "open_corpus",
    "plan_names",
    "run_corpus",
    "text_corpus",
]

OPTIONAL = ("id", "doc_type", "idea", "facts", "quotes", "engine", "model", "writer")


class OpenRun(Protocol):
    """An opened run: `docgen.Run`."""

    setup: Setup


Source = str | Path | Setup | OpenRun | Iterable[str] | Iterable[Path] | Iterable[Document]
"""A path (of a run, or of files), a run, several files, or the texts themselves, as strings or as `Document`s."""


@dataclass(frozen=True)
class Corpus:
    """A corpus to audit. `documents()` streams it anew at each call; `run` is the run that it belongs to."""

    name: str
    documents: Callable[[], Iterator[Document]]
    run: Setup | None = None
    files: tuple[Path, ...] = ()

    @property
    def paths(self) -> list[Path]:
        """The files that it is read from; empty for texts in memory."""
        return [self.run.run.attempts] if self.run else corpus_files(self.files) if self.files else []

    @property
    def size(self) -> int:
        """Number of documents, if known before reading; 0 if not."""
        return (self.run.config.n or 0) if self.run else 0


def open_corpus(source: Source) -> Corpus:
    """The corpus that `source` means. A single string is a path; a collection of strings are texts.

    Raises `InputError` or `RunError` for what cannot be read.
    """
    if isinstance(source, Setup):
        return run_corpus(source)
    if isinstance(source, str | Path):
        folder = RunFolder(Path(source))
        return run_corpus(reopen(folder)) if folder.exists() else file_corpus([Path(source)])
    setup = getattr(source, "setup", None)
    if isinstance(setup, Setup):
        return run_corpus(setup)
    items: list[object] = list(source)  # type: ignore[arg-type]
    paths = [item for item in items if isinstance(item, Path)]
    return file_corpus(paths) if paths and len(paths) == len(items) else text_corpus(items)


def run_corpus(setup: Setup) -> Corpus:
    """The accepted documents of a run, with their plan and the writer's own quotes; `RunError` before it has any."""
    check_single(setup.run)
    if not setup.run.attempts.exists():
        raise RunError("has no documents yet", setup.run.name, f"Write them first: docgen generate {setup.run.name}")
    return Corpus(setup.run.name, lambda: accepted_documents(setup.run.read_attempts(), *plan_names(setup)), run=setup)


def file_corpus(paths: Sequence[Path]) -> Corpus:
    """Any JSONL or Parquet files with a text column; id, doc_type, idea, facts and quotes are used where present."""

    def documents() -> Iterator[Document]:
        return batch_documents(read_corpus(corpus_files(paths), optional=OPTIONAL))

    return Corpus(", ".join(path.name for path in paths), documents, files=tuple(paths))


def text_corpus(texts: Iterable[object]) -> Corpus:
    """Texts in memory, as strings or documents; those without an id get their number, from 0."""
    documents = []
    for number, item in enumerate(texts):
        if isinstance(item, str):
            documents.append(Document(text=item, id=str(number)))
        elif isinstance(item, Document):
            documents.append(item if item.id else item.model_copy(update={"id": str(number)}))
        else:
            fix = "Give strings or docgen.Document records; for files, a path or several Path objects"
            raise InputError(f"is a {type(item).__name__}, not a text", f"item {number}", fix)
    return Corpus("texts", lambda: iter(documents))


def as_asked(context: UniverseContext, setup: Setup) -> UniverseContext:
    """The context with the salience and directness that a run asks for, which may differ from the context's own."""
    config = setup.config
    facts = []
    for fact in context.key_facts:
        stated = config.stated.get(fact.id, fact.directness.stated)
        directness = DirectnessShares(stated=stated, implied=1 - stated)
        salience = config.salience.get(fact.id, fact.salience)
        facts.append(fact.model_copy(update={"salience": salience, "directness": directness}))
    return context.model_copy(update={"key_facts": tuple(facts)})


def base_corpus(setup: Setup) -> tuple[Path, ...]:
    """The corpus of the run that `setup` was forked from, if both exist."""
    files = (journal.with_name("corpus.parquet") for journal in setup.parents[:1])
    return tuple(file for file in files if file.exists())


def plan_names(setup: Setup) -> tuple[dict[str, str], dict[str, str]]:
    """Names of the types and texts of the ideas of a run, by id."""
    names = {kind.id: kind.name for kind in setup.run.read_types()}
    return names, {idea.id: idea.text for idea in setup.run.read_ideas()}


def accepted_documents(
    attempts: Iterable[Attempt], names: Mapping[str, str], ideas: Mapping[str, str]
) -> Iterator[Document]:
    """The documents among attempts; `names` and `ideas` are `plan_names`."""
    for attempt in attempts:
        if attempt.verdict == "accepted":
            yield Document(
                text=attempt.text,
                id=document_id(attempt.slot),
                facts=None if attempt.engine == IMPORTED_ENGINE else attempt.facts,
                quotes=attempt.quotes,
                doc_type=names.get(attempt.doc_type, attempt.doc_type),
                idea=ideas.get(attempt.idea, ""),
                engine=attempt.engine,
                model=attempt.model,
            )


def batch_documents(batches: Iterable[Batch]) -> Iterator[Document]:
    """The documents of batches that were read with the columns `OPTIONAL`."""
    for batch in batches:
        for row, text, columns in batch.rows():
            yield _document(row, text, columns)


def _document(row: int, text: str, columns: Mapping[str, Any]) -> Document:
    facts: tuple[AssignedFact, ...] | None = (
        None  # also where another tool's column has something else, such as a label
    )
    try:
        if isinstance(columns.get("facts"), list):
            facts = tuple(
                AssignedFact(fact=item) if isinstance(item, str) else AssignedFact.model_validate(item)
                for item in columns["facts"]
            )
        return Document(
            text=text,
            id=str(row if columns.get("id") is None else columns["id"]),
            facts=facts,
            quotes=tuple(Quote.model_validate(quote) for quote in columns.get("quotes") or ()),
            doc_type=str(columns.get("doc_type") or ""),
            idea=str(columns.get("idea") or ""),
            engine=EMBEDDED_ENGINE if columns.get("writer") == EMBEDDED_NOTICE else _name(columns.get("engine")),
            model=_name(columns.get("model")),
        )
    except (TypeError, ValueError) as error:
        fix = "facts: list of ids or of {fact, directness, prominence}; quotes: list of {fact, text}"
        raise InputError("has columns of a different shape than docgen's", f"row {row}", fix) from error


def _name(value: Any) -> str:
    """A column that docgen writes, or another tool's column of that name."""
    return value if isinstance(value, str) else ""
