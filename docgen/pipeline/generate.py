"""The job as functions: brainstorm, plan and generate a run, and estimate beforehand what that will cost."""

from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

from docgen.llm.protocol import LLM
from docgen.options.last_step import Step
from docgen.options.run import RunOptions
from docgen.pipeline.estimate import Estimate, estimate_cost
from docgen.pipeline.execution.execute import aexecute, wait_for
from docgen.pipeline.inputs.run_resolution import World, open_proposal
from docgen.pipeline.inputs.setup import CUSTOM
from docgen.pipeline.run import Run
from docgen.progress import SilentReporter
from docgen.progress.display import ProgressArgument, reporter_for

__all__ = ["agenerate", "brainstorm", "estimate", "generate", "plan", "with_custom_engine"]

P = ParamSpec("P")


async def agenerate(
    world: World,
    *,
    n: int | None = None,
    engine: str | None = None,
    model: str | None = None,
    max_cost: float | None = None,
    out: str | Path | None = None,
    options: RunOptions | None = None,
    llm: LLM | None = None,
    progress: ProgressArgument = None,
    until: Step = Step.GENERATE,
    accept_changes: bool = False,
    keep_context: bool = False,
) -> Run:
    """Write, check and deduplicate documents until n are accepted; brainstorms and plans first if that is missing.

    A run that exists at `out` (default: output/ and the context's id) is continued, and every reply it paid for is
    used. `world` may also be such a run; then n is known. `max_cost` is a cap in dollars, earlier starts included. All
    other settings go into `options`. `llm` is your own engine in place of a named one. `progress` is "bar", or a
    function that is called often with a `Progress`; without it nothing is printed. A run reads the file that its
    context came from as it is now; with `keep_context` it uses its own copy.

    Raises `ConfigError`, `ContextError`, `PlanError` or `RunError` before anything is spent, also for a run that was
    begun with other inputs, unless `accept_changes` is set; `StopRun` when nothing more can be done now (a cap reached,
    a key refused): call again to continue. A run may also end short of n: see `Run.status`.
    """
    options = RunOptions(n=n, engine=engine, model=model, max_cost=max_cost).over(options or RunOptions())
    options = with_custom_engine(options, llm)
    reporter = reporter_for(progress)
    try:
        where = Path(out) if out else None
        proposal = open_proposal(world, options, reporter, run=where, keep_context=keep_context)
        proposal.setup.check_ready(planned=until > Step.BRAINSTORM)
        setup = proposal.apply(accept_changes)
        await aexecute(setup, until, reporter, lambda: False, llm)
    finally:
        reporter.close()
    return Run(setup.run.path)


def _waited(job: Callable[P, Coroutine[Any, Any, Run]]) -> Callable[P, Run]:
    """The same job for callers outside an event loop."""

    @wraps(job)
    def wait(*args: P.args, **settings: P.kwargs) -> Run:
        return wait_for(job(*args, **settings))

    wait.__name__ = wait.__qualname__ = job.__name__.removeprefix("a")
    return wait


generate = _waited(agenerate)


def with_custom_engine(options: RunOptions, llm: LLM | None) -> RunOptions:
    """The options of a run whose engine is the caller's own, if `llm` is given."""
    return options if llm is None else RunOptions(engine=CUSTOM, model=options.model or llm.engine).over(options)


def brainstorm(
    world: World,
    *,
    out: str | Path | None = None,
    options: RunOptions | None = None,
    llm: LLM | None = None,
    progress: ProgressArgument = None,
) -> Run:
    """Document types and ideas for each, unless the run has them: `generate` until the brainstorm."""
    return generate(world, out=out, options=options, llm=llm, progress=progress, until=Step.BRAINSTORM)


def plan(
    world: World,
    *,
    n: int | None = None,
    out: str | Path | None = None,
    options: RunOptions | None = None,
    llm: LLM | None = None,
    progress: ProgressArgument = None,
) -> Run:
    """Which document carries which fact, and how: `generate` until the plan. See `Run.plan_report` and `Run.slots`."""
    return generate(world, n=n, out=out, options=options, llm=llm, progress=progress, until=Step.PLAN)


def estimate(
    world: World,
    *,
    n: int | None = None,
    model: str | None = None,
    out: str | Path | None = None,
    options: RunOptions | None = None,
) -> Estimate:
    """Calls, tokens and dollars that `generate` would still take; nothing is sent or written.

    If the run's engine is the embedded writer, which is free, and no model is named, a default model is priced.
    """
    options = RunOptions(n=n, model=model).over(options or RunOptions())
    where = Path(out) if out else None
    return estimate_cost(open_proposal(world, options, SilentReporter(), run=where, priced_only=True), options.model)
