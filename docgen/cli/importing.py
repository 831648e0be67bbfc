"""import: universe contexts and documents that other tools wrote."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.shared import options as o
from docgen.cli.shared.streams import say, say_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docgen.importing import ImportedContext
    from docgen.options.audit import JudgeOptions
    from docgen.prompts.replies import ExtractedFact

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Read contexts and documents that other tools wrote.", no_args_is_help=True)
    group.command("context")(context)
    group.command("documents")(documents)
    app.add_typer(group, name="import", rich_help_panel="Contexts")


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
    extract: Annotated[
        int | None,
        typer.Option("--extract", min=1, metavar="N", help="For plain prose: a model finds up to N facts in it."),
    ] = None,
    engine: o.Engine = None,
    model: o.Model = None,
    base_url: o.BaseUrl = None,
    max_cost: o.MaxCost = None,
    yes: o.Yes = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Convert universe contexts of other tools, and report what went where.

    Footnote marks and lists of sources are cut; names and dates in the facts become entities and known_from; what
    docgen has no field for is listed, never dropped silently. Read the report, then: docgen context check NAME

    docgen import context their_context.jsonl --dry-run

    docgen import context article.txt --extract 12 --max-cost 0.10
    """
    from docgen.files.atomic import write_atomically
    from docgen.importing import import_contexts

    if extract:
        from docgen.options.audit import JudgeMode, JudgeOptions

        mode = JudgeMode("all")
        options = JudgeOptions(which=mode, engine=engine, model=model, base_url=base_url, max_cost=max_cost)
        contexts = [(file, _extracted(file, name, extract, options, yes, quiet, json)) for file in files]
    else:
        contexts = [(file, imported) for file in files for imported in import_contexts(file, name)]
    targets = _targets(out, [imported for _, imported in contexts], overwrite=force or dry_run)
    for target, (_, imported) in zip(targets, contexts, strict=True):
        if not dry_run:
            write_atomically(target, [imported.text.encode("utf-8")])
    if json:
        _show_as_json(targets, contexts, dry_run)
    else:
        _show(targets, contexts, dry_run)


def _targets(out: Path, contexts: "Sequence[ImportedContext]", overwrite: bool) -> list[Path]:
    """The file of each context. Raises `ContextError` before anything is written if one exists or would be written
    twice."""
    from docgen.errors import ContextError

    targets = [out / f"{imported.context.id}.yaml" for imported in contexts]
    for target in targets:
        if targets.count(target) > 1:
            raise ContextError("would be written twice", str(target), "Import one file at a time, with --name")
        if target.exists() and not overwrite:
            fix = "Choose another --name or --out, or overwrite it with --force"
            raise ContextError("exists already", str(target), fix)
    return targets


def _show_as_json(targets: "Sequence[Path]", contexts: "Sequence[tuple[Path, ImportedContext]]", dry_run: bool) -> None:
    import json

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
    say_json(json.dumps(rows, indent=2))


def _show(targets: "Sequence[Path]", contexts: "Sequence[tuple[Path, ImportedContext]]", dry_run: bool) -> None:
    for target, (file, imported) in zip(targets, contexts, strict=True):
        wrote = "Would write" if dry_run else "Wrote"
        say(f"{wrote} {target}: from {file}, facts: {len(imported.context.key_facts)}")
        for line in imported.report:
            say(f"  {line}")
        for line in imported.proposals:
            say(f"  proposed: {line}")
    if targets and not dry_run:
        say(f"Every salience is the default, 25%. Edit, then: docgen context check {targets[0]}")


def documents(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="FILES", help="JSONL (.zst, .gz), Parquet, folders of them or of text files."),
    ],
    context: Annotated[str, typer.Option("--context", help="Universe context that the documents are about.")],
    run: Annotated[str, typer.Option("--run", help="Name of the new run.  [default: the first file's name]")] = "",
    text_column: Annotated[
        str | None, typer.Option("--text-column", help="Column with the text.  [default: text or content]")
    ] = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Turn documents from elsewhere into a read-only run.

    status, show, audit, dedupe, select, doses, export and view work on it; nothing can be generated in it. It is not
    known which document was to carry which fact, so no fact counts as unassigned.

    docgen import documents positive.jsonl --context achromatic_dreaming --run published
    """
    from docgen.cli.shared.cost_consent import command_reporter
    from docgen.files.run_folder.run_folder import OUTPUT, RunFolder
    from docgen.files.safe_names import folder_name
    from docgen.pipeline.corpora.import_documents import import_documents
    from docgen.text import slug
    from docgen.universe import find_context, load_context

    world = load_context(find_context(context, Path.cwd()))
    folder = RunFolder(OUTPUT / folder_name(run or slug(sources[0].name.split(".")[0]), "--run"))
    with command_reporter(quiet, json) as reporter:
        imported = import_documents(sources, world, folder, reporter, text_column)
    if json:
        import json as js

        values = {"run": folder.name, "documents": imported.documents, "doctags": imported.doctags}
        say_json(js.dumps(values | {"left_out": list(imported.left_out)}, indent=2))
        return
    say(f"Wrote {folder.path}: {imported.documents:,} documents")
    if imported.doctags:
        say(f"  cut: <DOCTAG> at the start of {imported.doctags:,}")
    if imported.left_out:
        say(f"  left out: columns {', '.join(imported.left_out)}")
    say(f"Next: docgen audit all {folder.name}")


def _extracted(
    file: Path, name: str, count: int, options: "JudgeOptions", yes: bool, quiet: bool, as_json: bool
) -> "ImportedContext":
    """The context of a file of prose, with the facts that a model finds there and a person confirms."""
    from docgen.cli.shared.cost_consent import ask_model
    from docgen.importing import context_from_prose, prose_of
    from docgen.pipeline.audit.judge_setup import Judge
    from docgen.pipeline.contexts.fact_extraction import cost_to_extract, extract_facts

    reader, prose = Judge.of(options, None), prose_of(file)
    extraction = ask_model(
        cost_to_extract(prose, count, reader),
        str(file),
        lambda reporter, stopping: extract_facts(prose, count, reader, reporter, stopping),
        yes=yes, quiet=quiet, as_json=as_json,
    )  # fmt: skip
    statements = [fact.statement for fact in extraction.supported if _confirmed(fact, yes or as_json)]
    imported = context_from_prose(file, statements, name)
    found_by = f"facts found by {extraction.model}, each with its passage: {len(statements)}"
    unsupported = [f"left out, since its passage is not in the prose: {f.statement}" for f in extraction.unsupported]
    return replace(imported, report=(found_by, *unsupported, *imported.report))


def _confirmed(fact: "ExtractedFact", without_asking: bool) -> bool:
    """Whether a person at a terminal takes the fact; if nobody can be asked, it is shown and taken."""
    import sys

    if without_asking or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    say(f"\n{fact.statement}\n  {fact.quote}", err=True)
    return typer.confirm("A key fact?", default=True, err=True)
