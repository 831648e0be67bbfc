"""status and show: the state of a run, and what its documents look like."""

from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.shared import options as o
from docgen.cli.shared.completion import facts
from docgen.cli.shared.streams import say, say_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from docgen.errors import InputError
    from docgen.pipeline.attempt_filter import AttemptFilter
    from docgen.pipeline.inputs.change_cost import Explanation
    from docgen.pipeline.inputs.setup import Setup
    from docgen.records import Attempt

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(rich_help_panel="Look")(status)
    app.command(rich_help_panel="Look")(show)


def status(
    run: o.RunArgument = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what continuing the run with its current inputs would cost.")
    ] = False,
    context: Annotated[
        str | None,
        typer.Option("--context", help="With --explain: this context instead of the run's file as it is now."),
    ] = None,
    n: o.N = None,
    model: o.Model = None,
    salience: o.Salience = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Show the state of a run, also while another process works on it.

    docgen status --json | jq .accepted

    docgen status my_world --explain --model claude-sonnet-5-5     (what such a change would cost)
    """
    from docgen.cli.runs.family_tables import control_line, show_family
    from docgen.cli.runs.tables import show_run
    from docgen.pipeline.families.index import read_family
    from docgen.pipeline.inputs.latest_run import run_or_latest
    from docgen.pipeline.inputs.setup import reopen
    from docgen.pipeline.status import summarise
    from docgen.progress.display import PlainReporter

    if not explain:
        _refuse_changes({"context": context, "n": n, "model": model, "salience": salience})
    folder = run_or_latest(run, PlainReporter(quiet=quiet or json))
    if not explain:
        family = read_family(folder)
        if family is not None and family.kind == "sweep":
            show_family(family, json)
            return
        show_run(summarise(reopen(folder)), json)
        if family is not None and not json:
            say(f"\n{control_line(family)}")
        return
    from docgen.pipeline.inputs.change_cost import explain_changes

    costs = explain_changes(folder, context, o.run_options(n=n, model=model, salience=salience))
    if json:
        say_json(costs.model_dump_json(indent=2))
    else:
        _show_changes(costs)


def _refuse_changes(changes: dict[str, object]) -> None:
    from docgen.errors import ConfigError

    for name, value in changes.items():
        if value is not None:
            fix = "Add --explain to see what such a change would cost, or leave it out"
            raise ConfigError("is a change, but status does not change anything", f"--{name}", fix)


def _show_changes(costs: "Explanation") -> None:
    from docgen.cli.shared.console import console, table

    if not costs.changes:
        console.print("Nothing that the run depends on has changed.")
    for change in costs.changes:
        console.print(f"changed: {change}", style="yellow", markup=False)
    rows = []
    for stage in costs.stages:
        dollars = "?" if stage.dollars is None else f"${stage.dollars:,.4f}"
        rows.append([stage.stage, f"{stage.calls:,}", f"{stage.known:,}", f"{stage.bought:,}", dollars])
    numbers = ("calls", "in the journal", "to be bought", "about")
    console.print(table(("stage", *numbers), rows, right=numbers))
    if costs.types_asked_anew:
        console.print(
            "Types or ideas are requested again: where the replies differ, their documents are written again too."
        )
    console.print("First calls only; refills are extra.", style="dim")


def show(
    run: o.RunArgument = None,
    doc: Annotated[str | None, typer.Argument(metavar="DOC", help="Id (d0000017) or slot number.")] = None,
    random: Annotated[bool, typer.Option("--random", help="Draw one at random, different each time.")] = False,
    sample: Annotated[int, typer.Option("--sample", min=1, max=1000, help="How many, spread over the corpus.")] = 1,
    rejected: Annotated[bool, typer.Option("--rejected", help="Rejected attempts instead of documents.")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="Only attempts rejected for this reason.")] = None,
    fact: Annotated[
        str | None, typer.Option("--fact", help="Only documents that carry this fact.", autocompletion=facts)
    ] = None,
    prompt: Annotated[
        bool, typer.Option("--prompt", help="What the model was asked, instead of what it wrote; nothing is sent.")
    ] = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Print documents with their slot, their facts highlighted, and findings.

    docgen show tutorial 17            one document, and the attempts before it
    docgen show tutorial --sample 3    three, spread over the corpus
    docgen show tutorial --random      one at random
    docgen show tutorial --reason near_duplicate
    docgen show tutorial 17 --prompt   what the model was asked
    """
    from docgen.cli.shared.console import console
    from docgen.pipeline.attempt_filter import draw_attempts
    from docgen.pipeline.execution.shared_budget import check_single
    from docgen.pipeline.inputs.latest_run import run_or_latest
    from docgen.pipeline.inputs.setup import reopen
    from docgen.progress.display import PlainReporter

    folder = run_or_latest(run, PlainReporter(quiet=quiet or json))
    check_single(folder, "docgen show")
    setup = reopen(folder)
    matching = _filter(setup, doc, rejected, reason, fact)
    chosen = draw_attempts(folder, matching, sample, random) if doc is None else list(matching.of(folder))
    if chosen and prompt:
        _show_prompts(setup, chosen, json)
    elif chosen:
        _show_attempts(setup, chosen, json)
    elif not rejected or reason is not None or fact is not None:
        raise _nothing_matches(setup, matching, doc)
    elif not json:
        console.print(f"No attempt of {folder.name} was rejected.", markup=False)


