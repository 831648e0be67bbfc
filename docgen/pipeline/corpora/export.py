"""Writes the training files of a corpus: files, manifest with digests, dataset card for a run."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from docgen.corpus import corpus_files, read_corpus
from docgen.errors import ConfigError, RunError
from docgen.files.run_folder import RunFolder, write_beside
from docgen.pipeline.corpora.sources import CorpusSource, corpus_paths, run_of
from docgen.stages.export import FORMATS, ExportFormat, dataset_card, export_lines, manifest
from docgen.text import token_estimate, word_count

__all__ = ["export", "export_files", "export_run"]

BLOCK = 1 << 20


def export(
    source: CorpusSource, form: ExportFormat = "text", *, doctag: bool = False, out: str | Path | None = None
) -> tuple[Path, dict[str, Any]]:
    """Write training files and a manifest, with a dataset card for a run; returns the folder and the manifest.

    `form`: "text", "chat" or "parquet". `out` may be left out for a run: then it is the run's export/FORM. `doctag`
    puts <DOCTAG> before each text, or in a user turn, to be masked in training.
    """
    if form not in FORMATS:
        raise ConfigError(f"no format {form!r}", "--format", f"Use one of {', '.join(FORMATS)}")
    if doctag and form == "parquet":
        raise ConfigError("parquet holds the corpus as it is", "--doctag", "Use --format text or chat, or leave it out")
    run = run_of(source)
    if run is not None:
        return export_run(run, form, doctag, Path(out) if out else None)
    if out is None:
        raise ConfigError("nothing says where to write to", "export", "Give --out FOLDER")
    return export_files([Path(path) for path in corpus_paths(source)], form, doctag, Path(out))


def export_run(
    run: RunFolder, form: ExportFormat, doctag: bool, out: Path | None = None
) -> tuple[Path, dict[str, Any]]:
    """Export a run's corpus to `out` or its own folder; returns the folder and its manifest.

    Raises `RunError` without a corpus.
    """
    from pydantic_core import to_json

    if not run.corpus.exists():
        raise RunError("has no corpus yet", run.name, "Run: docgen generate")
    folder = out or run.export(form)
    if form == "parquet":
        file = write_beside(folder / "train.parquet", _blocks(run.corpus))
    else:
        file = write_beside(folder / "train.jsonl", export_lines(_texts([run.corpus]), form, doctag))
    contents = manifest(run.corpus, run.read_meta(), form, {file.name: _sha256(file)})
    write_beside(folder / "manifest.json", [to_json(contents, indent=2), b"\n"])
    write_beside(folder / "README.md", [dataset_card(contents).encode("utf-8")])
    return folder, contents


def export_files(paths: Sequence[Path], form: ExportFormat, doctag: bool, out: Path) -> tuple[Path, dict[str, Any]]:
    """Export any JSONL or Parquet with a text column to `out`; returns `out` and the manifest."""
    from pydantic_core import to_json

    counts = {"documents": 0, "words": 0, "tokens": 0}
    texts = _counted(_texts(paths), counts)
    if form == "parquet":
        file = _parquet(texts, out / "train.parquet")
    else:
        file = write_beside(out / "train.jsonl", export_lines(texts, form, doctag))
    sources = {str(path): _sha256(path) for path in corpus_files(paths)}
    contents = {"format": form, **counts, "sources": sources, "files": {file.name: _sha256(file)}}
    write_beside(out / "manifest.json", [to_json(contents, indent=2), b"\n"])
    return out, contents


def _texts(paths: Sequence[Path]) -> Iterator[str]:
    return (text for batch in read_corpus(paths) for text in batch.texts)


def _counted(texts: Iterable[str], counts: dict[str, int]) -> Iterator[str]:
    for text in texts:
        counts["documents"] += 1
        counts["words"] += word_count(text)
        counts["tokens"] += token_estimate(text)
        yield text


def _parquet(texts: Iterable[str], file: Path) -> Path:
    """Texts as Parquet, through a JSON-lines file beside it, so that memory stays flat."""
    import polars as pl

    lines = write_beside(file.with_suffix(".part"), export_lines(texts, "text", doctag=False))
    try:
        pl.scan_ndjson(lines, schema={"text": pl.String}).sink_parquet(file, compression="zstd")
    finally:
        lines.unlink()
    return file


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while block := source.read(BLOCK):
            yield block


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    for block in _blocks(file):
        digest.update(block)
    return digest.hexdigest()
