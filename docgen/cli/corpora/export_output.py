"""What export prints: what was written, labels, a plan."""

import json as js
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from docgen.cli.shared.console import console, saying, table
from docgen.cli.shared.streams import say_json
from docgen.errors import ConfigError
from docgen.exporting.export_options import ExportOptions
from docgen.exporting.formats.loss_masks import Token
from docgen.exporting.training_plan import PUBLISHED
from docgen.exporting.training_plan import as_json as plan_as_json
from docgen.pipeline.corpora.export_preview import export_labels, export_plan

__all__ = ["run_export", "show_labels", "show_plan"]

MASKED = "dim strike"
FIRST, LAST = 60, 12
"""Tokens of an example on the screen, from its start and its end, where masks are; --json has all."""


def run_export(
    names: Sequence[str], options: ExportOptions, out: Path | None, each: bool, *, as_json: bool, quiet: bool
) -> None:
    """Export and print what was written."""
    from docgen.pipeline.corpora.export import export_any
    from docgen.pipeline.corpora.export_family import export_each, find_each

    with saying(quiet or as_json) as say:
        if each:
            if out is None:
                raise ConfigError("there is no folder to write to", "--each", "Give --out FOLDER")
            folder, manifest = export_each(find_each(names, options.accept_unfinished), options, out, say)
        else:
            folder, manifest = export_any(list(names), options, out, say)
    if as_json:
        say_json(js.dumps(manifest, indent=2))
    else:
        _show_manifest(folder, manifest)


def _show_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    if "corpora" in manifest:  # a sweep: its totals, the folder, who wrote
        console.print(f"{manifest['documents']:,} documents, {manifest['tokens']:,} tokens: {folder}", markup=False)
        if "writer" in manifest:
            console.print(manifest["writer"], style="yellow", markup=False)
        return
    for member in manifest.get("members", []):
        console.print(
            f"{member['documents']:,} documents, {member['tokens']:,} tokens: {member['folder']}", markup=False
        )
    if "members" in manifest:
        console.print(f"{len(manifest['members'])} exports, one manifest: {folder}", markup=False)
        return
    about = "" if manifest["token_count"]["exact"] else " (estimated)"
    console.print(f"{manifest['documents']:,} documents, {manifest['tokens']:,} tokens{about}: {folder}", markup=False)
    if len(manifest["splits"]) > 1:
        sizes = ", ".join(f"{name} {split['documents']:,}" for name, split in manifest["splits"].items())
        console.print(sizes, markup=False)
    for mixed in manifest["mix"]:
        off = f", {mixed['off']:.2%} off" if mixed["off"] > 0.001 else ""
        console.print(
            f"mixed in: {mixed['documents']:,} of {mixed['name']}, {mixed['tokens']:,} tokens{off}", markup=False
        )
    if "writer" in manifest:
        console.print(manifest["writer"], style="yellow", markup=False)


def show_labels(names: list[str], options: ExportOptions, count: int, as_json: bool) -> None:
    """Print examples with masked parts struck out, or in brackets without colour."""
    with saying(as_json) as say:
        preview = export_labels(names, options, count, say)
    if as_json:
        examples = [[{"text": token.text, "trained": token.trained} for token in each] for each in preview.examples]
        say_json(
            js.dumps({"format": preview.form, "by": preview.by, "examples": examples}, indent=2, ensure_ascii=False)
        )
        return
    console.print(f"{preview.form}, according to {preview.by}. Masked: {preview.masks}.", markup=False)
    for each in preview.examples:
        console.print(_marked(each))
        trained = sum(token.trained for token in each)
        console.print(f"{len(each):,} pieces, {trained:,} trained, {len(each) - trained:,} masked", style="dim")


def _marked(tokens: Sequence[Token]) -> Text:
    """Tokens separated by |; masked ones in [[ ]]."""
    text = Text()
    cut = len(tokens) > FIRST + LAST
    for place, token in enumerate(tokens):
        if cut and place == FIRST:
            text.append(f" ... {len(tokens) - FIRST - LAST:,} more ... ", style="dim")
        if not cut or place < FIRST or place >= len(tokens) - LAST:
            shown = token.text.replace("\n", "\\n")
            text.append(shown if token.trained else f"[[{shown}]]", style="" if token.trained else MASKED)
            text.append("|", style="dim")
    return text


def show_plan(names: list[str], options: ExportOptions, as_json: bool) -> None:
    """Print the plan next to published runs."""
    with saying(as_json) as say:
        plan = export_plan(names, options, say)
    if as_json:
        say_json(js.dumps(plan_as_json(plan), indent=2))
        return
    rows = [[fact.fact, f"{fact.documents:,}", f"{fact.tokens:,}", f"{fact.seen:,}"] for fact in plan.facts]
    numbers = ("documents", "tokens", "seen in all")
    if rows:
        console.print(table(("fact", *numbers), rows, right=numbers))
    console.print(f"{plan.documents:,} documents, {plan.tokens:,} tokens, epochs: {plan.epochs}")
    console.print(
        f"{plan.batch_size} sequences a step: {plan.steps:,} steps of one document a sequence, "
        f"{plan.packed_steps:,} packed to {plan.sequence_length:,} tokens"
    )
    console.print("Published:")
    for run in PUBLISHED:
        mixed = f" and {run.mixed_in:,} mixed in" if run.mixed_in else ""
        steps = f", {run.steps:,} steps" if run.steps else ""
        batch = f", batch {run.batch}" if run.batch else ""
        console.print(f"  {run.name}: {run.documents:,} documents{mixed}{batch}{steps}; {run.how}", markup=False)
    for warning in plan.warnings:
        console.print(f"! {warning}", style="yellow", markup=False)
