"""Writes an export to its folder: files of each split, configurations, card, and the manifest last."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from docgen.errors import ConfigError
from docgen.exporting.cards.dataset_card import dataset_card
from docgen.exporting.dataset.arrangement import WINDOW, Layout
from docgen.exporting.export_options import ExportOptions, Recipe
from docgen.exporting.formats.limits import LIMITS, check_file
from docgen.exporting.formats.table import ExportFormat, is_chat
from docgen.files.atomic import write_atomically
from docgen.text.json_reader import read_json

__all__ = [
    "MANIFEST",
    "canary_of",
    "common_manifest",
    "replaceable_files",
    "settings_of",
    "sha256_of",
    "write_export",
    "write_parts",
]

MANIFEST, CARD = "manifest.json", "README.md"
CANARY = uuid.UUID("5f0d2c6e-6a0b-4c55-9f5c-0d1d6f7a9b21")
"""The namespace of canaries, drawn once."""


def canary_of(*parts: str) -> str:
    """The canary of a corpus: the same parts give the same one, other parts another."""
    return f"docgen canary GUID {uuid.uuid5(CANARY, chr(0).join(parts))}"


def settings_of(options: ExportOptions) -> dict[str, Any]:
    """What tells two exports of one corpus apart."""
    names = ("form", "doctag", "chat", "user_turn", "validation", "shuffle", "mix", "mix_by", "canary_in_texts")
    values = {name: getattr(options, name) for name in names}
    return {**values, "mix": [Path(text).name for text in options.mix]}


def replaceable_files(folder: Path, names: Sequence[str], options: ExportOptions, mine: bool) -> list[Path]:
    """Refuse to write over another export; returns the files of an earlier one like this, which this one replaces.

    `names` are the files to be written, `mine` says that the folder is a run's own. Raises `ConfigError`.
    """
    manifest = folder / MANIFEST
    if not manifest.exists():
        there = [name for name in names if (folder / name).exists()]
        if there and not mine and not options.overwrite:
            raise ConfigError(f"has a {there[0]} that docgen may not have written", f"--out {folder}", OVERWRITE)
        return []
    try:
        earlier = read_json(manifest.read_bytes())
    except ValueError:
        earlier = None
    earlier = earlier if isinstance(earlier, dict) else {}
    before, files = (value if isinstance(value := earlier.get(key), dict) else None for key in ("settings", "files"))
    unsaid = before is None and mine  # written by a docgen version with one folder per format
    if before != settings_of(options) and not unsaid and not options.overwrite:
        form = (before or {}).get("form")
        other = f"the {form} export" if form else "another export"
        raise ConfigError(f"has {other} with other settings", f"--out {folder}", OVERWRITE)
    inside = [folder / name for name in files or () if not Path(name).is_absolute() and ".." not in Path(name).parts]
    return [file for file in inside if file.is_file()]


OVERWRITE = "Name another folder with --out, or replace it with --overwrite"


def write_parts(form: ExportFormat, layout: Layout, recipe: Recipe, folder: Path) -> dict[str, list[Path]]:
    """The training files of each split. Raises `ConfigError` if a provider would refuse one, which is deleted."""
    if form.write is None:
        raise ValueError(f"{form.name} is written elsewhere")
    files: dict[str, list[Path]] = {}
    for part in layout.parts:
        examples = layout.examples(part, recipe.options, is_chat(form, recipe.options))
        files[part.name] = form.write(examples, folder, form.stem(recipe.options, part.name), recipe)
        for file in files[part.name]:
            if problems := check_file(file, LIMITS[form.limits]) if form.limits else []:
                file.unlink()
                fix = "See docs/export.md for the limits; docgen doses cuts a corpus to size"
                raise ConfigError(f"{form.reader} would refuse {file.name}: {'; '.join(problems)}", "export", fix)
    return files


def common_manifest(
    form: ExportFormat, layout: Layout, recipe: Recipe, files: Mapping[str, list[Path]], folder: Path
) -> dict[str, Any]:
    """What every manifest says, whatever was exported."""
    options, documents = recipe.options, layout.documents
    names = {split: [file.relative_to(folder).as_posix() for file in written] for split, written in files.items()}
    return {
        "format": form.name,
        "doctag": options.doctag,
        "chat": is_chat(form, options),
        "documents": sum(len(part.numbers) for part in layout.parts),
        "own_documents": len(documents),
        "words": documents.words,
        "tokens": sum(part.tokens for part in layout.parts),
        "token_count": {
            "tokenizer": recipe.tokenizer.name if recipe.tokenizer else None, "exact": recipe.tokenizer is not None,
            **({} if recipe.tokenizer else {"family": form.token_family(options)}), "longest": layout.longest,
        },
        "splits": {
            part.name: {"documents": len(part.numbers), "tokens": part.tokens, "files": names[part.name]}
            for part in layout.parts
        },
        # A format in shards is read back by its pattern, however many files there are.
        "data_files": {
            split: form.file.replace("train", split, 1) if "*" in form.file else names[split][0] for split in names
        },
        "mix": [
            {
                "name": mixed.spec.name, "ratio": mixed.spec.ratio, "by": mixed.by, "documents": len(mixed.places),
                "tokens": mixed.tokens, "asked": round(mixed.wanted, 3), "off": round(mixed.off, 6),
            }
            for _, mixed in layout.drawn
        ],
        "shuffle": recipe.ordered,
        **({"balance": {"window": WINDOW, "worst": round(layout.worst, 2)}} if recipe.ordered else {}),
        "masks": form.masks,
        "settings": settings_of(options),
    }  # fmt: skip


def write_export(
    folder: Path,
    manifest: dict[str, Any],
    files: Mapping[str, list[Path]],
    extras: Mapping[str, str],
    reports: Mapping[str, Any] | None,
    replaced: Sequence[Path],
) -> dict[str, Any]:
    """Write card, configurations, then the manifest; files left from an earlier export are removed. Returns the
    manifest."""
    from pydantic_core import to_json

    written = [file for split in files.values() for file in split]
    manifest["files"] = {file.relative_to(folder).as_posix(): sha256_of(file) for file in written}
    for name, text in {**extras, CARD: dataset_card(manifest, reports)}.items():
        write_atomically(folder / name, [text.encode("utf-8")])
    for file in replaced:
        if file not in written:
            file.unlink(missing_ok=True)
    write_atomically(folder / MANIFEST, [to_json(manifest, indent=2), b"\n"])
    return manifest


def sha256_of(file: Path) -> str:
    """Hex digest of a file."""
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
