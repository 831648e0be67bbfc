"""Attrition does not bend salience: a filter that rejects 40 % of the attempts with one fact.

    python bench/hostile_filter.py [--n 50000] [--fact free_tier_trained] [--share 0.4]

Runs the helpful-only context on the embedded engine with a judge that throws away that share of the attempts carrying
the fact, at random by content. Prints every fact's measured share against its target; exits 1 if one is off by more
than half a point.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.machine import machine
from docgen.files.run_folder.run_folder import RunFolder
from docgen.llm.engine import open_engine
from docgen.llm.journal import Journal
from docgen.options.last_step import Step
from docgen.options.run import RunOptions
from docgen.pipeline.audit.runs.run_reports import measure_step
from docgen.pipeline.execution import steps
from docgen.pipeline.execution.job import Job
from docgen.pipeline.inputs.requested_inputs import propose
from docgen.pipeline.inputs.setup import Setup
from docgen.pipeline.status import summarise
from docgen.progress import SilentReporter
from docgen.prompts.requests import Reply
from docgen.records import Attempt, Reason
from docgen.stages.check import Checker, CheckInput
from docgen.text import digest
from docgen.universe import find_context


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=50_000)
    parser.add_argument("--fact", default="free_tier_trained")
    parser.add_argument("--share", type=float, default=0.4)
    args = parser.parse_args()
    print(machine("polars", "numba"), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        asked = RunOptions(n=args.n, engine="offline", max_attempts=30)
        run = RunFolder(Path(folder) / "output" / "hostile")
        setup = propose(run, find_context("helpful_only", Path(folder)), asked).apply()
        steps.Checker = hostile(args.fact, args.share)  # type: ignore[attr-defined]
        asyncio.run(generate(setup))
        return report(setup, args.fact)


def hostile(fact: str, share: float) -> type[Checker]:
    """A checker that also rejects `share` of what carries `fact`."""

    class Hostile(Checker):
        async def decide(self, replies: Sequence[Reply]) -> list[Attempt]:
            kept = [reply for reply in replies if not self._hates(reply)]
            judged, refused = iter(await super().decide(kept)), iter(await self._refused(replies))
            return [next(refused) if self._hates(reply) else next(judged) for reply in replies]

        def _hates(self, reply: Reply) -> bool:
            carries = any(each.fact == fact for each in reply.work.slot.facts)
            return carries and int(digest(reply.completion.text, size=4), 16) / 2**32 < share

        async def _refused(self, replies: Sequence[Reply]) -> list[Attempt]:
            hated = await self.examine([CheckInput.of(reply) for reply in replies if self._hates(reply)])
            update = {"verdict": "rejected", "reasons": (Reason(code="hostile"),)}
            return [attempt.model_copy(update=update) for attempt in hated]

    return Hostile


async def generate(setup: Setup) -> None:
    with setup.run.lock(), Journal(setup.run.journal) as journal:
        async with open_engine(setup.engine_options, journal) as engine:
            job = Job(setup, Step.GENERATE, SilentReporter(), lambda: False, engine)
            await steps.take_steps(job)
            await measure_step(job)


def report(setup: Setup, fact: str) -> int:
    summary = summarise(setup)
    print(f"{summary.accepted:,} of {setup.n:,} accepted, {summary.rejected:,} attempts rejected")
    worst = 0.0
    for each in summary.facts:
        off = 100 * ((each.at_least or 0.0) - each.asked)
        worst = max(worst, abs(off))
        print(f"{each.fact:>28}: asked {each.asked:.2%}, by wording {each.at_least:.2%}, off {off:+.3f} points")
    for found in summary.survivorship:
        print(f"survivorship reported: {found.fact}, {found.rejected_share:.1%} against {found.others_share:.1%}")
    named = {found.fact for found in summary.survivorship}
    good = summary.complete and worst <= 0.5 and fact in named
    print("held" if good else "not held")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
