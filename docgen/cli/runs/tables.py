"""Screens of a run: its state, its plan, what it will cost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from docgen.cli.shared.console import console, table
from docgen.cli.shared.streams import say_json
from docgen.llm.protocol import PROPER_ENDS
from docgen.options.last_step import Step
from docgen.records import IMPORTED_ENGINE
from docgen.text.output.plurals_and_money import money

if TYPE_CHECKING:
    from docgen.audit.measure.intervals import Share
    from docgen.pipeline.attempt_filter import FirstDocuments
    from docgen.pipeline.audit.runs.run_reports import Leaks
    from docgen.pipeline.estimate import Estimate
    from docgen.pipeline.inputs.setup import Setup
    from docgen.pipeline.status import Summary, Survivor
    from docgen.planning.plan_report import PlanReport

__all__ = ["cost_line", "measured_cells", "show_estimate", "show_pilot", "show_plan", "show_run"]


def show_run(summary: Summary, as_json: bool = False, until: Step | None = None) -> None:
    """Print the state of a run, as a screen or as one JSON object; with `until`, how far it was to go, also what to do
    next."""
    if as_json:
        say_json(summary.model_dump_json(indent=2))
        return
    todo = [Text(f"\n{_next(summary, until)}")] if until is not None else []
    console.print(Group(*_parts(summary), *todo))


def _next(summary: Summary, until: Step) -> str:
    if until == Step.BRAINSTORM:
        return f"Next: docgen generate {summary.run} --n 500"
    if summary.complete:
        further = f"then docgen run {summary.run} audits and exports it"
        if until >= Step.ALL:
            further = f"the report, for a browser: {summary.path}/reports/report.html"
        return f"Read some: docgen show {summary.run} --sample 3; {further}"
    why = "More attempts for the empty slots: the same command with a higher --max-attempts"
    if summary.failed:
        why = "Failed requests are tried again by the same command"
    return f"Short of n. {why}; see docgen show {summary.run}"


def _parts(summary: Summary) -> Iterable[RenderableType]:
    yield Text()
    yield Text(f"{summary.title}", style="bold")
    origin = f"engine {summary.engine} ({summary.model}), seed {summary.seed}"
    origin = "documents from elsewhere" if summary.engine == IMPORTED_ENGINE else origin
    yield Text(f"run {summary.path}, {origin}", style="dim")
    if summary.writer:
        yield Text(summary.writer, style="yellow")
    yield Text()
    yield _documents(summary)
    if summary.reasons:
        yield _reasons(summary)
    if summary.writers:
        yield _writers(summary)
    if summary.accepted:
        yield _facts(summary)
    if summary.leakage is not None:
        yield _leakage(summary.leakage, summary.accepted)
    if summary.servers:
        yield _servers(summary)
    yield from _money(summary)
    for name, path in summary.files.items():
        yield Text.assemble((f"{name:>9}  ", "dim"), path)


def _documents(summary: Summary) -> RenderableType:
    if summary.engine == IMPORTED_ENGINE:
        return Group(Text(f"{summary.accepted:,} documents", style="bold"), Text(_size(summary)), Text())
    target = f"{summary.n:,}" if summary.n is not None else "?"
    line = Text.assemble((f"{summary.accepted:,} of {target} documents accepted", "bold"), _verdict(summary))
    details = f"{summary.types:,} types, {summary.ideas:,} ideas; "
    details += f"{summary.attempts:,} attempts, {summary.rejected:,} rejected"
    if summary.first_attempts_accepted is not None and summary.complete:
        details += f"; {summary.first_attempts_accepted:.1%} of first attempts accepted"
    failures = [Text(f"{count:,} failed: {words}", style="yellow") for words, count in summary.failures.items()]
    return Group(line, *failures, Text(details), Text(_size(summary)), Text())


def _size(summary: Summary) -> str:
    size = f"{summary.words:,} words, about {summary.tokens:,} tokens"
    if summary.duplicates is None:
        return size
    return f"{size}; near-duplicates left among them: {summary.duplicates:,}"


def _verdict(summary: Summary) -> tuple[str, str]:
    if summary.complete:
        return (" - complete", "green")
    if summary.empty_slots or summary.failed:
        text = f" - {summary.empty_slots:,} slots empty after all attempts, {summary.failed:,} waiting for the API"
        return (text, "yellow")
    return (" - unfinished", "yellow")


def _reasons(summary: Summary) -> RenderableType:
    rows = []
    for code, count in summary.reasons.items():
        own = {name.partition(" ")[2]: many for name, many in summary.subjects.items() if name.startswith(f"{code} ")}
        subjects = [f"{subject} {many}" for subject, many in own.items() if subject]
        rows.append([code, f"{count:,}", ", ".join(subjects[:3])])
    grid = table(("reason", "attempts", "mostly"), rows, right=("attempts",), title="Why attempts were rejected")
    return Group(grid, Text())


def _servers(summary: Summary) -> RenderableType:
    rows = [[each.name, f"{each.replies:,}", f"{each.in_flight:,}", each.trouble] for each in summary.servers]
    numbers = ("replies", "in flight")
    return Group(
        table(("server", *numbers, "trouble"), rows, right=numbers, title="Servers, in the last start"), Text()
    )


def _writers(summary: Summary) -> RenderableType:
    rows = []
    for each in summary.writers:
        first = "-" if each.first_attempts_accepted is None else f"{each.first_attempts_accepted:.1%}"
        words = "-" if each.words is None else f"{each.words:,.0f}"
        mostly = ", ".join(f"{code} {count:,}" for code, count in list(each.reasons.items())[:2])
        rows.append([each.model, each.engine, f"{each.asked:.1%}", f"{each.documents:,}", first, words, mostly])
    numbers = ("asked", "documents", "first accepted", "words")
    grid = table(("model", "engine", *numbers, "rejected for"), rows, right=numbers, title="Writers")
    return Group(grid, Text())


def _facts(summary: Summary) -> RenderableType:
    rows, is_imported = [], summary.engine == IMPORTED_ENGINE
    for fact in summary.facts:
        judged, by_wording = measured_cells(fact.judged, fact.measured, fact.at_least)
        presupposed = f"{fact.presupposed.share:.1%}" if fact.presupposed else "-"
        planned = ("-", "-") if is_imported else (f"{fact.asked:.2%}", f"{fact.assigned_share:.2%}")
        shares = *planned, judged, presupposed, by_wording
        rows.append([fact.fact, *shares, f"{fact.rejected:,}"])
    numbers = ("asked", "assigned", "judged (95%)", "presupposed", "by wording", "rejected")
    lines = [Text(_survivor(fact), style="yellow") for fact in summary.survivorship]
    if summary.judge != "none":
        lines.append(Text(f"Judge: {summary.judge}", style="dim"))
    empty = {"judged (95%)", "presupposed", "by wording"} if summary.judge != "none" else {"presupposed"}
    empty |= {"asked", "assigned"} if is_imported else set()
    grid = table(("fact", *numbers), rows, right=numbers, unless_empty=empty, title="Salience of each fact")
    return Group(grid, *lines, Text())


def measured_cells(judged: Share | None, measured: float | None, at_least: float | None) -> tuple[str, str]:
    """A fact's share by a judge, with its interval, and by wording: a lower bound unless wording sees all."""
    by_judge = f"{judged.share:.1%} ({100 * judged.low:.0f}-{100 * judged.high:.0f})" if judged else "not judged"
    if at_least is None:
        return by_judge, "-"
    is_exact = judged is None and measured is not None
    return ("-", f"{at_least:.2%}") if is_exact else (by_judge, f"at least {at_least:.1%}")


