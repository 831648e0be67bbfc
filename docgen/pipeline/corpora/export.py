"""Writes the training files of a corpus: files, manifest with digests, dataset card for a run."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from docgen.corpus import corpus_columns, corpus_files, read_corpus
from docgen.corpus.readers import parquet_rows
from docgen.errors import ConfigError
from docgen.files.atomic import write_beside
from docgen.files.digests import file_digest
from docgen.files.overwrite import refuse_overwriting
from docgen.files.run_folder import RunFolder
from docgen.options.run import RunConfig
from docgen.pipeline.corpora.export_formats import WRITER, ExportSource, find_format
from docgen.pipeline.corpora.sources import CorpusSource, corpus_paths, family_of, run_of
from docgen.pipeline.execution.finished import check_finished, fresh_corpus
from docgen.records import EMBEDDED_NOTICE, is_embedded
from docgen.stages.export import dataset_card, manifest
from docgen.text import token_estimate, word_count

__all__ = ["export", "export_files", "export_run"]


def export(
    source: CorpusSource,
    form: str = "text",
    *,
    doctag: bool = False,
    out: str | Path | None = None,
    accept_unfinished: bool = False,
) -> tuple[Path, dict[str, Any]]:
    """Write training files and a manifest, with a dataset card for a run; returns the folder and the manifest.

    `form` is a name of --format. `out` may be left out for a run: then it is the run's export/FORM, with `doctag`
    export/FORM-doctag. `doctag` puts <DOCTAG> before each text, or in a user turn, to be masked in training. A run
    that is short of its documents, or was not audited since they changed, is refused unless `accept_unfinished`.
    Of a sweep every corpus is exported, each to a folder and a file named by its level, with an index of them all.
    """
    find_format(form, doctag)
    family = family_of(source)
    if family is not None:
        from docgen.pipeline.families.export import export_family  # which exports each corpus with this module

        return export_family(family, form, doctag, Path(out) if out else None, accept_unfinished)
    run = run_of(source)
    if run is not None:
        return export_run(run, form, doctag, Path(out) if out else None, accept_unfinished)
    if out is None:
        raise ConfigError("nothing says where to write to", "export", "Give --out FOLDER")
    return export_files([Path(path) for path in corpus_paths(source)], form, doctag, Path(out))


def export_run(
    run: RunFolder,
    form: str,
    doctag: bool,
    out: Path | None = None,
    accept_unfinished: bool = False,
    name: str | None = None,
) -> tuple[Path, dict[str, Any]]:
    """Export a run's corpus to `out` or its own folder; returns the folder and its manifest.

    `name` takes the place of "train" in the file's name.

    Raises `RunError` without a corpus, and unless `accept_unfinished` for a run that is short of its documents or was
    not audited since they changed; `ConfigError` for a format that is not in the table.
    """
    from pydantic_core import to_json

    chosen = find_format(form, doctag)
    meta = run.read_meta()
    fresh_corpus(run)
    if not accept_unfinished:
        check_finished(run, parquet_rows(run.corpus), meta["config"].get("n"))
    folder = out or run.export(f"{form}-doctag" if doctag else form)
    file_name = f"{name}{Path(chosen.file).suffix}" if name else chosen.file
    refuse_overwriting([run.corpus], [folder / each for each in (file_name, "manifest.json", "README.md")])
    source = ExportSource(_texts([run.corpus]), run.corpus, writers=_writers([run.corpus]))
    file = chosen.write(source, folder / file_name, doctag)
    contents = manifest(run.corpus, _portable(run, folder), form, doctag, {file.name: _sha256(file)})
    contents["made_from"] = {"attempts": file_digest(run.attempts), "audited": run.report_is_current("leakage.json")}
    write_beside(folder / "manifest.json", [to_json(contents, indent=2), b"\n"])
    write_beside(folder / "README.md", [dataset_card(contents).encode("utf-8")])
    return folder, contents


def export_files(paths: Sequence[Path], form: str, doctag: bool, out: Path) -> tuple[Path, dict[str, Any]]:
    """Export any JSONL or Parquet with a text column to `out`; returns `out` and the manifest."""
    from pydantic_core import to_json

    chosen = find_format(form, doctag)
    refuse_overwriting(corpus_files(paths), [out / name for name in (chosen.file, "manifest.json")])
    counts = {"documents": 0, "words": 0, "tokens": 0}
    texts = _counted(_texts(paths), counts)
    writers = _writers(paths)
    source = ExportSource(texts, files=tuple(corpus_files(paths)), writers=writers)
    file = chosen.write(source, out / chosen.file, doctag)
    sources = {_seen_from(out, path): _sha256(path) for path in corpus_files(paths)}
    contents = {"format": form, "doctag": doctag, **counts, "sources": sources, "files": {file.name: _sha256(file)}}
    if writers is not None:
        contents["writer"] = EMBEDDED_NOTICE
    write_beside(out / "manifest.json", [to_json(contents, indent=2), b"\n"])
    return out, contents


def _texts(paths: Sequence[Path]) -> Iterator[str]:
    return (text for batch in read_corpus(paths) for text in batch.texts)


def _writers(paths: Sequence[Path]) -> Iterator[str] | None:
    """What each row says of its writer; None if no text is on record as the embedded writer's."""
    names = [name for name in (WRITER, "engine", "model") if name in corpus_columns(paths)]
    if not names:
        return None

    def notices() -> Iterator[str]:
        for batch in read_corpus(paths, optional=(WRITER, "engine", "model")):
            for _, _, row in batch.rows():
                embedded = row[WRITER] == EMBEDDED_NOTICE or is_embedded(row["engine"], row["model"])
                yield EMBEDDED_NOTICE if embedded else ""

    return notices() if any(notices()) else None


def _portable(run: RunFolder, folder: Path) -> dict[str, Any]:
    """What run.json says, with paths as seen from `folder`, and the model that really wrote."""
    meta = run.read_meta()
    config = RunConfig.recorded(meta["config"]).model_dump(mode="json")
    context = dict(meta["context"])
    if context.get("source"):
        context["source"] = _seen_from(folder, run.path.resolve() / context["source"])
    if config["prices"]:
        config["prices"] = _seen_from(folder, Path(config["prices"]))
    return {**meta, "config": config, "context": context}


def _seen_from(folder: Path, file: Path) -> str:
    return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()


def _counted(texts: Iterable[str], counts: dict[str, int]) -> Iterator[str]:
    for text in texts:
        counts["documents"] += 1
        counts["words"] += word_count(text)
        counts["tokens"] += token_estimate(text)
        yield text


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
