"""Finds the requests that a run needs next: its steps are taken with an engine that only has the journal."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from docgen.errors import RequestFailed, StopRun
from docgen.llm.by_file.log import HandOutLog
from docgen.llm.cost.budget import Budget
from docgen.llm.engine import Engine
from docgen.llm.journal import Journal
from docgen.llm.protocol import Completion, Request
from docgen.llm.response_cache import ResponseCache
from docgen.options.audit import AuditOptions
from docgen.options.last_step import Step
from docgen.pipeline.audit.audit import Audit
from docgen.pipeline.audit.runs.sample_verification import verification_of
from docgen.pipeline.execution.job import Job
from docgen.pipeline.execution.steps import take_steps
from docgen.pipeline.inputs.setup import Setup
from docgen.progress import Reporter
from docgen.stages.brainstorm import Brainstorm, brainstorm_ideas

__all__ = ["Collector", "collect_due"]


class RoundDue(StopRun):
    """The run can go on when the collected requests have their replies."""

    def __init__(self) -> None:
        super().__init__("round_due", "requests are due", "Get their replies: docgen requests, docgen replies")


class Collector:
    """An `LLM` without a server: passes each request to `take` once, with the most in dollars that it can cost.

    Requests that came back failed too often fail for good. `over_cap`: requests that the cap has no room for.
    """

    def __init__(
        self,
        engine: str,
        journal: Journal,
        log: HandOutLog,
        budget: Budget,
        batched: bool,
        take: Callable[[Request, float], None],
    ) -> None:
        self.engine, self.journal = engine, journal
        self.budget = budget
        self._log, self._batched, self._take = log, batched, take
        self._collected: set[bytes] = set()
        self.over_cap = 0

    def __len__(self) -> int:
        return len(self._collected)

    async def complete(self, request: Request) -> Completion:
        """Collect one request that the journal does not answer; see `LLM.complete`."""
        if failure := self._log.given_up(request.key):
            raise RequestFailed(*failure)
        self._collect(request)
        raise RoundDue

    async def buy(self, requests: Callable[[], Iterable[Request]]) -> None:
        """Collect all requests of a pass that have no reply; raises `StopRun` if there are any."""
        for request in requests():
            if request.key not in self.journal and not self._log.given_up(request.key):
                self._collect(request)
        if self._collected or self.over_cap:
            raise RoundDue

    def _collect(self, request: Request) -> None:
        key = bytes.fromhex(request.key)
        if key in self._collected:
            return
        self.budget.check_model(request.model)
        worst = self.budget.worst_case(request, self._batched)
        if not self.budget.hold_for_batch(worst):
            self.over_cap += 1
            if not self._collected:
                raise self.budget.exhausted(worst)
            return
        self._collected.add(key)
        self._take(request, worst)


async def collect_due(setup: Setup, collector: Collector, reporter: Reporter, judged: bool = False) -> bool:
    """Take the run's steps as far as the journal answers; returns whether requests are due, all of which were
    collected.

    With `judged`, those of the judge's sample are due when all documents are there, and their answers go into the
    reports; otherwise the steps end with the documents. The answers of one round make the requests of the next, except
    that the ideas of every document type are asked for in the same round.
    """
    engine = Engine(ResponseCache(collector, collector.journal), collector.journal, collector.budget)
    job = Job(setup, Step.GENERATE, reporter, lambda: False, engine, buy=collector.buy)
    try:
        if await take_steps(job) and judged:
            options = verification_of(setup)
            audit = Audit(setup.context, AuditOptions(judge=options))
            await collector.buy(lambda: audit.scan(setup, reporter).judge_requests() if options is not None else ())
            await take_steps(replace(job, until=Step.ALL))
    except RoundDue:
        if (types := setup.run.read_types()) and not (setup.run.path / "ideas.jsonl").exists():
            storm = Brainstorm(engine.llm, setup.context, setup.options, setup.config.seed)
            for kind in types:
                with suppress(RoundDue):
                    await brainstorm_ideas(storm, kind, setup.config.ideas)
        return True
    return False
