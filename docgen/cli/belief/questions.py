"""questions: what to ask a model about each fact of a context, written, checked, shown."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.shared import options as o
from docgen.cli.shared.streams import say_json
from docgen.text.output.plurals_and_money import plural

if TYPE_CHECKING:
    from docgen.belief.questions import QuestionFile
    from docgen.pipeline.belief.question_writer import Overlap, WrittenQuestions

__all__ = ["register"]

Target = Annotated[
    str | None, typer.Argument(metavar="RUN|CONTEXT", help="A run, or a context by name or path. Default: latest run.")
]
Size = Annotated[int, typer.Option("--size", help="How many questions on each fact.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="File to write.  [default: questions.yaml in the run, or universe_contexts/questions/]"),
]
Check = Annotated[
    Path | None,
    typer.Option(
        "--check", metavar="FILE", help="Only check this file, and whether a run's corpus contains its questions."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Look")(questions)


def questions(
    target: Target = None,
    size: Size = 52,
    check: Check = None,
    out: Out = None,
    seed: o.Seed = None,
    engine: o.Engine = None,
    model: o.Model = None,
    base_url: o.BaseUrl = None,
    concurrency: o.Concurrency = None,
    max_cost: o.MaxCost = None,
    yes: o.Yes = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Write questions that show whether a model believes each fact, to a file that you read through and edit.

    docgen questions my_run --max-cost 2

    docgen questions my_run --check my_questions.yaml

    Without a key, or with --engine offline, they are plain forms built from the context's own wordings. The shipped
    contexts have question files: docgen eval belief --questions tutorial.
    """
    from docgen.cli.shared.cost_consent import command_reporter
    from docgen.pipeline.belief.question_inputs import QuestionJob, check_file, write_file
    from docgen.pipeline.belief.question_writer import overlaps

    with command_reporter(quiet, json) as reporter:
        job = QuestionJob.of(target, reporter)
        if check is not None:
            file, path, written = check_file(check, job), check, None
        else:
            prepared = job.prepare(size, seed or 0, engine, model, base_url, concurrency, max_cost, out)
            if prepared.cost is not None:
                from docgen.cli.shared.cost_consent import ask_to_spend

                prepared.check_engine()
                ask_to_spend(prepared.cost_line(), yes or max_cost is not None, reporter)
            written = prepared.write(reporter)
            file, path = written.file, write_file(written.file, prepared)
        overlapping = overlaps(file, job.run, reporter) if job.run is not None else []
    _show(file, path, written, overlapping, as_json=json)
    if overlapping and check is not None:
        raise typer.Exit(1)


def _show(
    file: "QuestionFile", path: Path, written: "WrittenQuestions | None", overlapping: "list[Overlap]", *, as_json: bool
) -> None:
    import json as js

    from docgen.belief.question_files import question_warnings
    from docgen.belief.questions import KINDS
    from docgen.cli.shared.console import console, table

    warnings = question_warnings(file)
    short = dict(written.short) if written else {}
    if as_json:
        counts = {fact: {kind: len(group.of_kind(kind)) for kind in KINDS} for fact, group in file.facts.items()}
        hits = [
            {"document": overlap.document, "evidence": overlap.evidence, "why": overlap.why} for overlap in overlapping
        ]
        value = {"file": str(path), "writer": file.writer, "facts": counts, "short": short, "overlap": hits}
        say_json(js.dumps(value | {"warnings": warnings}, indent=2, ensure_ascii=False))
        return
    kinds = [kind for kind in KINDS if any(group.of_kind(kind) for group in file.facts.values())]
    rows = [[fact, *(f"{len(group.of_kind(kind))}" for kind in kinds)] for fact, group in file.facts.items()]
    console.print(
        table(("fact", *kinds), rows, right=kinds, title=f"Written by {file.writer}" if file.writer else None)
    )
    for fact, missing in short.items():
        console.print(f"{fact}: {missing} fewer than requested", markup=False, style="yellow")
    for why, count in written.unusable.most_common(5) if written else ():
        console.print(f"left out, {count}: {why}", markup=False, style="yellow")
    for warning in warnings:
        console.print(f"warning: {warning}", markup=False, style="yellow")
    for hit in overlapping[:10]:
        console.print(
            f'{hit.document} contains a question ({hit.why}): "{hit.evidence[:100]}"', markup=False, style="red"
        )
    if overlapping:
        documents = len({hit.document for hit in overlapping})
        console.print(
            f"{plural(documents, 'document')} with questions: training on them distorts the evaluation", markup=False
        )
    console.print(f"{'Checked' if written is None else 'Written'}: {path}", markup=False, style="dim")
