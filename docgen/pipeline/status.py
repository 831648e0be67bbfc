"""The status of a run, from its files alone, even while another process writes them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from docgen.audit.measure.intervals import Share
from docgen.audit.measure.salience.report import FactPresence
from docgen.llm.cost.budget import SPEND_FILE, uncertain_dollars
from docgen.llm.cost.pricing import load_prices
from docgen.llm.journal import journal_totals
from docgen.llm.servers.states import ServerState, read_states
from docgen.pipeline.audit.duplicates import read_duplicates
from docgen.pipeline.audit.runs.run_reports import Leaks, read_measured
from docgen.pipeline.inputs.setup import Setup
from docgen.pipeline.writer_statistics import WriterCounts, WriterSummary
from docgen.planning.slots.tracker import SlotTracker
from docgen.records import EMBEDDED_NOTICE, AssignedFact, Record, embedded_notice, is_embedded

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["FactSummary", "Spending", "Summary", "Survivor", "WriterSummary", "summarise"]

MIN_REJECTIONS = 5
"""With fewer rejections of a fact's attempts, survivorship is not reported."""


class FactSummary(Record):
    """A fact over the accepted documents; shares from 0 to 1.

    `measured` is the share that express it, by the judge, or by wording where that sees all (the embedded writer's
    texts); `judged` the judge's sample with its interval, `at_least` the share by wording. None: not measured, not
    judged, not audited.
    """

    fact: str
    asked: float
    assigned: int
    assigned_share: float
    stated: int = Field(0, description="of those assigned it, the documents that are to state it, not imply it")
    measured: float | None = None
    judged: Share | None = None
    presupposed: Share | None = None
    at_least: float | None = None
    rejected: int = Field(0, description="rejected attempts that carried the fact")


class Survivor(Record):
    """A fact whose attempts are rejected much more than others', so that the documents that remain may be a biased
    sample."""

    fact: str
    rejected_share: float
    others_share: float
    reasons: dict[str, int]


class Spending(Record):
    """Calls of one stage with one model."""

    stage: str
    model: str
    calls: int
    input: int
    output: int
    cache_read: int
    cache_write: int
    dollars: float | None
    saved: float | None = Field(None, description="dollars that the prompt cache saved; None without a known price")


class Summary(Record):
    """Everything that the closing screen and `docgen status` show."""

    run: str
    path: str
    context: str
    title: str
    engine: str
    model: str
    n: int | None
    complete: bool = Field(description="n documents are accepted")
    seed: int
    types: int
    ideas: int
    planned: int
    accepted: int
    attempts: int
    rejected: int
    failed: int
    failures: dict[str, int] = Field(
        default_factory=dict, description="requests that failed for good, by the server's own words"
    )
    first_attempts_accepted: float | None
    reasons: dict[str, int]
    subjects: dict[str, int] = Field(description="reason with its fact or rule, by count")
    empty_slots: int
    facts: tuple[FactSummary, ...]
    judge: str = Field("none", description='who measured the salience; "none": only wording')
    survivorship: tuple[Survivor, ...]
    duplicates: int | None = Field(description="accepted documents that dedupe would remove; None: not asked yet")
    words: int
    tokens: int
    spending: tuple[Spending, ...]
    dollars: float | None
    uncertain: float = Field(description="dollars that lost replies may have cost; they count against --max-cost")
    stops: dict[str, int] = Field(description="replies by stage, stop reason and refusal category")
    files: dict[str, str]
    writer: str = Field("", description="a notice if the embedded writer wrote or is to write")
    writers: tuple[WriterSummary, ...] = Field((), description="if there are several")
    servers: tuple[ServerState, ...] = Field((), description="in the last start, if there are several")
    leakage: Leaks | None = Field(None, description="documents by rule that the last audit found failing")


class _Counts:
    """One pass over the attempts, in constant memory apart from the tracker."""

    def __init__(self, size: int) -> None:
        self.tracker = SlotTracker(size)
        self.attempts = self.first_accepted = self.words = self.tokens = self.embedded = 0
        self.subjects: Counter[str] = Counter()
        self.assigned: Counter[str] = Counter()
        self.stated: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.fact_reasons: Counter[tuple[str, str]] = Counter()
        self.writers: list[WriterCounts] = []

    def take(self, setup: Setup) -> None:
        writers, n = setup.config.writers or (), setup.config.n or 0
        self.writers = [WriterCounts() for _ in writers]
        chosen: Sequence[int] | npt.NDArray[np.uint8] = ()
        if writers:
            from docgen.planning.slots.writers import draw_writers

            chosen = draw_writers(n, [writer.share for writer in writers], setup.config.seed)
        numbers = {writer.model: number for number, writer in enumerate(writers)}
        for attempt in setup.run.read_attempts():
            self.tracker.record(attempt)
            if writers:
                # A slot's writer can change when the run grows; a server may call a model by another name.
                self.writers[numbers.get(attempt.model, chosen[attempt.slot])].add(attempt)
            self.attempts += attempt.verdict != "failed"
            if attempt.verdict == "accepted":
                self.first_accepted += attempt.number == 1
                self.embedded += is_embedded(attempt.engine, attempt.model)
                self.words += attempt.words
                self.tokens += attempt.tokens
                self.assigned.update(_ids(attempt.facts))
                self.stated.update(fact.fact for fact in attempt.facts if fact.directness == "stated")
            elif attempt.verdict == "rejected":
                self.rejected.update(_ids(attempt.facts))
                self.fact_reasons.update((f, r.code) for f in _ids(attempt.facts) for r in attempt.reasons)
                self.subjects.update({f"{r.code} {r.subject}" for r in attempt.reasons if r.code != "near_duplicate"})


