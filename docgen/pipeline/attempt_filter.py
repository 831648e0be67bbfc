"""Filters and draws a run's attempts: by verdict, fact, type or time, and the first documents with their cost."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from docgen.errors import InputError
from docgen.files.append_log import read_lines
from docgen.files.run_folder.run_folder import RunFolder
from docgen.records import Attempt
from docgen.text.output.plurals_and_money import plural

__all__ = ["AttemptFilter", "FirstDocuments", "draw_attempts", "first_documents", "new_attempts", "none_accepted"]


@dataclass(frozen=True)
class AttemptFilter:
    """Which attempts are meant: all of one `slot`, or else the accepted or `rejected` ones with a reason or a fact."""

    slot: int | None = None
    rejected: bool = False
    reason: str | None = None
    fact: str | None = None

    def matches(self, attempt: Attempt) -> bool:
        """Whether it is one of them."""
        if self.slot is not None:
            return attempt.slot == self.slot
        if (attempt.verdict == "accepted") == self.rejected:
            return False
        if self.reason and all(reason.code != self.reason for reason in attempt.reasons):
            return False
        return not self.fact or any(fact.fact == self.fact for fact in attempt.facts)

    def of(self, run: RunFolder) -> Iterator[Attempt]:
        """The run's attempts that match, streaming."""
        return filter(self.matches, run.read_attempts())


def draw_attempts(run: RunFolder, matching: AttemptFilter, count: int, at_random: bool = False) -> list[Attempt]:
    """At most `count` attempts that match, evenly spread or, with `at_random`, different ones each time.

    Memory holds only those: spread in two passes, at random by a reservoir (Vitter 1985, algorithm R).
    """
    if not at_random:
        total = sum(1 for _ in matching.of(run))
        picked = {(2 * i + 1) * total // (2 * count) for i in range(min(count, total))}
        return [attempt for number, attempt in enumerate(matching.of(run)) if number in picked]
    drawn: list[Attempt] = []
    for number, attempt in enumerate(matching.of(run)):
        place = number if number < count else random.randint(0, number)
        if place < count:
            drawn[place : place + 1] = [attempt]
    return drawn


def none_accepted(run: RunFolder) -> InputError:
    """The error for a run without accepted documents, in the server's own words if requests failed."""
    last = {attempt.slot: attempt for attempt in run.read_attempts()}
    failed = [attempt.reasons[0].detail for attempt in last.values() if attempt.verdict == "failed"]
    if failed:
        words, count = Counter(failed).most_common(1)[0]
        more = (
            f"{count} of {len(failed)} failed requests" if count < len(failed) else f"{plural(count, 'request')} failed"
        )
        what = f"no document is accepted yet; {more}: {words}"
        return InputError(what, run.name, "The same docgen run or generate tries them again")
    if last:
        what = f"no document is accepted yet; {len(last)} rejected"
        return InputError(what, run.name, f"docgen show {run.name} --rejected says why")
    return InputError("no document was written yet", run.name, "docgen status shows the state of the run")


def new_attempts(run: RunFolder, start: int) -> tuple[list[Attempt], int]:
    """The attempts from byte `start` on, and where the next one will begin.

    A line that is still being written is left for the next call; a file that was started again is read from its
    beginning.
    """
    if not run.attempts.exists():
        return [], 0
    end = start if run.attempts.stat().st_size >= start else 0
    new: list[Attempt] = []
    for offset, line in read_lines(run.attempts, end):
        try:
            new.append(Attempt.model_validate_json(line))
        except ValueError:
            break
        end = offset + len(line) + 1
    return new, end


@dataclass(frozen=True)
class FirstDocuments:
    """The results of the first `documents` of a run.

    `tried` counts their attempts, `reasons` those rejected for each; `dollars` is the cost of an accepted document,
    None where it is not known.
    """

    documents: int
    accepted: int
    tried: int
    reasons: dict[str, int]
    dollars: float | None


def first_documents(run: RunFolder, attempts: Sequence[Attempt], documents: int) -> FirstDocuments:
    """Sum up a pilot of so many documents: `attempts` are all attempts at them."""
    from docgen.llm.journal import journal_totals

    accepted = sum(attempt.verdict == "accepted" for attempt in attempts)
    codes = Counter(code for attempt in attempts for code in {reason.code for reason in attempt.reasons})
    by_stage = journal_totals(run.journal).by_stage
    spent = [tally for (stage, _), tally in by_stage.items() if stage in ("document", "revise")]
    is_known = accepted and not any(tally.unpriced for tally in spent)
    return FirstDocuments(
        documents=documents,
        accepted=accepted,
        tried=sum(attempt.verdict != "failed" for attempt in attempts),
        reasons=dict(codes.most_common()),
        dollars=sum(tally.dollars for tally in spent) / accepted if is_known else None,
    )
