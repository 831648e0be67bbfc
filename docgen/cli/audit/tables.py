"""Audits in the terminal: tables with bars, every number with its interval."""

import re
from collections.abc import Collection
from typing import Literal

from rich.console import Console
from rich.text import Text

from docgen.audit.measure.calibration import Calibration, Score
from docgen.audit.measure.diversity import DiversityReport
from docgen.audit.measure.findings_by_rule import Example, LeakageReport
from docgen.audit.measure.intervals import Mean, Share
from docgen.audit.measure.salience.judge_tally import JudgedFact
from docgen.audit.measure.salience.tally import FactPresence, SalienceReport
from docgen.audit.measure.world_use import WorldUse
from docgen.cli.runs.tables import measured_cells
from docgen.cli.shared.console import Grid, Name
from docgen.prompts.grade_definitions import DIRECTNESS, PROMINENCE

__all__ = ["show_calibration", "show_diversity_report", "show_leakage", "show_salience"]

SPACE = re.compile(r"\s+")
BAR_WIDTH = 12
"""Characters for 100%. Chosen: all columns fit into 120 characters with it; each stands for 8 points."""
MAX_FINDINGS = 2
"""How many findings of a rule are printed."""
STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}


def show_salience(console: Console, report: SalienceReport) -> None:
    """What was asked for each fact, what a judge says, and what wording shows."""
    console.print(f"\nSalience over {report.documents:,} documents, {report.tokens:,} tokens", style="bold")
    _show_writer(console, report.writer)
    table = _table(
        "fact", ">asked", ">judged (95%)", ">by wording", "", ">stated", ">implied", ">airtime", ">unasked",
        unless_empty={"judged (95%)"}, spare={""},
    )  # fmt: skip
    is_judged = any(fact.judged is not None for fact in report.facts.values())
    for fact in report.facts.values():
        table.add_row(*_salience_cells(fact, is_judged))
    console.print(table)
    interval = f" ({_range(report.background)})" if report.is_exact else ""
    background = f"Without any fact: {_percent(report.background.share)}{interval}"
    denied = sum(fact.contradicted for fact in report.facts.values())
    console.print(f"By wording: {background.lower()}; facts denied: {denied:,}", style="dim")
    if report.on_facts:
        on_facts = f"Sentences that express an assigned fact hold {_percent(report.on_facts)} of all tokens"
        console.print(on_facts, style="dim")
    granted = [
        f"{fact.fact} in {fact.presupposed:,} documents, said in {fact.presupposed_said:,}"
        for fact in report.facts.values()
        if fact.presupposed
    ]
    if granted:
        console.print(f"Not assigned, may be taken for granted: {'; '.join(granted)}", style="dim")
    if report.detection:
        console.print(f"Detection ({report.calibration}): P / R {_rating(report.detection)}", style="dim")
    if any(fact.by_judge for fact in report.facts.values()):
        _show_judged(console, report)
    elif not report.is_exact:
        console.print("Not judged: what is seen by wording is a lower bound. Have a judge measure: --judge sample:200")


def _salience_cells(fact: FactPresence, is_judged: bool) -> tuple[str | Text, ...]:
    judged, by_wording = measured_cells(fact.judged, fact.measured, fact.at_least)
    return (
        Name(fact.fact),
        _percent(fact.asked),
        judged if is_judged else "-",
        by_wording,
        _bar(fact.at_least if fact.measured is None else fact.measured, fact.asked),
        f"{fact.stated:,}",
        f"{fact.implied:,}",
        _percent(fact.airtime),
        f"{fact.unassigned:,}",
    )


def _show_judged(console: Console, report: SalienceReport) -> None:
    table = _table(
        "fact", ">judged", ">asked", ">expressed\n(95%)", ">presupposed\n(95%)", ">of these\nstated", ">central",
        ">airtime\n(95%)", "as asked", ">contra-\ndicted", spare={"asked"},
    )  # fmt: skip
    for fact in report.facts.values():
        if fact.by_judge:
            table.add_row(Name(fact.fact), *_judged_cells(fact, fact.by_judge))
    console.print(f"\nBy the judge ({report.judge})", style="bold", markup=False)
    console.print(table)
    if report.on_facts_judged:
        mean, target = report.on_facts_judged, report.on_facts_asked
        share = f"{_percent(mean.mean)} ({_range(mean)}) of a document's sentences are about its assigned facts"
        console.print(f"Airtime: {share}; asked {_percent(target)}", style="dim", markup=False)
    for grade, meaning in (("implied", DIRECTNESS["implied"]), ("central", PROMINENCE["central"])):
        console.print(f"{grade}: {meaning}", style="dim", markup=False)


