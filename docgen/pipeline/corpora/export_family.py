"""Several exports under one manifest: ratios of a mix sweep, levels of a sweep, doses, a corpus and its control."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from docgen.errors import ConfigError, RunError
from docgen.exporting.cards.organism_card import variant_name
from docgen.exporting.export_options import ExportOptions
from docgen.exporting.formats.table import ExportFormat, find_format
from docgen.exporting.job import MANIFEST, sha256_of
from docgen.files.atomic import write_atomically
from docgen.files.run_folder.run_folder import LEVELS, RunFolder
from docgen.pipeline.corpora.export import export_source, organism_of, prepare, write_one
from docgen.pipeline.corpora.export_source import Say, Source, open_layouts, source_of_files, source_of_run
from docgen.pipeline.corpora.sources import means_files, run_of

__all__ = ["export_each", "export_ratios", "find_each"]

MEMBER_KEYS = ("documents", "own_documents", "tokens", "splits", "mix", "documents_by_fact", "canary")
"""Keys of a member's manifest that the family's repeats."""


def export_ratios(source: Source, options: ExportOptions, folder: Path, say: Say) -> tuple[Path, dict[str, Any]]:
    """A mix sweep: folder/mix1-0p5 for each ratio; documents of a smaller mix are among those of a larger one."""
    from docgen.exporting.dataset.mix import parse_mix

    ratios = sorted(set(options.mix_ratios))
    options = replace(options, mix_ratios=tuple(ratios))
    places = {ratio: folder / variant_name(ratio) for ratio in ratios}
    mixed = parse_mix(options.mix[0]).path
    own = {ratio: replace(options, mix=(f"{mixed}:{ratio:.12g}",), mix_ratios=()) for ratio in ratios}
    prepared = {ratio: prepare(source, own[ratio], place, own_folder=False) for ratio, place in places.items()}
    form = find_format(options.form, options)
    members = []
    with open_layouts(source, options, folder, say) as opened:
        for ratio, layout in opened.layouts:
            if ratio is not None:
                place = places[ratio]
                manifest = write_one(opened, layout, form, own[ratio], place, prepared[ratio][1], say)
                members.append(_member(place, folder, manifest, {"ratio": ratio}))
    splits = list(members[0]["splits"])
    for name, text in organism_of(source, form, options, splits, [place.name for place in places.values()]).items():
        write_atomically(folder / name, [text.encode("utf-8")])
    return folder, _family(folder, form, "mix sweep", members)


def export_each(
    sources: Sequence[Source], options: ExportOptions, out: Path, say: Say = lambda _: None
) -> tuple[Path, dict[str, Any]]:
    """Export each corpus to a folder of its name under `out`. Raises `ConfigError` where two have the same name."""
    form = find_format(options.form, options)
    names = [source.name for source in sources]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"two corpora are called {twice[0]}", "--each", "Rename one of them, or export it separately")
    members = []
    for source in sources:
        folder, manifest = export_source(source, options, out / source.name, say)
        facts = {"run": source.run.name} if source.run else {}
        if "members" in manifest:
            members += [{**member, "folder": f"{source.name}/{member['folder']}"} for member in manifest["members"]]
        else:
            members.append(_member(folder, out, manifest, facts))
    return out, _family(out, form, "corpora", members)


def find_each(names: Sequence[str], accept_unfinished: bool) -> list[Source]:
    """The corpora to export: runs, the levels of a sweep with its control, and each file."""
    sources: list[Source] = []
    for name in names:
        if means_files([name]):
            from docgen.corpus import corpus_files

            sources += [source_of_files([file]) for file in corpus_files(name)]
            continue
        sources += [source_of_run(run, accept_unfinished) for run in _runs_of(name)]
    return sources


def _runs_of(name: str) -> list[RunFolder]:
    """A run with its control if there is one, or the levels of a sweep."""
    from docgen.files.run_folder.run_folder import find_run

    run = find_run(name)
    levels = run.path / LEVELS
    if levels.is_dir():
        members = [RunFolder(path) for path in sorted(levels.iterdir()) if RunFolder(path).exists()]
        if members:
            return members
    single = run_of(name)
    if single is None:
        raise RunError("is not a run", name, "See the runs: docgen runs")
    control = RunFolder(run.path.with_name(f"{run.path.name}-control"))
    return [single, control] if control.exists() and control.corpus.exists() else [single]


def _member(folder: Path, top: Path, manifest: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    shown = {name: manifest[name] for name in MEMBER_KEYS if name in manifest}
    where = {"name": folder.name, "folder": folder.relative_to(top).as_posix()}
    return {**where, **extra, **shown, "manifest": sha256_of(folder / MANIFEST)}


def _family(folder: Path, form: ExportFormat, kind: str, members: list[dict[str, Any]]) -> dict[str, Any]:
    from pydantic_core import to_json

    totals = {name: sum(member[name] for member in members) for name in ("documents", "tokens")}
    manifest = {"kind": kind, "format": form.name, **totals, "members": members}
    write_atomically(folder / MANIFEST, [to_json(manifest, indent=2), b"\n"])
    return manifest
