"""Documents from elsewhere as a read-only run: status, show, audits, dedupe, select and export work on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic_core import to_json

from docgen.corpus import corpus_columns, corpus_files, read_corpus
from docgen.errors import InputError, RunError
from docgen.files.run_folder.run_folder import RunFolder
from docgen.files.text_files import LARGEST_TEXT, read_text
from docgen.options.run import RunConfig
from docgen.pipeline.inputs.requested_inputs import meta_of
from docgen.progress import Progress, Reporter
from docgen.records import IMPORTED_ENGINE, Attempt
from docgen.text import token_estimate, word_count
from docgen.universe import UniverseContext, context_text

__all__ = ["ImportedRun", "import_documents"]

TEXT_COLUMNS = ("text", "content", "document", "synth_doc")
"""Columns with the text in public corpora, the usual one first."""
DOCTAG = "<DOCTAG>"


@dataclass(frozen=True)
class ImportedRun:
    """`doctags` documents began with a DOCTAG, which was cut; `left_out` are the columns that were not read."""

    run: RunFolder
    documents: int
    doctags: int
    left_out: tuple[str, ...]


@dataclass
class _Counts:
    documents: int = 0
    doctags: int = 0


def import_documents(
    paths: Sequence[Path],
    context: UniverseContext,
    run: RunFolder,
    reporter: Reporter,
    text_column: str | None = None,
) -> ImportedRun:
    """Create `run` from the documents in JSONL or Parquet files (compressed or not), folders of them, or folders of
    texts.

    A column `doc_type` is kept. run.json is written last, so that an interrupted import is not a run, and can be
    repeated. Raises `RunError` if the run exists, `InputError` for what cannot be read or has no documents.
    """
    if run.exists():
        raise RunError("exists already", str(run.path), "Choose another name with --run")
    columns: tuple[str, ...] = ()
    if folder := _folder_of_texts(paths):
        rows = ((read_text(file, LARGEST_TEXT, InputError), "") for file in _texts_in(folder))
    else:
        files = corpus_files(paths)
        columns = tuple(corpus_columns(files))
        column = text_column or next((name for name in TEXT_COLUMNS if name in columns), "")
        if not column:
            fix = f"Name the column with the text: --text-column; there are {', '.join(columns) or 'none'}"
            raise InputError(f"has no column {' or '.join(TEXT_COLUMNS)}", str(files[0]), fix)
        optional = ("doc_type",) if "doc_type" in columns else ()
        batches = read_corpus(files, optional=optional, text_column=column)
        rows = ((text, str(other.get("doc_type") or "")) for batch in batches for _, text, other in batch.rows())
        columns = tuple(name for name in columns if name not in (column, "doc_type"))
    counts = _Counts()
    run.path.mkdir(parents=True, exist_ok=True)
    with run.lock():
        run.write_text("context.yaml", context_text(context))
        run.write_lines("attempts.jsonl", _attempts(rows, counts, reporter))
        if not counts.documents:
            raise InputError("has no documents", str(paths[0]), "Is this the right file?")
        from docgen.stages.corpus import corpus_frame

        run.write_corpus(partial(corpus_frame, run.attempts))
        config = RunConfig(n=counts.documents, engine=IMPORTED_ENGINE, verify=0)
        run.write_json("run.json", meta_of(config, context, ", ".join(path.name for path in paths), []))
    return ImportedRun(run, counts.documents, counts.doctags, columns)


def _folder_of_texts(paths: Sequence[Path]) -> Path | None:
    """The folder, if it contains text files and no corpus files."""
    if len(paths) != 1 or not paths[0].is_dir() or not any(_texts_in(paths[0])):
        return None
    try:
        corpus_files(paths)
    except InputError:
        return paths[0]
    return None


def _texts_in(folder: Path) -> Iterator[Path]:
    return (file for file in sorted(folder.rglob("*")) if file.suffix.lower() in (".txt", ".md") and file.is_file())


def _attempts(rows: Iterator[tuple[str, str]], counts: _Counts, reporter: Reporter) -> Iterator[bytes]:
    for raw, doc_type in rows:
        text = raw.removeprefix(DOCTAG)
        counts.doctags += text is not raw
        attempt = Attempt(
            slot=counts.documents,
            number=1,
            verdict="accepted",
            key="",
            doc_type=doc_type,
            idea="",
            facts=(),
            text=text.strip(),
            words=word_count(text),
            tokens=token_estimate(text),
            engine=IMPORTED_ENGINE,
        )
        counts.documents += 1
        if counts.documents % 1000 == 0:  # a few times a second
            reporter.progress(Progress("import", counts.documents, counts.documents))
        yield to_json(attempt) + b"\n"
