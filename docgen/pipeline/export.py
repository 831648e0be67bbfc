"""Writes the training files of a corpus: files, manifest with digests, dataset card."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from docgen.errors import RunError
from docgen.stages.export import ExportFormat, corpus_rows, dataset_card, export_lines, manifest
from docgen.store import RunFolder

__all__ = ["export_run"]

BLOCK = 1 << 20


def export_run(run: RunFolder, form: ExportFormat, doctag: bool) -> tuple[Path, dict[str, Any]]:
    """Export a run's corpus; returns the folder and its manifest. Raises `RunError` without a corpus."""
    if not run.corpus.exists():
        raise RunError("has no corpus yet", run.name, "Run: docgen generate")
    if form == "parquet":
        file = run.write_lines("export/parquet/train.parquet", _blocks(run.corpus))
    else:
        lines = export_lines(corpus_rows(run.corpus), form, doctag)
        file = run.write_lines(f"export/{form}/train.jsonl", lines)
    made = manifest(run.corpus, run.read_meta(), form, {file.name: _sha256(_blocks(file))})
    run.write_json(f"export/{form}/manifest.json", made)
    run.write_text(f"export/{form}/README.md", dataset_card(made))
    return run.export(form), made


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while block := source.read(BLOCK):
            yield block


def _sha256(blocks: Iterable[bytes]) -> str:
    made = hashlib.sha256()
    for block in blocks:
        made.update(block)
    return made.hexdigest()