def _judged_cells(fact: FactPresence, judged: JudgedFact) -> tuple[str, ...]:
    as_asked = ", ".join(f"{grade} {share.count:,}/{share.total:,}" for grade, share in judged.as_asked.items())
    return (
        f"{judged.expressed.total:,}",
        _percent(fact.asked),
        *(f"{_percent(share.share)} ({_range(share)})" for share in (judged.expressed, judged.presupposed)),
        *(f"{_percent(share.share)} ({_range(share)})" for share in (judged.stated, judged.central)),
        f"{_percent(judged.airtime.mean)} ({_range(judged.airtime)})" if judged.airtime else "-",
        as_asked or "-",
        f"{judged.verdicts.get('contradicted', 0):,}",
    )


def show_leakage(console: Console, report: LeakageReport, rest: str = "docgen view") -> None:
    """A row for each rule, then the worst examples; `rest` is the command that shows all of them."""
    console.print(f"\nLeakage: {_leakage_in_words(report)}", style="bold")
    _show_writer(console, report.writer)
    if report.unread.in_words:
        console.print(report.unread.in_words, style="yellow", markup=False)
    share = ">share (95%)" if report.is_judged else ">share"
    table = _table(
        "rule",
        ">documents",
        share,
        ">suspects",
        ">judged",
        ">at most",
        ">P / R",
        unless_empty={"judged", "at most", "P / R"},
    )
    for rule in report.rules.values():
        style = "red" if rule.documents else ("yellow" if rule.suspects else "")
        share = _percent(rule.share.share) if rule.documents else "none seen"
        table.add_row(
            Name(rule.rule, style=style),
            f"{rule.documents:,}",
            f"{_percent(rule.share.share)} ({_range(rule.share)})" if report.is_judged else share,
            f"{rule.suspects:,}",
            f"{rule.judged.count:,}/{rule.judged.total:,}" if rule.judged else "-",
            _percent(rule.at_most),
            _rating(rule.calibration),
        )
    console.print(table)
    note = f"calibrated: {report.calibration}" if report.calibration else "not calibrated: see docgen audit calibrate"
    rated = "; P / R: precision and recall on labelled documents" if report.calibration else ""
    console.print(f"Judge: {report.judge}; {note}{rated}", style="dim")
    if report.unjudged:
        why = ", ".join(f"{reason} ({count:,})" for reason, count in report.unjudged_reasons.items())
        console.print(f"{report.unjudged:,} documents got no usable verdict: {why}", style="yellow", markup=False)
    for rule in report.rules.values():
        for example in rule.examples[:MAX_FINDINGS]:
            console.print(_example(rule.rule, example))
        flagged = rule.documents + rule.suspects
        if flagged > MAX_FINDINGS:
            console.print(
                f"\n{rule.rule}: and {flagged - MAX_FINDINGS:,} more documents, shown by: {rest}",
                markup=False,
                style="dim",
            )


def _leakage_in_words(report: LeakageReport) -> str:
    """The share found, with an interval only if a judge read: the interval would not cover what wording misses."""
    if report.is_judged:
        share = f"{_percent(report.flagged.share)}, {_range(report.flagged)}"
        return f"{report.flagged.count:,} of {report.documents:,} documents break a rule ({share})"
    if not report.flagged.count:
        return f"none seen by wording in {report.documents:,} documents; not judged"
    counts = f"{report.flagged.count:,} of {report.documents:,} documents ({_percent(report.flagged.share)})"
    return f"{counts} break a rule by their wording; not judged, so there may be more"


def _show_writer(console: Console, writer: str) -> None:
    """A notice if the texts are the embedded writer's."""
    if writer:
        console.print(writer, style="yellow", markup=False)


def _example(rule: str, example: Example) -> Text:
    text = Text.assemble(
        ("\n" + example.severity, STYLES[example.severity]),
        f" {rule} in {example.document or 'a document'} ({example.detector}: {example.explanation})\n  ",
    )
    text.append(_line(example.before)[-80:], style="dim")
    text.append(_line(example.evidence)[:300] or "·", style="reverse")
    return text.append(_line(example.after)[:80], style="dim")


def show_diversity_report(console: Console, report: DiversityReport) -> None:
    """Signs of collapse."""
    console.print(f"\nDiversity over {report.documents:,} documents", style="bold")
    _show_writer(console, report.writer)
    grams = ", ".join(f"{n}-grams {share:.1%}" for n, share in enumerate(report.distinct, 1))
    console.print(f"Distinct {grams}; compression ratio {report.compression:.2f}")
    if report.world is not None:
        _show_world(console, report.world)
    columns = ("kind", "most frequent", ">documents", "mostly in", ">lift" if report.reference else "")
    table = _table(*columns, unless_empty={"mostly in"})
    several = len({item.source for items in report.common.values() for item in items if item.source}) > 1
    for kind, items in report.common.items():
        for number, item in enumerate(items[:3]):
            lift = f"{item.lift:.1f}x" if item.lift is not None else ""
            source = f"{item.source} ({item.source_share:.0%})" if item.source and several else ""
            table.add_row("" if number else kind, _line(item.item)[:60], _percent(item.share), source, lift)
    console.print(table)
    # Chosen: phrases three times as frequent as in the reference stand out to a reader; more than a line tires one.
    overused = [marker for marker in report.markers if marker.lift > 3][:8]
    if overused:
        names = ", ".join(f"{marker.marker} {marker.lift:.0f}x" for marker in overused)
        console.print(f"Overused against {report.markers_reference}: {names}", markup=False)
    for alike in report.similarity[:3]:
        console.print(f"Self-similarity {alike.similarity:.3f} in {alike.doc_type or 'all'}", style="dim", markup=False)


