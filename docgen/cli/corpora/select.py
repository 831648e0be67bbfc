"""select: documents of any corpus that meet salience targets together; doses: nested subsets."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.shared import options as o
from docgen.cli.shared.completion import runs, targets_of_facts
from docgen.cli.shared.streams import say, say_json

if TYPE_CHECKING:
    from docgen.pipeline.corpora.select import Selection

__all__ = ["register"]

Source = Annotated[
    list[str],
    typer.Argument(metavar="CORPUS", help="A run, or JSONL and Parquet files, folders and globs.", autocompletion=runs),
]
Column = Annotated[str, typer.Option("--facts-column", help="Column with a document's facts: ids, or {fact: id}.")]
Text = Annotated[str, typer.Option("--text-column", help="Column with the text.")]
World = Annotated[
    str | None, typer.Option("--context", help="Look for this universe's facts in the texts, whatever the columns say.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(rich_help_panel="Look")(select)
    app.command(rich_help_panel="Look")(doses)


def select(
    source: Source,
    n: Annotated[int, typer.Option("--n", min=1, help="Documents to choose.")],
    salience: Annotated[
        list[str],
        typer.Option("--salience", metavar="FACT=SHARE", help="Targets; f1=0.3,f2=0.", autocompletion=targets_of_facts),
    ],
    out: Annotated[Path | None, typer.Option("--out", help="JSONL or Parquet file for the chosen documents.")] = None,
    context: World = None,
    facts_column: Column = "facts",
    text_column: Text = "text",
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same choice.")] = 0,
    json: o.Json = False,
) -> None:
    """Choose n documents in which every named fact has its share, all at once; exits 1 if that is impossible.

    docgen select corpus.jsonl --n 10000 --salience f1=0.3,f2=0 --out chosen.jsonl

    Facts that you do not name may have any share. If the targets cannot all be met, the nearest selection is made and
    the conflicting facts are named.
    """
    from docgen.pipeline.corpora.select import select as select_documents
    from docgen.universe import UniverseContext

    selection = select_documents(
        source,
        _targets(salience),
        n,
        out=out,
        context=UniverseContext.load(context) if context else None,
        facts_column=facts_column,
        text_column=text_column,
        seed=seed,
    )
    if json:
        from pydantic_core import to_json

        report = {"n": len(selection.rows), "met": selection.met, "binding": selection.binding}
        say_json(to_json(report | {"facts": selection.facts, "out": str(out or "")}, indent=2).decode())
    else:
        _show(selection, out)
    if not selection.met:
        raise typer.Exit(1)


def doses(
    source: Source,
    sizes: Annotated[str, typer.Option("--sizes", metavar="NUMBERS", help="Sizes of the doses: 500,2000,10000.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for dose-SIZE.jsonl.")],
    facts_column: Column = "facts",
    text_column: Text = "text",
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same doses.")] = 0,
    json: o.Json = False,
) -> None:
    """Cut nested subsets of a corpus, each with every fact at the corpus's own share to within one document.

    docgen doses my_run --sizes 500,2000,10000 --out doses/

    Each smaller dose is part of all larger ones. Exits 1 when a share could not be met.
    """
    from docgen.pipeline.corpora.select import doses as write_doses

    written = write_doses(source, _sizes(sizes), out, facts_column=facts_column, text_column=text_column, seed=seed)
    if json:
        from pydantic_core import to_json

        say_json(to_json(written, indent=2).decode())
    else:
        for dose in written:
            verdict = "every fact within one document" if dose.met else f"off by up to {dose.worst} documents"
            say(f"{dose.size:>10,}  {verdict}  {dose.file}")
    if not all(dose.met for dose in written):
        raise typer.Exit(1)


def _targets(pairs: list[str]) -> dict[str, float]:
    from docgen.errors import ConfigError

    targets: dict[str, float] = {}
    for pair in (part for text in pairs for part in text.split(",")):
        name, _, share = pair.partition("=")
        try:
            targets[name.strip()] = float(share)
        except ValueError:
            targets[name.strip()] = -1.0
        if not name.strip() or not 0 <= targets[name.strip()] <= 1:
            raise ConfigError(f"{pair!r} is not a fact with a share", "--salience", "Write it as f1=0.3,f2=0")
    return targets


def _sizes(text: str) -> tuple[int, ...]:
    from docgen.errors import ConfigError

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise ConfigError(f"{text!r} is not a list of sizes", "--sizes", "Write it as 500,2000,10000")
    return tuple(int(part) for part in parts)


def _show(selection: "Selection", out: Path | None) -> None:
    from docgen.cli.shared.console import console, table

    rows = []
    for name, fact in selection.facts.items():
        share = fact.chosen / max(len(selection.rows), 1)
        off = f"{fact.off:+,}" if fact.off else "0"
        rows.append([name, f"{fact.asked:.2%}", f"{share:.2%}", f"{fact.available:,}", off])
    numbers = ("asked", "chosen", "available", "off by")
    console.print(table(("fact", *numbers), rows, right=numbers))
    nearest = "targets cannot be met together: the nearest"
    verdict = "every target met to within one document" if selection.met else nearest
    console.print(f"{len(selection.rows):,} of {selection.documents:,} documents; {verdict}")
    if selection.binding:
        console.print(f"All others could be met without: {', '.join(selection.binding)}", markup=False)
    if out:
        console.print(str(out), markup=False)