def _filter(
    setup: "Setup", doc: str | None, rejected: bool, reason: str | None, fact: str | None
) -> "AttemptFilter":  # fmt: skip
    """What is to be shown; refuses facts and reasons that do not exist."""
    from docgen.pipeline.attempt_filter import AttemptFilter

    _refuse_unknown(fact, [own.id for own in setup.context.key_facts], "--fact", "Facts")
    if reason is not None:
        from docgen.stages.check import REASONS  # which loads every detector

        _refuse_unknown(reason, REASONS, "--reason", "Reasons")
    return AttemptFilter(_slot(doc), rejected or reason is not None, reason, fact)


def _nothing_matches(setup: "Setup", matching: "AttemptFilter", doc: str | None) -> "InputError":
    from docgen.errors import InputError
    from docgen.pipeline.attempt_filter import AttemptFilter, none_accepted

    name = setup.run.name
    if matching == AttemptFilter():
        return none_accepted(setup.run)
    if matching.slot is not None:
        what = "not written yet" if matching.slot < setup.n else "no such document"
        return InputError(f"{what}: {doc}", name, f"docgen status {name} says how many there are")
    return InputError("no attempt matches", name, "See docgen status for counts, or leave a filter out")


def _show_attempts(setup: "Setup", chosen: "Iterable[Attempt]", as_json: bool) -> None:
    from docgen.cli.runs.document_screen import show_attempt
    from docgen.cli.shared.console import console

    for attempt in chosen:
        if as_json:
            say_json(attempt.model_dump_json())
        else:
            show_attempt(console, setup.context, attempt)


def _show_prompts(setup: "Setup", chosen: "Iterable[Attempt]", as_json: bool) -> None:
    from docgen.cli.runs.prompt import as_fields, show_request
    from docgen.pipeline.prompt_preview import asked_with

    for attempt in chosen:
        request, is_same = asked_with(setup, attempt)
        if as_json:
            import json as js

            fields = {"slot": attempt.slot, "attempt": attempt.number, "as_sent": is_same, **as_fields(request)}
            say_json(js.dumps(fields, ensure_ascii=False))
            continue
        show_request(request)
        if not is_same:
            changed = "Not word for word what was sent: context, settings or templates have changed since"
            say(changed, err=True, fg="yellow")


def _refuse_unknown(name: str | None, known: "Iterable[str]", flag: str, listed_as: str) -> None:
    from docgen.errors import ConfigError
    from docgen.universe.error_messages import suggestion

    names = [*known]
    if name is not None and name not in names:
        fix = suggestion(name, names, f"{listed_as}: {', '.join(names)}")
        raise ConfigError(f"{name[:80]!r} is not in this run", flag, fix)


def _slot(doc: str | None) -> int | None:
    from docgen.errors import InputError
    from docgen.records import slot_of

    if doc is None:
        return None
    try:
        return slot_of(doc)
    except ValueError as error:
        fix = "Give an id such as d0000017, or a slot number such as 17"
        raise InputError(f"{doc!r} is not a document", None, fix) from error
