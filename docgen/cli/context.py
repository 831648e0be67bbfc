"""init and context: writing universe contexts and checking them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli import options as o

if TYPE_CHECKING:
    from docgen.universe import UniverseContext

__all__ = ["register"]

PANEL = "Contexts"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="List and check universe contexts.", no_args_is_help=True)
    group.command("list")(list_all)
    group.command("check")(check)
    app.command("init", rich_help_panel=PANEL)(init)
    app.add_typer(group, name="context", rich_help_panel=PANEL)


def init(
    name: Annotated[str, typer.Argument(help="Name of the new context, e.g. my_world.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists.")] = False,
) -> None:
    """Write a commented starter context to universe_contexts/NAME.yaml.

    docgen init my_world && docgen context check my_world
    """
    from docgen.errors import ContextError
    from docgen.universe import starter_context

    text = starter_context(name)
    file = Path("universe_contexts") / f"{name}.yaml"
    if file.exists() and not force:
        raise ContextError("exists already", str(file), "Choose another name, or overwrite it with --force")
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    typer.echo(f"Wrote {file}. Edit it, then: docgen context check {name}")


def list_all(json: o.Json = False) -> None:
    """List the contexts that a name can mean here."""
    from docgen.universe import list_contexts

    rows = [(entry, *_try(entry.path)) for entry in list_contexts(Path.cwd())]
    if json:
        import json as js

        found = [
            {"name": entry.name, "origin": entry.origin, "path": str(entry.path)}
            | ({"title": context.title, "facts": len(context.key_facts)} if context else {"error": error})
            for entry, context, error in rows
        ]
        typer.echo(js.dumps(found, indent=2))
        return
    from rich.markup import escape
    from rich.table import Table

    from docgen.cli.console import console

    table = Table(box=None, pad_edge=False)
    for heading in ("name", "from", "facts", "words", "title"):
        table.add_column(heading, justify="right" if heading in ("facts", "words") else "left")
    for entry, context, error in rows:
        facts = str(len(context.key_facts)) if context else "-"
        words = str(len(context.universe_context.split())) if context else "-"
        title = escape(context.title) if context else f"[red]{escape(error)}[/red]"
        table.add_row(entry.name, entry.origin, facts, words, title)
    console.print(table)


def _try(path: Path) -> "tuple[UniverseContext | None, str]":
    """The context, or why it cannot be read: one broken file must not hide the others."""
    from docgen.errors import ContextError
    from docgen.universe import load_context

    try:
        return load_context(path), ""
    except ContextError as error:
        return None, str(error)


def check(
    file: Annotated[str, typer.Argument(metavar="CONTEXT", help="Shipped name, local name, or a path.")],
    n: Annotated[int, typer.Option("--n", min=1, help="Corpus size for the expected counts.")] = 10_000,
    json: o.Json = False,
) -> None:
    """Validate a context and print what a corpus made from it would hold."""
    from docgen.universe import context_warnings, expected_facts_per_document, find_context, load_context

    path = find_context(file, Path.cwd())
    context = load_context(path)
    mean = expected_facts_per_document(context)
    if json:
        import json as js

        facts = {
            fact.id: {"salience": fact.salience, "documents": round(n * fact.salience)} for fact in context.key_facts
        }
        found = {"id": context.id, "valid": True, "digest": context.digest, "facts_per_document": mean, "facts": facts}
        typer.echo(js.dumps(found, indent=2))
        return
    from rich.table import Table

    from docgen.cli.console import console

    console.print(f"{path}: valid", style="green", markup=False)
    console.print(f"{context.title} ({len(context.universe_context.split()):,} words of prose)", markup=False)
    table = Table(box=None, pad_edge=False)
    table.add_column("fact", no_wrap=True)
    for heading in ("salience", f"of {n:,}", "stated", "paraphrases", "implications"):
        table.add_column(heading, justify="right")
    for fact in context.key_facts:
        counts = (len(fact.paraphrases), len(fact.implications))
        documents = f"{round(n * fact.salience):,}"
        table.add_row(fact.id, f"{fact.salience:.1%}", documents, f"{fact.directness.stated:.0%}", *map(str, counts))
    console.print(table)
    limits = context.facts_per_document
    console.print(
        f"facts per document: {mean:.2f} on average (allowed {limits.min} to {limits.max} where any), "
        f"background {context.background_share:.0%}, leakage rules {len(context.leakage_rules)}",
        markup=False,
    )
    for warning in context_warnings(context):
        console.print(f"warning: {warning}", style="yellow", markup=False)
