"""Training files of a whole sweep: a folder and a file named by its level for each corpus, and one index of them."""

from pathlib import Path
from typing import Any

from docgen.files.atomic import write_beside
from docgen.files.run_folder import RunFolder
from docgen.pipeline.corpora.export import export_run
from docgen.pipeline.families.index import Corpus, Family, read_family, refresh_index

__all__ = ["export_family"]


def export_family(
    run: RunFolder, form: str, doctag: bool, out: Path | None = None, accept_unfinished: bool = False
) -> tuple[Path, dict[str, Any]]:
    """Export every corpus of a sweep to `out`/LEVEL/; returns the folder and the index, which is in it as index.json.

    `out` is by default the export/FORM of the sweep's own folder. Raises what `export_run` raises, at the first corpus
    that is not finished.
    """
    from pydantic_core import to_json

    refresh_index(run)
    family = read_family(run) or Family(kind="sweep", run=run.name, path=str(run.path), title="", corpora=())
    folder = out or run.export(f"{form}-doctag" if doctag else form)
    rows = [_export_corpus(run, corpus, form, doctag, folder, accept_unfinished) for corpus in family.corpora]
    total = {name: sum(row[name] for row in rows) for name in ("documents", "tokens")}
    writers = (
        {"writer": notice} if (notice := next((each.writer for each in family.corpora if each.writer), "")) else {}
    )
    index = {"kind": family.kind, "title": family.title, "format": form, "doctag": doctag, **writers, **total}
    write_beside(folder / "index.json", [to_json({**index, "corpora": rows}, indent=2), b"\n"])
    return folder, {**index, "corpora": rows}


def _export_corpus(
    run: RunFolder, corpus: Corpus, form: str, doctag: bool, folder: Path, accept_unfinished: bool
) -> dict[str, Any]:
    member = RunFolder(run.path / corpus.run)
    _, manifest = export_run(member, form, doctag, folder / corpus.name, accept_unfinished, name=corpus.name)
    ((file, digest),) = manifest["files"].items()
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
