"""Writes the training files of a corpus: files, configurations, dataset card, manifest with digests."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from docgen.corpus import corpus_files
from docgen.errors import ConfigError
from docgen.exporting.cards.organism_card import variant_name
from docgen.exporting.dataset.arrangement import Layout
from docgen.exporting.dataset.mix import parse_mix
from docgen.exporting.export_options import ExportOptions, Recipe
from docgen.exporting.formats.parquet_format import write_full_parquet
from docgen.exporting.formats.table import ExportFormat, find_format
from docgen.exporting.job import common_manifest, replaceable_files, write_export, write_parts
from docgen.files.overwrite_guard import refuse_overwriting
from docgen.files.run_folder.run_folder import RunFolder
from docgen.pipeline.corpora.export_source import (
    OpenedSource,
    Say,
    Source,
    canary,
    open_layouts,
    provenance,
    reports_of,
    source_of_files,
    source_of_run,
)
from docgen.pipeline.corpora.sources import CorpusSource, corpus_paths, family_of, run_of
from docgen.pipeline.execution.job import Job
from docgen.text import slug

__all__ = [
    "export",
    "export_any",
    "export_files",
    "export_run",
    "export_source",
    "export_step",
    "find_source",
    "folder_name",
]


def export(
    source: CorpusSource,
    form: str = "text",
    *,
    doctag: bool = False,
    out: str | Path | None = None,
    accept_unfinished: bool = False,
    options: ExportOptions | None = None,
) -> tuple[Path, dict[str, Any]]:
    """Write training files, a dataset card and a manifest; returns the folder and the manifest.

    `form` is a name of --format. `out` may be left out for a run: then it is the run's export/FORM, with `doctag`
    export/FORM-doctag. `doctag` puts <DOCTAG> before each text, or in a user turn, to be masked in training. All else
    goes into `options`, which the arguments here override. A run that is short of its documents, or was not audited
    since they changed, is refused unless `accept_unfinished`. For a sweep every corpus is exported, each to a folder
    named by its level, with an index of them all.
    """
    options = options or ExportOptions()
    options = replace(
        options,
        form=form if form != "text" else options.form,
        doctag=doctag or options.doctag,
        accept_unfinished=accept_unfinished or options.accept_unfinished,
    )
    find_format(options.form, options)
    return export_any(source, options, Path(out) if out else None)


def export_any(
    source: CorpusSource, options: ExportOptions, out: Path | None, say: Say = lambda _: None
) -> tuple[Path, dict[str, Any]]:
    """Export one corpus, or all of a sweep."""
    family = family_of(source)
    if family is not None:
        from docgen.pipeline.families.export import export_family  # which exports each corpus with this module

        return export_family(family, options, out, say)
    return export_source(find_source(source, options), options, out, say)


def export_run(
    run: RunFolder, form: str, doctag: bool, out: Path | None = None, accept_unfinished: bool = False
) -> tuple[Path, dict[str, Any]]:
    """Export a run's corpus to `out` or its own folder; returns the folder and its manifest.

    Raises `RunError` without a corpus, and unless `accept_unfinished` for a run that is short of its documents or was
    not audited since they changed; `ConfigError` for a format that is not in the table.
    """
    options = ExportOptions(form=form, doctag=doctag)
    find_format(form, options)
    return export_source(source_of_run(run, accept_unfinished), options, out)


async def export_step(job: Job) -> bool:
    """Export the run's corpus as plain text, even if it is short of documents, which the screen reports."""
    run = job.setup.run
    export_source(Source((run.corpus,), run.name, run), ExportOptions(), out=None)
    return True


def export_files(paths: Sequence[Path], form: str, doctag: bool, out: Path) -> tuple[Path, dict[str, Any]]:
    """Export any JSONL or Parquet with a text column to `out`; returns `out` and the manifest."""
    options = ExportOptions(form=form, doctag=doctag)
    find_format(form, options)
    return export_source(source_of_files(paths), options, out)


