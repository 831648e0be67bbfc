"""What a judge says of documents that were asked for with facts implied, central or presupposed: asked against judged.

    docgen audit all output/ad --judge all --model MODEL --yes         # once: the judge reads, its replies are kept
    python bench/judged_written.py output/ad output/ep --model MODEL   # then: no network, nothing is bought

Give the model, and the `--base-url` if the audit had one. For each run, and for all together: the facts asked implied
that the check passed and the judge does not see (wrongly passed), and how many the check rejected; the grades that the
judge gives to facts asked central; for each fact the shares of documents asked, planned, judged to express it and to
presuppose it, and its airtime. `--list` names every disagreement with the judge's passage and reason.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from docgen.audit.judge.judge_runner import JudgeQuestions, UnjudgedDocument, judge_documents
from docgen.audit.judge.verdicts import Judgement, Verdicts
from docgen.audit.measure.salience.report import FactPresence
from docgen.audit.measure.salience.tally import SalienceTally
from docgen.errors import RequestFailed
from docgen.llm.journal import JournalReader
from docgen.llm.protocol import Completion, Request
from docgen.options.audit import JudgeMode, JudgeOptions
from docgen.pipeline.audit.audit import Audit
from docgen.pipeline.audit.corpus import open_corpus
from docgen.pipeline.audit.judge_setup import Judge
from docgen.pipeline.inputs.setup import Setup
from docgen.records import AssignedFact, Document
from docgen.universe import UniverseContext

EXPRESSED = ("stated", "implied")
HEADS = ("asked", "planned", "judged", "presupposed", "either", "by wording", "airtime")


class Journalled:
    """Answers what the journal holds, and nothing else."""

    engine = "anthropic"

    def __init__(self, reader: JournalReader) -> None:
        self._reader = reader

    async def complete(self, request: Request) -> Completion:
        """The reply that was kept; `RequestFailed` where there is none."""
        reply = self._reader.get(request.key)
        if reply is None:
            raise RequestFailed("missing", "the judge has not read this document with today's prompts")
        return reply


@dataclass(frozen=True)
class Asked:
    """One assigned fact of one document, and the judge's word on it (None without a verdict)."""

    document: str
    fact: AssignedFact
    word: Judgement | None
    passage: str

    @property
    def verdict(self) -> str:
        """The judge's verdict in a word."""
        return self.word.verdict if self.word else "no verdict"


def judged(setup: Setup, options: JudgeOptions) -> Iterator[tuple[Document, Verdicts | UnjudgedDocument]]:
    """Every accepted document of a run with the judge's word, from the run's journal."""
    judge = Judge.of(options, setup)
    panel = JudgeQuestions.of(setup.context, Audit(setup.context).rules, judge.model)
    documents = list(open_corpus(setup).documents())
    reader = JournalReader(judge.journal, judge.parents, judge.engine.engine)

    async def read() -> dict[int, Verdicts | UnjudgedDocument]:
        return {place: word async for place, word in judge_documents(Journalled(reader), panel, documents, 64)}

    words = asyncio.run(read())
    reader.close()
    return ((document, words[place]) for place, document in enumerate(documents))


def asked_of(document: Document, verdicts: Verdicts) -> list[Asked]:
    """What was asked of a document, beside what the judge says of it."""
    rows = []
    for fact in document.facts or ():
        word = verdicts.facts.get(fact.fact)
        rows.append(Asked(document.id, fact, word, document.text[word.start : word.end] if word else ""))
    return rows


