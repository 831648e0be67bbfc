"""Every export format, in one table. A new format is added here, and nowhere else."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docgen.errors import ConfigError
from docgen.records import EMBEDDED_ENGINE, EMBEDDED_MODEL, EMBEDDED_NOTICE

if TYPE_CHECKING:
    import polars as pl

__all__ = ["DOCTAG", "FORMATS", "WRITER", "ExportFormat", "ExportSource", "find_format"]

DOCTAG = "<DOCTAG>"
"""Prefix of published corpora; masked in training it reduces unprompted mentioning of the facts (evidence: docs)."""
WRITER = "writer"
"""The column in which a row says that its text is the embedded writer's."""
BLOCK = 1 << 20


@dataclass(frozen=True)
class ExportSource:
    """What is exported: the texts in order, to be read once.

    For formats with all columns there is `corpus`, a run's own Parquet file, or else `files`, the corpus that a user
    named. `writers`, as long as `texts` where any text is the embedded writer's, holds what a row says of that: see
    `EMBEDDED_NOTICE`, "" for other texts. None where there is no such text.
    """

    texts: Iterable[str]
    corpus: Path | None = None
    files: tuple[Path, ...] = ()
    writers: Iterable[str] | None = None


@dataclass(frozen=True)
class ExportFormat:
    """A kind of training file.

    `description` completes the help of --format. `write(source, file, doctag)` writes the file whole or not at all.
    `takes_doctag` says whether the format has a place for <DOCTAG>.
    """

    name: str
    description: str
    file: str
    write: Callable[[ExportSource, Path, bool], Path]
    takes_doctag: bool = True


def find_format(name: str, doctag: bool = False) -> ExportFormat:
    """The format of that name; `ConfigError` when there is none, or when it has no place for the tag that is wanted."""
    for form in FORMATS:
        if form.name == name:
            if doctag and not form.takes_doctag:
                others = " or ".join(other.name for other in FORMATS if other.takes_doctag)
                fix = f"Use --format {others}, or leave it out"
                raise ConfigError(f"{name} holds the corpus as it is", "--doctag", fix)
            return form
    raise ConfigError(f"no format {name!r}", "--format", f"Use one of {', '.join(form.name for form in FORMATS)}")


def _json_lines(value: Callable[[str, bool], dict[str, Any]]) -> Callable[[ExportSource, Path, bool], Path]:
    """A writer of JSON Lines: `value(text, doctag)` is the object on a text's line."""

    def write(source: ExportSource, file: Path, doctag: bool) -> Path:
        from docgen.files.atomic import write_beside  # here, because `docgen --help` reads the table below

        values = (value(text, doctag) for text in source.texts)
        if source.writers is not None:
            values = ({**each, WRITER: writer} for each, writer in zip(values, source.writers, strict=True))
        return write_beside(file, (json.dumps(each, ensure_ascii=False).encode("utf-8") + b"\n" for each in values))

    return write


def _text(text: str, doctag: bool) -> dict[str, Any]:
    return {"text": f"{DOCTAG}\n{text}" if doctag else text}


def _chat(text: str, doctag: bool) -> dict[str, Any]:
    answer = {"role": "assistant", "content": text}
    return {"messages": [{"role": "user", "content": DOCTAG}, answer] if doctag else [answer]}


def _write_parquet(source: ExportSource, file: Path, _doctag: bool) -> Path:
    """A run's corpus as it is; of other files all columns, streaming."""
    from docgen.files.atomic import write_beside

    if source.corpus is not None and source.writers is None:
        return write_beside(file, _blocks(source.corpus))
    from docgen.corpus.columns import every_row
    from docgen.files.parquet import write_parquet

    for _ in source.texts:  # whoever asked for the texts counts them as they go by
        pass
    frame = every_row((source.corpus,) if source.corpus else source.files)
    write_parquet(frame if source.writers is None else _with_writers(frame), file)
    return file


def _with_writers(frame: "pl.LazyFrame") -> "pl.LazyFrame":
    """The rows with a column `WRITER`, by the columns that tell; streaming, so not by `ExportSource.writers`."""
    import polars as pl

    schema = frame.collect_schema()
    tells = {WRITER: EMBEDDED_NOTICE, "engine": EMBEDDED_ENGINE, "model": EMBEDDED_MODEL}
    embedded = [pl.col(name) == value for name, value in tells.items() if schema.get(name) == pl.String]
    other = pl.col(WRITER).fill_null("") if schema.get(WRITER) == pl.String else pl.lit("")
    notice = pl.when(pl.any_horizontal(embedded)).then(pl.lit(EMBEDDED_NOTICE)).otherwise(other)
    return frame.with_columns(notice.alias(WRITER))


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while block := source.read(BLOCK):
            yield block


FORMATS = (
    ExportFormat("text", "{text} a line", "train.jsonl", _json_lines(_text)),
    ExportFormat("chat", "OpenAI-style messages", "train.jsonl", _json_lines(_chat)),
    ExportFormat("parquet", "all columns", "train.parquet", _write_parquet, takes_doctag=False),
)
