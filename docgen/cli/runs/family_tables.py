"""Screens of a family: its corpora by level, and the shares of their facts."""

from rich.console import Group, RenderableType
from rich.text import Text

from docgen.cli.runs.tables import measured_cells
from docgen.cli.shared.console import console, table
from docgen.cli.shared.streams import say_json
from docgen.pipeline.families.index import Corpus, Family

__all__ = ["control_line", "show_family"]


def show_family(family: Family, as_json: bool) -> None:
    """Print the corpora of a sweep, as a screen or as one JSON object."""
    if as_json:
        say_json(family.model_dump_json(indent=2))
        return
    console.print(Group(*_parts(family)))


def _parts(family: Family) -> list[RenderableType]:
    done = sum(corpus.complete for corpus in family.corpora)
    verdict = (" - complete", "green") if family.complete else (" - unfinished", "yellow")
    parts: list[RenderableType] = [
        Text(),
        Text(family.title, style="bold"),
        Text(f"sweep {family.path}", style="dim"),
        *(Text(notice, style="yellow") for notice in {corpus.writer for corpus in family.corpora} - {""}),
        Text(),
        Text.assemble((f"{done:,} of {len(family.corpora):,} corpora written", "bold"), verdict),
        Text(),
    ]
    numbers = ("level", "documents", "of", "assigned", "by wording", "judged (95%)")
    rows = [_row(corpus) for corpus in family.corpora]
    empty = ("judged (95%)",)  # of the embedded writer, whose texts need no judge
    parts.append(table(("fact", *numbers, "corpus"), rows, right=numbers[:5], unless_empty=empty))
    cost = "cost unknown" if family.dollars is None else f"total ${family.dollars:,.4f}"
    parts += [
        Text(),
        Text(cost, style="bold"),
        Text(f"Index: {family.path}/family.json"),
        Text(f"Training files of all: docgen export {family.run}"),
        Text(f"Compare the levels: docgen view {family.run}"),
    ]
    return parts


def _row(corpus: Corpus) -> list[str]:
    level = "" if corpus.level is None else f"{corpus.level:.2%}"
    by_judge, by_wording = measured_cells(
        corpus.judged.get(corpus.fact), corpus.measured.get(corpus.fact), corpus.at_least.get(corpus.fact)
    )
    assigned = "-" if corpus.varied is None else f"{corpus.varied:.2%}"
    fact = f"{corpus.fact}, stated" if corpus.knob == "stated" else corpus.fact
    n = "?" if corpus.n is None else f"{corpus.n:,}"
    return [fact, level, f"{corpus.documents:,}", n, assigned, by_wording, by_judge, corpus.name]


def control_line(family: Family) -> str:
    """What a control is the control of, and which of its facts takes the place of which."""
    plays = ", ".join(f"{mine} for {theirs}" for theirs, mine in family.plays.items())
    return f"Matched control of {family.corpora[0].name} ({plays}). Index: {family.path}/family.json"
