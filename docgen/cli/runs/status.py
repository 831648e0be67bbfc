"""status and show: how a run stands, and what its documents look like."""

from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli import options as o

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docgen.files.run_folder import RunFolder
    from docgen.pipeline.inputs.change_cost import Explanation
    from docgen.records import Attempt

__all__ = ["register"]

RunArgument = Annotated[str | None, typer.Argument(metavar="RUN", help="Name or folder. Default: latest run.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(rich_help_panel="Look")(status)
    app.command(rich_help_panel="Look")(show)


def status(
    run: RunArgument = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="What would be bought again if the run went on with its inputs as now.")
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
    """Show how a run stands; also while another process works on it.

    docgen status --json | jq .accepted

    docgen status my_world --explain --model claude-sonnet-5-5     (what such a change would cost)
    """
    from docgen.cli.runs.tables import show_run
    from docgen.pipeline.inputs.locate_run import run_or_latest
    from docgen.pipeline.inputs.setup import reopen
    from docgen.progress.display import PlainReporter

    if not explain:
        _refuse_changes({"context": context, "n": n, "model": model, "salience": salience})
    folder = run_or_latest(run, PlainReporter(quiet=quiet or json))
    if not explain:
        show_run(reopen(folder), json)
        return
    from docgen.pipeline.inputs.change_cost import explain_changes

    costs = explain_changes(folder, context, o.run_options(n=n, model=model, salience=salience))
    if json:
        typer.echo(costs.model_dump_json(indent=2))
    else:
        _show_changes(costs)


def _refuse_changes(changes: dict[str, object]) -> None:
    from docgen.errors import ConfigError

    for name, value in changes.items():
        if value is not None:
            fix = "Add --explain to see what such a change would cost, or leave it out"
            raise ConfigError("is a change, and status changes nothing", f"--{name}", fix)


def _show_changes(costs: "Explanation") -> None:
    from docgen.cli.console import console, table

    if not costs.changes:
        console.print("Nothing that the run depends on has changed.")
    for change in costs.changes:
        console.print(f"changed: {change}", style="yellow", markup=False)
    rows = []
    for stage in costs.stages:
        dollars = "?" if stage.dollars is None else f"${stage.dollars:,.4f}"
        rows.append([stage.stage, f"{stage.calls:,}", f"{stage.known:,}", f"{stage.bought:,}", dollars])
    numbers = ("calls", "in the journal", "bought anew", "about")
    console.print(table(("stage", *numbers), rows, right=numbers))
    if costs.types_asked_anew:
        console.print("Types or ideas are asked for anew: where their replies differ, documents are new too.")
    console.print("First calls only; refills come on top.", style="dim")


def show(
    run: RunArgument = None,
    doc: Annotated[str | None, typer.Argument(metavar="DOC", help="Id (d0000017) or slot number.")] = None,
    sample: Annotated[int, typer.Option("--sample", min=1, max=1000, help="How many, spread over the corpus.")] = 1,
    rejected: Annotated[bool, typer.Option("--rejected", help="Rejected attempts instead of documents.")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="Only attempts rejected for this reason.")] = None,
    fact: Annotated[str | None, typer.Option("--fact", help="Only documents that carry this fact.")] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON lines, one attempt each.", rich_help_panel="Output")
    ] = False,
    quiet: o.Quiet = False,
) -> None:
    """Print documents with their slot, their facts highlighted, and findings.

    docgen show tutorial 17            one document, and the attempts before it
    docgen show tutorial --sample 3    three, spread over the corpus
    docgen show tutorial --reason near_duplicate
    """
    from docgen.cli.console import console
    from docgen.cli.runs.document import show_attempt
    from docgen.errors import InputError
    from docgen.pipeline.inputs.locate_run import run_or_latest
    from docgen.pipeline.inputs.setup import reopen
    from docgen.progress.display import PlainReporter

    folder = run_or_latest(run, PlainReporter(quiet=quiet or json))
    setup = reopen(folder)
    matching = _Filter(_slot(doc), rejected or reason is not None, reason, fact)
    chosen = _spread(folder, matching, sample) if doc is None else list(matching.of(folder))
    if not chosen:
        filtered = doc is not None or rejected or reason is not None or fact is not None
        what, fix = ("no attempt matches", "") if filtered else _none_accepted(folder)
        raise InputError(what, folder.name, fix or "See docgen status for counts, or leave a filter out")
    for attempt in chosen:
        if json:
            typer.echo(attempt.model_dump_json())
        else:
            show_attempt(console, setup.context, attempt)


def _none_accepted(folder: "RunFolder") -> tuple[str, str]:
    """What to say of a run without an accepted document: in the server's own words, if requests failed."""
    from collections import Counter

    last = {attempt.slot: attempt for attempt in folder.read_attempts()}
    failed = [attempt.reasons[0].detail for attempt in last.values() if attempt.verdict == "failed"]
    if failed:
        words, count = Counter(failed).most_common(1)[0]
        more = f"{count} of {len(failed)} failed requests" if count < len(failed) else f"{count} request(s) failed"
        return f"no document is accepted yet; {more}: {words}", "The same docgen run or generate tries them again"
    if last:
        return f"no document is accepted yet; {len(last)} rejected", f"docgen show {folder.name} --rejected says why"
    return "no document was written yet", "docgen status says how the run stands"


class _Filter:
    """Which attempts to show."""

    def __init__(self, slot: int | None, rejected: bool, reason: str | None, fact: str | None) -> None:
        self.slot, self.rejected, self.reason, self.fact = slot, rejected, reason, fact

    def of(self, folder: "RunFolder") -> "Iterator[Attempt]":
        """Matching attempts, streaming."""
        return (attempt for attempt in folder.read_attempts() if self._matches(attempt))

    def _matches(self, attempt: "Attempt") -> bool:
        if self.slot is not None:
            return attempt.slot == self.slot
        if (attempt.verdict == "accepted") == self.rejected:
            return False
        if self.reason and all(reason.code != self.reason for reason in attempt.reasons):
            return False
        return not self.fact or any(fact.fact == self.fact for fact in attempt.facts)


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


def _spread(folder: "RunFolder", matching: _Filter, count: int) -> "list[Attempt]":
    """`count` matching attempts, evenly spread: two passes, so that memory holds only those shown."""
    total = sum(1 for _ in matching.of(folder))
    picked = {(2 * i + 1) * total // (2 * count) for i in range(min(count, total))}
    return [attempt for number, attempt in enumerate(matching.of(folder)) if number in picked]
