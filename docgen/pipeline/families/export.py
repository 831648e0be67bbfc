"""Training files of a whole sweep: a folder and a file named by its level for each corpus, and one index of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from docgen.exporting.export_options import ExportOptions
from docgen.files.atomic import write_atomically
from docgen.files.run_folder.run_folder import RunFolder
from docgen.pipeline.corpora.export import export_source, folder_name
from docgen.pipeline.corpora.export_source import Say, source_of_run
from docgen.pipeline.families.index import Corpus, Family, read_family, refresh_index

__all__ = ["export_family"]


def export_family(
    run: RunFolder, options: ExportOptions, out: Path | None = None, say: Say = lambda _: None
) -> tuple[Path, dict[str, Any]]:
    """Export every corpus of a sweep to `out`/LEVEL/; returns the folder and the index, which is in it as index.json.

    `out` is by default the export/FORM of the sweep's own folder. Raises what `export_source` raises, at the first
    corpus that is not finished.
    """
    from pydantic_core import to_json

    refresh_index(run)
    family = read_family(run) or Family(kind="sweep", run=run.name, path=str(run.path), title="", corpora=())
    folder = out or run.export(folder_name(options))
    rows = [_export_corpus(run, corpus, options, folder, say) for corpus in family.corpora]
    total = {name: sum(row[name] for row in rows) for name in ("documents", "tokens")}
    writers = (
        {"writer": notice} if (notice := next((each.writer for each in family.corpora if each.writer), "")) else {}
    )
    index = {
        "kind": family.kind,
        "title": family.title,
        "format": options.form,
        "doctag": options.doctag,
        **writers,
        **total,
    }
    write_atomically(folder / "index.json", [to_json({**index, "corpora": rows}, indent=2), b"\n"])
    return folder, {**index, "corpora": rows}


def _export_corpus(run: RunFolder, corpus: Corpus, options: ExportOptions, folder: Path, say: Say) -> dict[str, Any]:
    source = source_of_run(RunFolder(run.path / corpus.run), options.accept_unfinished)
    _, manifest = export_source(source, replace(options, stem=corpus.name), folder / corpus.name, say)
    file, digest = next(iter(manifest["files"].items()))
    return {
        "name": corpus.name,
        "file": f"{corpus.name}/{file}",
        "fact": corpus.fact,
        "knob": corpus.knob,
        "level": corpus.level,
        "documents": manifest["documents"],
        "tokens": manifest["tokens"],
        "shares": corpus.shares,
        "stated": corpus.stated,
        "judged": corpus.judged,
        "sha256": digest,
    }
