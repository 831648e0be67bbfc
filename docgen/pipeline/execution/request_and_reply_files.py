"""A run by files: writes the next round of requests to a file, takes replies from files into the journal."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from docgen.corpus.lines import plain_lines
from docgen.errors import ConfigError, InputError, RunError
from docgen.files.atomic import atomic_path
from docgen.files.overwrite_guard import refuse_file_of_a_run
from docgen.llm.batch.log import read_batches
from docgen.llm.by_file.lines import FORMATS, FileFormat, find_format, read_reply, request_line
from docgen.llm.by_file.log import HANDED_OUT_FILE, HandOutLog
from docgen.llm.cost.budget import SPEND_FILE, Budget, uncertain_dollars
from docgen.llm.cost.pricing import Prices, load_prices
from docgen.llm.engine import BATCHES_FILE, dollars_at_most
from docgen.llm.journal import Journal
from docgen.llm.protocol import Request
from docgen.pipeline.execution.due_requests import Collector, collect_due
from docgen.pipeline.execution.execute import wait_for
from docgen.pipeline.execution.shared_budget import check_handed_out, check_parents, lock_for_spending
from docgen.pipeline.inputs.setup import Setup
from docgen.progress import Progress, Reporter
from docgen.records import Record

__all__ = ["RepliesTaken", "RoundWritten", "take_replies", "withdraw_requests", "write_round"]

REQUESTS_PER_LINE = 1000
"""Requests in one line of the log (chosen: lines stay below 40 kB)."""
MAX_LINES = 5
"""Lines of each kind that a note names. Chosen: a file that is damaged throughout does not fill the screen."""
SUFFIXES = (".jsonl", ".json", ".ndjson")
"""Endings of the files that are read in a folder of replies: Ray Data and others write one for each of their tasks."""


class RoundWritten(Record):
    """A round of requests. With `requests` 0 none was due, and no file was written.

    `by_stage` counts the requests by stage. `again` of them were handed out before and are not answered yet.
    `over_cap`: requests of the round that the cap has no room for. `worst`: the most in dollars that the file can cost,
    0 without a known price.
    """

    file: str
    format: str
    requests: int
    by_stage: dict[str, int]
    again: int
    over_cap: int
    worst: float
    bytes: int


class RepliesTaken(Record):
    """What was in files of replies, by lines, and what is still `missing` of all requests that were handed out.

    `taken` went into the journal. `repeated` answer a request that already had a reply, which is kept. `failed` say
    that a request failed; `given_up` are requests that failed too often. `foreign` name a request that this run never
    made. `notes` say where lines are damaged, foreign or failed, and why.
    """

    taken: int = 0
    repeated: int = 0
    failed: int = 0
    foreign: int = 0
    damaged: int = 0
    missing: int = 0
    given_up: int = 0
    dollars: float = 0.0
    notes: tuple[str, ...] = ()


def write_round(
    setup: Setup, file: Path, format_name: str | None, reporter: Reporter, judged: bool = False
) -> RoundWritten:
    """Write the next round of requests to `file`, one a line; nothing is sent.

    `judged`: when the documents are there, the judge's sample is due too. Decides what the replies in the journal
    decide first. Raises `StopRun` when the cap has no room for one request, and `RunError` while message batches of the
    run are at the server, which are about to answer the same requests.
    """
    form = find_format(format_name, setup.config.engine or "")
    if form is None:
        names = ", ".join(each.name for each in FORMATS)
        raise ConfigError(f"{format_name!r} is not a format", "--format", f"Use one of {names}")
    refuse_file_of_a_run(file)
    if engines := sorted(filter(None, map(setup.engine_of, setup.config.writers or ()))):
        what = f"has a writer of the {engines[0]} engine, but a file of requests is only for {setup.config.engine}"
        raise RunError(what, setup.run.name, "Leave that writer out, or make a run for each engine")
    if any(entry.open for entry in read_batches(setup.run.path / BATCHES_FILE)):
        fix = f"Collect them (docgen generate {setup.run.name} --batch), or cancel them: docgen batches --cancel"
        raise RunError("waits for message batches, which answer the same requests", setup.run.name, fix)
    with _opened(setup) as (journal, log):
        check_parents(setup.parents)
        check_handed_out(journal, setup.parents)
        for notice in journal.notices:
            reporter.note(notice)
        options, spend_file = setup.engine_options, setup.run.path / SPEND_FILE
        elsewhere = sum(map(dollars_at_most, options.family)) + uncertain_dollars(spend_file)
        budget = Budget(load_prices(options.prices), options.max_cost, journal.totals.all.dollars, elsewhere=elsewhere)
        try:
            with atomic_path(file) as part, part.open("wb") as out:
                sheet = _Sheet(file, form, log, out, reporter)
                collector = Collector(journal.engine or "", journal, log, budget, form.halves, sheet.write)
                if not wait_for(collect_due(setup, collector, reporter, judged)):
                    raise _NothingDue  # noqa: TRY301 - so that no empty file takes the place of an earlier one
                sheet.finish()
        except _NothingDue:
            return RoundWritten(
                file="", format=form.name, requests=0, by_stage={}, again=0, over_cap=0, worst=0.0, bytes=0
            )
    return sheet.summary(collector.over_cap)


def withdraw_requests(setup: Setup) -> int:
    """Record that no file of requests will be run any more; returns how many requests had no reply yet.

    The run may then buy them itself. A reply that still arrives is accepted while the run has none.
    """
    with _opened(setup) as (journal, log):
        waiting = log.waiting(journal)
        if waiting:
            log.withdraw(waiting)
    return len(waiting)


class _NothingDue(Exception):
    """No request is due, so no file is to be written."""


class _Sheet:
    """The file of a round while it is written, and its lines in the log."""

    def __init__(self, file: Path, form: FileFormat, log: HandOutLog, out: BinaryIO, reporter: Reporter) -> None:
        self._file, self._form, self._log, self._out, self._reporter = file, form, log, out, reporter
        self._by_stage: Counter[str] = Counter()
        self._pending: dict[tuple[str, str], list[tuple[str, float]]] = {}
        self._again, self._worst = 0, 0.0

    def write(self, request: Request, worst: float) -> None:
        """Append a request."""
        self._out.write(request_line(request, self._form) + b"\n")
        self._by_stage[request.stage] += 1
        self._again += self._log.get(request.key) is not None
        self._worst += worst
        pending = self._pending.setdefault((request.stage, request.model), [])
        pending.append((request.key, worst))
        if len(pending) >= REQUESTS_PER_LINE:
            self._log_pending()
        count = self._by_stage.total()
        if count % REQUESTS_PER_LINE == 0:
            self._reporter.progress(Progress("requests", count, count))

    def finish(self) -> None:
        """Have everything on disk before the file takes its place."""
        self._log_pending()
        self._log.sync()
        self._out.flush()

    def _log_pending(self) -> None:
        for (stage, model), requests in self._pending.items():
            keys = [key for key, _ in requests]
            worst = sum(worst for _, worst in requests)
            self._log.hand_out(self._file.name, self._form.name, stage, model, worst, keys)
        self._pending.clear()

    def summary(self, over_cap: int) -> RoundWritten:
        """A summary of what was written."""
        return RoundWritten(
            file=str(self._file),
            format=self._form.name,
            requests=self._by_stage.total(),
            by_stage=dict(self._by_stage),
            again=self._again,
            over_cap=over_cap,
            worst=self._worst,
            bytes=self._file.stat().st_size,
        )


@dataclass
class _Tally:
    counts: Counter[str] = field(default_factory=Counter)
    dollars: float = 0.0
    notes: list[str] = field(default_factory=list)

    def say(self, kind: str, note: str) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= MAX_LINES:
            self.notes.append(note)
        elif self.counts[kind] == MAX_LINES + 1:
            self.notes.append(f"... and more lines that are {kind}")


def take_replies(setup: Setup, files: Iterable[Path], reporter: Reporter) -> RepliesTaken:
    """Journal the replies in files, in any order, repeatedly or in part; a folder means the JSON-lines files in it.

    Raises `InputError` for a file that cannot be read. After a kill, what was journalled is kept; reading the files
    again adds the rest.
    """
    tally, prices = _Tally(), load_prices(setup.engine_options.prices)
    paths = [path for file in files for path in _listed(file)]
    with _opened(setup) as (journal, log):
        for path in paths:
            for number, line in enumerate(plain_lines(path), start=1):
                if line.strip():
                    _take(line, f"{path.name}:{number}", journal, log, prices, tally)
                if number % REQUESTS_PER_LINE == 0:
                    reporter.progress(Progress("replies", tally.counts["taken"], tally.counts["taken"]))
        missing = len(log.waiting(journal))
        given_up = sum(log.given_up(key) is not None for key in log.requests() if key not in journal)
    counts = {name: tally.counts[name] for name in ("taken", "repeated", "failed", "foreign", "damaged")}
    return RepliesTaken(
        **counts,
        missing=missing,
        given_up=given_up,
        dollars=tally.dollars,
        notes=tuple(tally.notes),
    )


def _listed(file: Path) -> list[Path]:
    if file.is_dir():
        paths = sorted(path for path in file.iterdir() if path.suffix in SUFFIXES and path.is_file())
        if not paths:
            raise InputError(
                "does not contain a file of replies", str(file), f"Files must end in {' or '.join(SUFFIXES)}"
            )
        return paths
    if not file.is_file():
        raise InputError("no such file", str(file), "Give the file of replies, or a folder of them")
    return [file]


def _take(line: bytes, where: str, journal: Journal, log: HandOutLog, prices: Prices, tally: _Tally) -> None:
    reply = read_reply(line)
    if reply is None:
        tally.say("damaged", f"{where}: damaged: not a reply with a custom_id")
        return
    handed = log.get(reply.key)
    if handed is None:
        tally.say("foreign", f"{where}: foreign: {reply.key[:40]!r} is not a request of this run")
    elif reply.key in journal:
        tally.counts["repeated"] += 1
    elif reply.completion is None:
        log.fail(reply.key, reply.kind, reply.problem)
        tally.say("failed", f"{where}: failed: {reply.problem}")
    else:
        usage, model = reply.completion.usage, reply.completion.model or handed.model
        dollars = prices.cost(model, usage, reply.batched)
        if dollars is None:  # the server's own name of the model is not in the table
            dollars = prices.cost(handed.model, usage, reply.batched)
        if dollars is not None and not reply.completion.usage_known:  # booked at the most it can have cost
            dollars = max(dollars, handed.worst / len(handed.keys))
        priced = {"dollars": dollars, "batched": reply.batched, "model": model}
        journal.put_reply(reply.key, handed.stage, reply.completion.model_copy(update=priced))
        tally.counts["taken"] += 1
        tally.dollars += dollars or 0.0


@contextmanager
def _opened(setup: Setup) -> Iterator[tuple[Journal, HandOutLog]]:
    """The run's journal and its log of hand-outs, under its lock. Raises `RunError` for a run that is not by files."""
    run, engine = setup.run, setup.config.engine
    if not setup.is_paid:
        what = f"is written by the {engine} engine, which does not need files"
        fix = f"Go on with docgen generate {run.name}, or begin a run with --engine {FORMATS[0].engine} and --model"
        raise RunError(what, run.name, fix)
    with (
        lock_for_spending(run),
        Journal(run.journal, setup.parents) as journal,
        closing(HandOutLog(run.path / HANDED_OUT_FILE)) as log,
    ):
        journal.answer_for(engine or "")
        yield journal, log