def _show_world(console: Console, world: WorldUse) -> None:
    """How much of the documents is about their world, and what was repeated verbatim."""
    console.print(
        f"The world: named in {_percent(world.named)} of documents, in {_percent(world.touched)} of sentences; "
        f"{world.terms:.1f} of its {len(world.strongest)} strongest terms a document, {_percent(world.cover)} anywhere"
    )
    copied = [f"{statement.source} {statement.documents:,}/{statement.of:,}" for statement in world.statements[:6]]
    console.print(
        f"Documents with a nearly verbatim statement of the context: {_percent(world.copying)}"
        f"{' (' + ', '.join(copied) + ')' if copied else ''}; sentences of its prose: {len(world.prose):,}",
        markup=False,
    )


def show_calibration(console: Console, calibration: Calibration) -> None:
    """Precision, recall and F1 by fact and rule."""
    console.print(f"\n{calibration.detector} on {calibration.gold}: {calibration.documents} documents", style="bold")
    table = _table("subject", ">labelled", ">precision", ">95%", ">recall", ">95%", ">F1", ">95%")
    for score in (*calibration.facts, calibration.facts_overall, calibration.implied, calibration.contradicted):
        if score is not None:
            table.add_row(*_score_cells(score))
    table.add_section()
    for score in (*calibration.rules, calibration.rules_overall):
        table.add_row(*_score_cells(score))
    console.print(table)
    # Every label against every verdict, over all facts and documents.
    verdicts = sorted({verdict for row in calibration.confusion.values() for verdict in row})
    table = _table("facts labelled", *(f">{verdict}" for verdict in verdicts))
    for label, row in calibration.confusion.items():
        table.add_row(label, *(f"{row.get(verdict, 0):,}" for verdict in verdicts))
    console.print(table)
    macro, flagged = _percent(calibration.macro_rule_f1), _percent(calibration.clean_flagged)
    if calibration.clean_flagged_interval:
        flagged += f" ({_pair(calibration.clean_flagged_interval)})"
    console.print(f"Macro F1 over rules {macro}; clean documents flagged {flagged}; no verdict: {calibration.failures}")


def _score_cells(score: Score) -> tuple[str | Text, ...]:
    parts = (
        (score.precision, score.precision_interval),
        (score.recall, score.recall_interval),
        (score.f1, score.f1_interval),
    )
    cells = [cell for value, interval in parts for cell in (_percent(value), _pair(interval))]
    return (Name(score.subject), f"{score.positives:,}", *cells)


def _rating(score: Score | None) -> str:
    return f"{_whole(score.precision)} / {_whole(score.recall)}" if score else "-"


def _table(*columns: str, unless_empty: Collection[str] = (), spare: Collection[str] = ()) -> Grid:
    """Names in the first column wrap in a narrow terminal; columns of numbers stay on one line."""
    table = Grid(unless_empty, spare, header_style="dim")
    for name in columns:
        right = name.startswith(">")
        justify: Literal["left", "right"] = "right" if right else "left"
        table.add_column(name.removeprefix(">"), justify=justify, no_wrap=right, overflow="fold")
    return table


def _bar(measured: float, asked: float) -> Text:
    """A bar as long as the measured share, with a mark at the share asked for."""
    filled, mark = round(measured * BAR_WIDTH), min(BAR_WIDTH - 1, round(asked * BAR_WIDTH))
    cells = ["█" if place < filled else "·" for place in range(BAR_WIDTH)]
    cells[mark] = "│"
    # Two points off is what chance does to a share of 25% in 2,000 documents.
    return Text("".join(cells), style="green" if abs(measured - asked) <= 0.02 else "yellow")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}%"


def _whole(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f}%"


def _range(share: Share | Mean) -> str:
    return f"{100 * share.low:.1f}-{100 * share.high:.1f}"


def _pair(interval: tuple[float, float] | None) -> str:
    return f"{100 * interval[0]:.0f}-{100 * interval[1]:.0f}" if interval else ""


def _line(text: str) -> str:
    return SPACE.sub(" ", text)
