"""Verifies a paid run at its end: a judge reads a random sample of its documents."""

from docgen.options.audit import AuditOptions, JudgeMode, JudgeOptions
from docgen.pipeline.audit.audit import Audit
from docgen.pipeline.audit.runs.run_reports import read_leakage
from docgen.pipeline.execution.job import Job
from docgen.pipeline.inputs.setup import Setup

__all__ = ["verification_of", "verify_step"]


def verification_of(setup: Setup) -> JudgeOptions | None:
    """Which documents of a run are read by which model; None if none are to be read, or its engine is free."""
    config = setup.config
    if not setup.is_paid or config.verify == 0:
        return None
    which = JudgeMode("all") if config.verify == "all" else JudgeMode("sample", config.verify)
    return JudgeOptions(which=which, engine=config.engine, model=config.judge_model or config.model)


async def verify_step(job: Job) -> bool:
    """Have the sample judged, and rewrite the reports with what the judge says.

    Its calls go through the run's own engine: they are journalled, and its cap applies to them too. Does nothing for a
    free engine, or if a later audit has had all documents judged.
    """
    setup, engine, reporter = job.setup, job.engine, job.reporter
    options = verification_of(setup)
    if options is None or engine.budget is None:
        return True
    saved = read_leakage(setup)
    if saved is not None and saved.judge.startswith("all ") and options.which.kind == "sample":
        return True
    result = Audit(setup.context, AuditOptions(processes=True, judge=options)).scan(setup, reporter)
    await result.judge_async(engine.llm, reporter=reporter)
    if result.unjudged:
        reasons = "; ".join(f"{reason} ({count:,})" for reason, count in result.unjudged_reasons.items())
        reporter.note(f"The judge gave no usable verdict on {result.unjudged:,} documents: {reasons}")
    if not result.in_vain:
        result.save(html=True)
    return True