def _ids(facts: Iterable[AssignedFact]) -> list[str]:
    return [fact.fact for fact in facts]


def summarise(setup: Setup) -> Summary:
    """The run's numbers, with what the last audit measured, if there was one."""
    run, config = setup.run, setup.config
    counts = _Counts(config.n or 0)
    counts.take(setup)
    tracker = counts.tracker
    measured, leakage = read_measured(setup)
    facts, survivors = _facts(setup, counts, measured.facts if measured else {}), tuple(_survivors(counts))
    writer = embedded_notice(counts.embedded, tracker.accepted)
    if not tracker.accepted:  # who is going to write
        writer = EMBEDDED_NOTICE if is_embedded(config.engine, None) else ""
    duplicates = read_duplicates(setup) if run.corpus.exists() else None
    places = {
        "corpus": run.corpus,
        "attempts": run.attempts,
        "journal": run.journal,
        "reports": run.path / "reports",
        "exports": run.path / "export",
    }
    return Summary(
        run=run.name,
        path=str(run.path),
        context=setup.context.id,
        title=setup.context.title,
        engine=config.engine or "",
        model=config.model or "",
        n=config.n,
        complete=config.n is not None and tracker.accepted >= config.n,
        seed=config.seed,
        types=len(run.read_types()),
        ideas=len(run.read_ideas()),
        planned=(config.n or 0) if run.slots.exists() else 0,
        accepted=tracker.accepted,
        attempts=counts.attempts,
        rejected=tracker.rejected,
        failed=len(tracker.failed),
        # A server that is down says the same each time; what one of many requests met is in attempts.jsonl.
        failures=dict(Counter(reason.detail for reason in tracker.failed.values()).most_common(3)),
        first_attempts_accepted=counts.first_accepted / tracker.size if tracker.size and tracker.accepted else None,
        reasons=dict(tracker.reasons.most_common()),
        subjects=dict(counts.subjects.most_common(20)),
        empty_slots=tracker.empty(config.max_attempts),
        words=counts.words,
        tokens=counts.tokens,
        facts=facts,
        judge=measured.judge if measured else "none",
        survivorship=survivors,
        duplicates=duplicates,
        **_money(setup),
        files={name: str(path) for name, path in places.items() if path.exists()},
        leakage=leakage,
        writer=writer,
        servers=read_states(run.journal) if config.servers else (),
        writers=tuple(
            each.summary(entry, config.engine or "")
            for entry, each in zip(config.writers or (), counts.writers, strict=True)
        ),
    )


def _money(setup: Setup) -> dict[str, Any]:
    """The fields of a summary that come from the journal: what was spent on what, and how replies ended."""
    totals = journal_totals(setup.run.journal)
    prices = load_prices(Path(setup.config.prices) if setup.config.prices else None)
    spending = tuple(
        Spending(
            stage=stage,
            model=model,
            calls=tally.calls,
            input=tally.input,
            output=tally.output,
            cache_read=tally.cache_read,
            cache_write=tally.cache_write,
            dollars=None if tally.unpriced == tally.calls else tally.dollars,
            saved=price.saved(tally.usage) if (price := prices.find(model)) else None,
        )
        for (stage, model), tally in sorted(totals.by_stage.items())
    )
    priced = [line.dollars for line in spending if line.dollars is not None]
    return {
        "spending": spending,
        "dollars": sum(priced) if priced or not spending else None,
        "uncertain": uncertain_dollars(setup.run.path / SPEND_FILE),
        "stops": {" ".join(filter(None, names)): count for names, count in sorted(totals.stops.items())},
    }


def _facts(setup: Setup, counts: _Counts, measured: Mapping[str, FactPresence]) -> tuple[FactSummary, ...]:
    total = max(1, counts.tracker.accepted)
    overrides = setup.config.salience
    summaries = []
    for fact in setup.context.key_facts:
        presence = measured.get(fact.id)
        by_judge = presence.by_judge if presence else None
        summaries.append(
            FactSummary(
                fact=fact.id,
                asked=overrides.get(fact.id, fact.salience),
                assigned=counts.assigned[fact.id],
                assigned_share=counts.assigned[fact.id] / total,
                stated=counts.stated[fact.id],
                measured=presence.measured if presence else None,
                judged=presence.judged if presence else None,
                presupposed=by_judge.presupposed if by_judge else None,
                at_least=presence.at_least if presence else None,
                rejected=counts.rejected[fact.id],
            )
        )
    return tuple(summaries)


def _survivors(counts: _Counts) -> Iterator[Survivor]:
    """Facts rejected at least twice as often as attempts without them, by more than chance (two standard errors)."""
    total, rejected = counts.tracker.accepted + counts.tracker.rejected, counts.tracker.rejected
    for fact in counts.rejected:
        mine, lost = counts.assigned[fact] + counts.rejected[fact], counts.rejected[fact]
        rest = (rejected - lost) / max(1, total - mine)
        error = sqrt(max(rest * (1 - rest), 1 / total) / mine)
        if lost / mine > max(2 * rest, rest + 2 * error) and lost >= MIN_REJECTIONS:
            reasons = {code: count for (name, code), count in counts.fact_reasons.most_common() if name == fact}
            yield Survivor(fact=fact, rejected_share=lost / mine, others_share=rest, reasons=reasons)
