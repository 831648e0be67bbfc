"""select: documents of any corpus that meet salience targets together; doses: nested subsets."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from docgen.cli import options as o

if TYPE_CHECKING:
    from docgen.pipeline.select import Known

__all__ = ["register"]

Source = Annotated[
    list[str], typer.Argument(metavar="CORPUS", help="A run, or JSONL and Parquet files, folders and globs.")
]
Column = Annotated[str, typer.Option("--facts-column", help="Column with a document's facts: ids, or {fact: id}.")]
Text = Annotated[str, typer.Option("--text-column", help="Column with the text.")]
World = Annotated[
    str | None, typer.Option("--context", help="Look for this universe's facts in the texts, whatever columns say.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(rich_help_panel="Look")(select)
    app.command(rich_help_panel="Look")(doses)


def select(
    source: Source,
    n: Annotated[int, typer.Option("--n", min=1, help="Documents to choose.")],
    salience: Annotated[list[str], typer.Option("--salience", metavar="FACT=SHARE", help="Targets; f1=0.3,f2=0.")],
    out: Annotated[Path | None, typer.Option("--out", help="JSONL or Parquet file for the chosen documents.")] = None,
    context: World = None,
    facts_column: Column = "facts",
    text_column: Text = "text",
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same choice.")] = 0,
    json: o.Json = False,
) -> None:
    """Choose n documents in which every fact named has its share, all at once; exits 1 when that cannot be.

    docgen select corpus.jsonl --n 10000 --salience f1=0.3,f2=0 --out chosen.jsonl

    Facts that are not named fall out as they may. When targets cannot be met together the nearest choice is made, and
    the facts that stand in the way are named.
    """
    import numpy as np

    from docgen.corpus import corpus_files
    from docgen.files.overwrite import refuse_overwriting
    from docgen.pipeline.select import facts_in_texts, facts_of, write_rows
    from docgen.planning.seeded_draws import key_of
    from docgen.planning.select.subset_selection import select_subset

    targets = _targets(salience)
    paths = _paths(source)
    world = _context(context)
    if out is not None:
        refuse_overwriting(corpus_files(paths), [out])
    known = facts_in_texts(paths, text_column, world) if world else facts_of(paths, facts_column, text_column)
    known = known.only(list(targets))
    made = select_subset(known.holds, np.array(list(targets.values())), n, key_of("select", seed))
    if out is not None:
        write_rows(paths, text_column, made.rows, out)
    _show(known, list(targets.values()), made, out, json)
    if not made.met:
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
    """Cut nested subsets of a corpus, each with every fact at the corpus' own share to within one document.

    docgen doses my_run --sizes 500,2000,10000 --out doses/

    Each smaller dose lies inside all larger ones. Exits 1 when a share could not be met.
    """
    from docgen.corpus import corpus_files
    from docgen.files.overwrite import refuse_overwriting
    from docgen.pipeline.select import facts_of, write_rows
    from docgen.planning.seeded_draws import key_of
    from docgen.planning.select.subset_selection import nested_subsets

    wanted, paths = _sizes(sizes), _paths(source)
    refuse_overwriting(corpus_files(paths), [out / f"dose-{size}.jsonl" for size in wanted])
    known = facts_of(paths, facts_column, text_column)
    made = nested_subsets(known.holds, known.holds.mean(axis=0), wanted, key_of("doses", seed))
    rows = []
    for size, dose in zip(wanted, made, strict=True):
        file = out / f"dose-{size}.jsonl"
        write_rows(paths, text_column, dose.rows, file)
        rows.append({"size": size, "file": str(file), "met": dose.met, "worst": int(abs(dose.off).max(initial=0))})
    if json:
        from pydantic_core import to_json

        typer.echo(to_json(rows, indent=2).decode())
    else:
        for row in rows:
            verdict = "every fact within one document" if row["met"] else f"off by up to {row['worst']} documents"
            typer.echo(f"{row['size']:>10,}  {verdict}  {row['file']}")
    if not all(row["met"] for row in rows):
        raise typer.Exit(1)


def _targets(pairs: list[str]) -> dict[str, float]:
    from docgen.errors import ConfigError

    found: dict[str, float] = {}
    for pair in (part for text in pairs for part in text.split(",")):
        name, _, share = pair.partition("=")
        try:
            found[name.strip()] = float(share)
        except ValueError:
            found[name.strip()] = -1.0
        if not name.strip() or not 0 <= found[name.strip()] <= 1:
            raise ConfigError(f"{pair!r} is not a fact with its share", "--salience", "Write it as f1=0.3,f2=0")
    return found


def _sizes(text: str) -> tuple[int, ...]:
    from docgen.errors import ConfigError

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise ConfigError(f"{text!r} is not a list of sizes", "--sizes", "Write it as 500,2000,10000")
    return tuple(int(part) for part in parts)


def _paths(source: list[str]) -> list[str | Path]:
    """Files as they are; one name that is none is a run."""
    from docgen.cli.corpora.sources import means_files
    from docgen.files.run_folder import find_run
    from docgen.pipeline.finished import fresh_corpus

    return list(source) if means_files(source) else [fresh_corpus(find_run(source[0]))]


def _context(name: str | None) -> Any:
    from docgen.universe import find_context, load_context

    return None if name is None else load_context(find_context(name, Path.cwd()))


def _show(known: "Known", targets: list[float], made: Any, out: Path | None, as_json: bool) -> None:
    binding = [known.facts[i] for i in made.binding]
    if as_json:
        from pydantic_core import to_json

        facts = {
            fact: {"asked": asked, "chosen": int(count), "available": int(known.holds[:, i].sum()), "off": int(off)}
            for i, (fact, asked, count, off) in enumerate(zip(known.facts, targets, made.counts, made.off, strict=True))
        }
        report = {"n": len(made.rows), "met": made.met, "binding": binding, "facts": facts, "out": str(out or "")}
        typer.echo(to_json(report, indent=2).decode())
        return
    from docgen.cli.console import console, table

    rows = []
    for i, fact in enumerate(known.facts):
        share = made.counts[i] / max(len(made.rows), 1)
        available = f"{int(known.holds[:, i].sum()):,}"
        off = f"{made.off[i]:+,}" if made.off[i] else "0"
        rows.append([fact, f"{targets[i]:.2%}", f"{share:.2%}", available, off])
    numbers = ("asked", "chosen", "available", "off by")
    console.print(table(("fact", *numbers), rows, right=numbers))
    verdict = "every target met to within one document" if made.met else "targets cannot be met together: the nearest"
    console.print(f"{len(made.rows):,} of {len(known.holds):,} documents; {verdict}")
    if binding:
        console.print(f"All the others could be met without: {', '.join(binding)}", markup=False)
    if out:
        console.print(str(out), markup=False)
