"""import: universe contexts that other tools wrote."""

from pathlib import Path
from typing import Annotated

import typer

from docgen.cli import options as o

__all__ = ["register"]

PANEL = "Contexts"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Read universe contexts that other tools wrote.", no_args_is_help=True)
    group.command("context")(context)
    app.add_typer(group, name="import", rich_help_panel=PANEL)


def context(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="JSON, JSONL, YAML, or text with tags; contexts or rows of facts."),
    ],
    name: Annotated[
        str, typer.Option("--name", help="Id of the context.  [default: its own, or the file's name]")
    ] = "",
    out: Annotated[Path, typer.Option("--out", help="Folder for NAME.yaml.")] = Path("universe_contexts"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written; write nothing.")] = False,
    json: o.Json = False,
) -> None:
    """Convert universe contexts of other tools, and say what went where.

    Footnote marks and lists of sources are cut; names and dates in the facts become entities and known_from; what
    docgen has no field for is listed, never dropped silently. Read the report, then: docgen context check NAME

    docgen import context their_context.jsonl --dry-run
    """
    from docgen.errors import ContextError
    from docgen.files.atomic import write_beside
    from docgen.importing import import_contexts

    contexts = [(file, imported) for file in files for imported in import_contexts(file, name)]
    targets = [out / f"{imported.context.id}.yaml" for _, imported in contexts]
    for target in targets:
        if targets.count(target) > 1:
            raise ContextError("would be written twice", str(target), "Import one file at a time, with --name")
        if target.exists() and not (force or dry_run):
            raise ContextError(
                "exists already", str(target), "Choose another --name or --out, or overwrite it with --force"
            )
    for target, (_, imported) in zip(targets, contexts, strict=True):
        if not dry_run:
            write_beside(target, [imported.text.encode("utf-8")])
    if json:
        import json as js

        rows = [
            {
                "source": str(file),
                "file": None if dry_run else str(target),
                "id": imported.context.id,
                "facts": len(imported.context.key_facts),
                "report": list(imported.report),
                "proposals": list(imported.proposals),
            }
            for target, (file, imported) in zip(targets, contexts, strict=True)
        ]
        typer.echo(js.dumps(rows, indent=2))
        return
    for target, (file, imported) in zip(targets, contexts, strict=True):
        wrote = "Would write" if dry_run else "Wrote"
        typer.echo(f"{wrote} {target}: from {file}, facts: {len(imported.context.key_facts)}")
        for line in imported.report:
            typer.echo(f"  {line}")
        for line in imported.proposals:
            typer.echo(f"  proposed: {line}")
    if contexts and not dry_run:
        typer.echo(f"Every salience is the default, 25 %. Edit, then: docgen context check {targets[0]}")