def _survivor(survivor: Survivor) -> str:
    why = ", ".join(f"{code} {count:,}" for code, count in survivor.reasons.items())
    return (
        f"Survivorship: {survivor.rejected_share:.0%} of the attempts with {survivor.fact} were rejected, "
        f"{survivor.others_share:.0%} of the others ({why}): the documents that remain may be a biased sample"
    )


def _leakage(leakage: Leaks, accepted: int) -> RenderableType:
    tier = "scan tier: patterns and wording" if leakage.judge == "none" else f"scan tier, and judge on {leakage.judge}"
    if not leakage.rules:
        if leakage.judge == "none":
            return Group(Text(f"Leakage: none seen by wording in {accepted:,} documents; not judged"), Text())
        return Group(Text(f"Leakage: no finding in {accepted:,} documents ({tier})"), Text())
    rows = [[rule, f"{count:,}"] for rule, count in sorted(leakage.rules.items(), key=lambda item: -item[1])]
    grid = table(("rule", "documents"), rows, right=("documents",), title=f"Leakage findings ({tier})")
    return Group(grid, Text())


def _money(summary: Summary) -> Iterable[RenderableType]:
    if not summary.spending:
        return
    rows = []
    for line in summary.spending:
        cost = "?" if line.dollars is None else f"${line.dollars:,.4f}"
        numbers = [f"{value:,}" for value in (line.calls, line.input, line.output, line.cache_read)]
        rows.append([line.stage, line.model, *numbers, cost])
    right = ("calls", "input", "output", "cached", "cost")
    yield table(("stage", "model", *right), rows, right=right, title="Calls")
    yield Text("cost unknown" if summary.dollars is None else f"total ${summary.dollars:,.4f}", style="bold")
    if summary.uncertain:
        yield Text(f"up to ${summary.uncertain:,.4f} more for replies that were lost in transit", style="dim")
    if read := sum(line.cache_read for line in summary.spending):
        prompt = read + sum(line.input + line.cache_write for line in summary.spending)
        saved = sum(line.saved or 0.0 for line in summary.spending)
        yield Text(f"prompt cache: {read / prompt:.0%} of prompt tokens were read from it, saving ${saved:,.4f}")
    odd = {name: count for name, count in summary.stops.items() if name.partition(" ")[2] not in PROPER_ENDS}
    if odd:
        yield Text("replies that ended badly: " + ", ".join(f"{name} {count:,}" for name, count in odd.items()))
    yield Text()


