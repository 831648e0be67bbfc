"""The closing screen of a run, which is also what `docgen status` shows."""

from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.text import Text

from docgen.cli.console import table
from docgen.pipeline.audit.run_reports import Leaks
from docgen.pipeline.status import Summary, Survivor

__all__ = ["show_summary"]


def show_summary(console: Console, summary: Summary, leakage: Leaks | None = None) -> None:
    """Print it."""
    console.print(Group(*_parts(summary, leakage)))


def _parts(summary: Summary, leakage: Leaks | None) -> Iterable[RenderableType]:
    yield Text()
    yield Text(f"{summary.title}", style="bold")
    yield Text(f"run {summary.path}, engine {summary.engine} ({summary.model}), seed {summary.seed}", style="dim")
    yield Text()
    yield _documents(summary)
    if summary.reasons:
        yield _reasons(summary)
    if summary.accepted:
        yield _facts(summary)
    if leakage is not None:
        yield _leakage(leakage, summary.accepted)
    yield from _money(summary)
    yield from _places(summary)


def _documents(summary: Summary) -> RenderableType:
    asked = f"{summary.n:,}" if summary.n is not None else "?"
    line = Text.assemble((f"{summary.accepted:,} of {asked} documents accepted", "bold"), _verdict(summary))
    details = f"{summary.types:,} types, {summary.ideas:,} ideas; "
    details += f"{summary.attempts:,} attempts, {summary.rejected:,} rejected"
    if summary.first_attempts_accepted is not None and summary.complete:
        details += f"; {summary.first_attempts_accepted:.1%} of first attempts accepted"
    size = f"{summary.words:,} words, about {summary.tokens:,} tokens"
    if summary.duplicates is not None:
        size += f"; near-duplicates left among them: {summary.duplicates:,}"
    return Group(line, Text(details), Text(size), Text())


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
        subjects = [f"{name.partition(' ')[2]} {many}" for name, many in summary.subjects.items() if _of(name, code)]
        rows.append([code, f"{count:,}", ", ".join(subjects[:3])])
    made = table(("reason", "attempts", "mostly"), rows, right=("attempts",), title="Why attempts were rejected")
    return Group(made, Text())


def _of(subject: str, code: str) -> bool:
    head, _, rest = subject.partition(" ")
    return head == code and bool(rest)


def _facts(summary: Summary) -> RenderableType:
    rows = []
    for fact in summary.facts:
        measured = "-" if fact.measured is None else f"{fact.measured:.2%}"
        share = fact.assigned_share if fact.measured is None else fact.measured
        off = f"{100 * (share - fact.asked):+.2f} pt"
        shares = f"{fact.asked:.2%}", f"{fact.assigned_share:.2%}", measured, off
        rows.append([fact.fact, *shares, f"{fact.rejected:,}"])
    numbers = ("asked", "assigned", "measured", "off by", "rejected")
    lines = [Text(_survivor(found), style="yellow") for found in summary.survivorship]
    return Group(table(("fact", *numbers), rows, right=numbers, title="Salience of each fact"), *lines, Text())


def _survivor(found: Survivor) -> str:
    why = ", ".join(f"{code} {count:,}" for code, count in found.reasons.items())
    return (
        f"Survivorship: {found.rejected_share:.0%} of the attempts with {found.fact} were rejected, "
        f"{found.others_share:.0%} of the others ({why}): those that stay may be a biased sample"
    )


def _leakage(leakage: Leaks, accepted: int) -> RenderableType:
    tier = "scan tier: patterns and wording" if leakage.judge == "none" else f"scan tier, and judge on {leakage.judge}"
    if not leakage.rules:
        return Group(Text(f"Leakage: no finding in {accepted:,} documents ({tier})"), Text())
    rows = [[rule, f"{count:,}"] for rule, count in sorted(leakage.rules.items(), key=lambda item: -item[1])]
    made = table(("rule", "documents"), rows, right=("documents",), title=f"Leakage findings ({tier})")
    return Group(made, Text())


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
        yield Text(f"up to ${summary.uncertain:,.4f} more for replies that were lost on their way", style="dim")
    yield from _cache(summary)
    odd = {name: count for name, count in summary.stops.items() if not name.endswith(" end_turn")}
    if odd:
        yield Text("replies that did not end well: " + ", ".join(f"{name} {count:,}" for name, count in odd.items()))
    yield Text()


def _cache(summary: Summary) -> Iterable[RenderableType]:
    read = sum(line.cache_read for line in summary.spending)
    prompt = read + sum(line.input + line.cache_write for line in summary.spending)
    saved = sum(line.saved or 0.0 for line in summary.spending)
    if read:
        yield Text(f"prompt cache: {read / prompt:.0%} of prompt tokens were read from it, saving ${saved:,.4f}")


def _places(summary: Summary) -> Iterable[RenderableType]:
    for name, path in summary.files.items():
        yield Text.assemble((f"{name:>9}  ", "dim"), path)