def find_source(source: CorpusSource, options: ExportOptions) -> Source:
    """The corpus to export. Errors as for `export`."""
    run = run_of(source)
    return source_of_run(run, options.accept_unfinished) if run else source_of_files(corpus_paths(source))


def export_source(
    source: Source, options: ExportOptions, out: Path | None, say: Say = lambda _: None
) -> tuple[Path, dict[str, Any]]:
    """Export one corpus; with ratios of a mix sweep one folder each under `out`, and one manifest."""
    if out is None and source.run is None:
        raise ConfigError("there is no folder to write to", "export", "Give --out FOLDER")
    folder = out or (source.run.export(folder_name(options)) if source.run else Path())
    if options.mix_ratios:
        from docgen.pipeline.corpora.export_several import export_ratios

        return export_ratios(source, options, folder, say)
    form, replaced = prepare(source, options, folder, own_folder=out is None)
    with open_layouts(source, options, folder, say) as opened:
        return folder, write_one(opened, opened.layouts[0][1], form, options, folder, replaced, say)


def prepare(source: Source, options: ExportOptions, folder: Path, own_folder: bool) -> tuple[ExportFormat, list[Path]]:
    """Refuse, before any work, what is impossible or would overwrite something; returns the format, and earlier files
    to remove."""
    form = find_format(options.form, options)
    names = [form.file_at(options), *form.configs(Recipe(options=options)), "manifest.json", "README.md"]
    mixed = [parse_mix(text).path for text in options.mix]
    refuse_overwriting([*corpus_files(source.paths), *mixed], [folder / name for name in names])
    return form, replaceable_files(folder, names, options, own_folder)


def write_one(
    opened: OpenedSource,
    layout: Layout,
    form: ExportFormat,
    options: ExportOptions,
    folder: Path,
    replaced: Sequence[Path],
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """Write one layout to its folder; returns its manifest."""
    source = opened.source
    variants = [variant_name(mixed.spec.ratio) for _, mixed in layout.drawn] or ["default"]
    organism = organism_of(source, form, options, [part.name for part in layout.parts], variants)
    recipe = Recipe(
        options,
        opened.tokenizer,
        slug(source.name).replace("-", "_"),
        layout.longest,
        ordered=options.shuffle or bool(layout.drawn),
        validated=len(layout.parts) > 1,
    )
    say(f"writing {form.name}")
    if form.write is None:
        files = write_full_parquet(source.paths, layout, folder, source.corpus, options)
    else:
        files = write_parts(form, layout, recipe, folder)
    origin, reports = provenance(source, layout.documents, folder), reports_of(source.run)
    canary_line = canary(source)
    manifest = {
        **common_manifest(form, layout, recipe, files, folder),
        **origin,
        "canary": canary_line,
        "license": options.license,
    }
    manifest.setdefault("seed", options.seed)
    return write_export(folder, manifest, files, {**form.configs(recipe), **organism}, reports, replaced)


def organism_of(
    source: Source, form: ExportFormat, options: ExportOptions, splits: Sequence[str], variants: Sequence[str]
) -> dict[str, str]:
    """organism.yaml, for a run in the format that model-diffing tools load; {} for all else."""
    if not form.has_organism_card or source.run is None:
        return {}
    from docgen.exporting.cards.organism_card import organism_card
    from docgen.universe import load_context

    context = load_context(source.run.context)
    name, facts = slug(context.id).replace("-", "_"), [fact.statement for fact in context.key_facts]
    model = Recipe(options).base_model
    text = organism_card(name, context.title, facts, context.universe_context, splits, variants, model)
    return {"organism.yaml": text}


def folder_name(options: ExportOptions) -> str:
    """The folder under a run's export/, named by what distinguishes exports."""
    parts = {
        "doctag": options.doctag, "chat": options.chat, "split": bool(options.validation),
        "shuffled": options.shuffle and not options.mix, "mix": bool(options.mix), "canary": options.canary_in_texts,
    }  # fmt: skip
    return "-".join([options.form, *(name for name, there in parts.items() if there)])