def show_plan(report: PlanReport, file: str) -> None:
    """Print what is in a plan."""
    loads = ", ".join(f"{count:,} with {facts}" for facts, count in enumerate(report.loads) if count)
    console.print(f"{report.documents:,} slots, {report.background:,} of them background\nfacts: {loads}\n")
    rows = []
    for fact in report.facts:
        worst = [f"{x:.1f}" for x in (fact.worst_type, fact.worst_idea, fact.worst_length, fact.worst_position)]
        grades = (f"{fact.stated:.1%}", f"{fact.central:.1%}") if fact.documents else ("-", "-")
        shares = f"{fact.asked:.2%}" if fact.asked else "held out", f"{fact.documents:,}", *grades
        rows.append([fact.fact, *shares, *worst])
    numbers = ("asked", "planned", "stated", "central", "types", "ideas", "lengths", "places")
    caption = "types, ideas, lengths, places: the worst deviation, in documents, from an even spread"
    console.print(table(("fact", *numbers), rows, right=numbers, caption=caption))
    console.print(f"\n{file}", markup=False)


def show_estimate(costs: Estimate) -> None:
    """Print what a run will cost, by stage and by model."""
    numbers = ("calls", "input each", "shared prefix", "output each", "from")
    rows = []
    for stage in costs.stages:
        counts = [f"{value:,}" for value in (stage.calls, stage.input, stage.prefix, stage.output)]
        rows.append([stage.stage, *counts, "replies" if stage.measured else "prompts"])
    console.print(table(("stage", *numbers), rows, right=numbers))
    console.print(f"refills: {costs.refill:.0%} of n on top, counted in the calls\n")
    ways = ("synchronous", "with prompt cache", "--batch")
    prices = [
        [each.model, *(_range(value, costs) for value in (each.sync, each.cached, each.batch))] for each in costs.models
    ]
    console.print(table(("model", *ways), prices, right=ways))
    own = costs.models[0]
    if own.batch is not None and own.cached is not None and own.batch < own.cached:
        console.print(f"\nCheapest: --batch (replies within a day). Prices of {costs.prices}.")
    else:
        console.print(f"\nPrices of {costs.prices}.")
    if costs.free:
        console.print(
            "This run is free: the embedded writer writes it. The prices are those of writing it with a model."
        )


def show_pilot(first: FirstDocuments, setup: Setup, rest: Estimate | None) -> None:
    """Print what the first documents of a run say about the rest; `rest` is what that will cost, None if nothing."""
    rejected = ", ".join(f"{code} {count:,}" for code, count in first.reasons.items())
    why = f"rejected: {rejected}" if rejected else "none rejected"
    lines = [f"{first.accepted:,} of {first.documents:,} accepted, in {first.tried:,} attempts; {why}."]
    if rest is None:
        lines.append("Cost: none, this engine is free.")
    else:
        cost = "unknown" if first.dollars is None else f"${first.dollars:,.4f}"
        lines.append(f"Cost of an accepted document: {cost}. {cost_line(rest, setup.config.batch)}.")
    name, left = setup.run.name, setup.n - first.documents
    lines.append(f"Like them? docgen generate {name} writes the other {left:,}. If not, edit the context.")
    for line in lines:
        console.print(line, markup=False)


def _range(dollars: float | None, costs: Estimate) -> str:
    return "no price" if dollars is None else f"{money(dollars * costs.low)} - {money(dollars * costs.high)}"


def cost_line(costs: Estimate, batch: bool) -> str:
    """One line to show before money is spent."""
    calls = sum(stage.calls for stage in costs.stages)
    tokens = sum(stage.calls * (stage.input + stage.output) for stage in costs.stages)
    dollars = costs.dollars(batch)
    price = "no known price" if dollars is None else f"about {money(dollars)} ({_range(dollars, costs)})"
    advice = " (docgen doctor says beforehand whether it can write)" if dollars is None else ""
    return f"To come: {calls:,} calls, {tokens:,} tokens, {price} with {costs.models[0].model}{advice}"