def say_grades(rows: Sequence[Asked], rejected: int, listed: bool) -> None:
    """The two grades that a check can get wrong, counted."""
    implied = [row for row in rows if row.fact.directness == "implied"]
    central = [row for row in rows if row.fact.prominence == "central"]
    verdicts = Counter(row.verdict for row in implied)
    missed = [row for row in implied if row.word and row.verdict not in EXPRESSED]
    off_centre = [row for row in central if row.word and row.word.prominence != "central"]
    print(f"  asked implied {len(implied)}: {dict(verdicts)}")
    print(f"    wrongly passed (the judge sees it neither stated nor implied): {len(missed)} of {len(implied)}")
    print(f"    rejected by the check as missing or too direct: {rejected} attempts, which no judge was shown")
    grades = Counter((row.word.prominence or row.verdict) if row.word else row.verdict for row in central)
    print(f"  asked central {len(central)}: {dict(grades)}")
    stated = [row for row in rows if row.fact.directness == "stated"]
    print(f"  asked stated {len(stated)}: {dict(Counter(row.verdict for row in stated))}")
    for row in [*missed, *off_centre] if listed else ():
        grade = row.word.prominence if row.word else None
        reason = row.word.reason if row.word else ""
        asked = f"{row.fact.directness}, {row.fact.prominence}"
        print(f"    {row.document} {row.fact.fact}: asked {asked}; judged {row.verdict}, {grade}")
        print(f"      {row.passage!r} {reason}")


def say_facts(context: UniverseContext, facts: Sequence[FactPresence]) -> None:
    """Asked, planned, judged and presupposed shares, a line for each fact."""
    print(f"  {'fact':32} {' '.join(f'{head:>11}' for head in HEADS)}")
    public = {fact.id for fact in context.key_facts if fact.public}
    for fact in facts:
        if fact.by_judge is None or fact.planned is None:
            continue
        there, granted = fact.by_judge.expressed, fact.by_judge.presupposed
        airtime = fact.by_judge.airtime.mean if fact.by_judge.airtime else float("nan")
        name = f"{fact.fact}{' (public)' if fact.fact in public else ''}"
        either = there.share + granted.share
        shares = fact.asked, fact.planned, there.share, granted.share, either, fact.at_least, airtime
        print(f"  {name:32} {' '.join(f'{share:11.0%}' for share in shares)}")


def say_run(name: str, options: JudgeOptions, listed: bool) -> tuple[list[Asked], int]:
    """Print what the judge says of one run; returns what was asked with its verdicts, and rejections."""
    setup = open_corpus(name).run
    if setup is None:
        raise SystemExit(f"{name} is not a run")
    tally, rows, unread = SalienceTally(setup.context), list[Asked](), Counter[str]()
    scanned = Audit(setup.context).scan(setup).salience
    for document, verdicts in judged(setup, options):
        if isinstance(verdicts, UnjudgedDocument):
            unread[verdicts.reason] += 1
            continue
        tally.add(document, ())
        tally.add_judged(document, verdicts.facts)
        rows += asked_of(document, verdicts)
    implied = {a.slot: {f.fact for f in a.facts if f.directness == "implied"} for a in setup.run.read_attempts()}
    rejected = sum(
        reason.code in ("missing_fact", "too_direct") and reason.subject in implied[attempt.slot]
        for attempt in setup.run.read_attempts()
        for reason in attempt.reasons
    )
    report = tally.report()
    left = f"; not judged: {dict(unread)}" if unread else ""
    print(f"\n{setup.context.id}: {report.documents} documents judged{left}")
    if rows:
        say_grades(rows, rejected, listed)
        wording = {name: {"expressed": fact.expressed} for name, fact in scanned.facts.items()}
        say_facts(setup.context, [fact.model_copy(update=wording[name]) for name, fact in report.facts.items()])
        if report.on_facts_judged:
            mean = report.on_facts_judged
            share = f"{mean.mean:.0%} ({mean.low:.0%} to {mean.high:.0%})"
            print(f"  airtime: {share} of sentences on assigned facts, asked {report.on_facts_asked:.0%}")
    return rows, rejected


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--base-url")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    options = JudgeOptions(which=JudgeMode("all"), engine="anthropic", model=args.model, base_url=args.base_url)
    outcomes = [say_run(str(run), options, args.list) for run in args.runs]
    if len(outcomes) > 1:
        print("\nall runs together")
        say_grades(
            [row for rows, _ in outcomes for row in rows], sum(rejected for _, rejected in outcomes), listed=False
        )


if __name__ == "__main__":
    main()
