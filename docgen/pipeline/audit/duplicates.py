"""The proof that a finished corpus has no near-duplicates: the whole corpus compared with itself once more."""

import json
from typing import TYPE_CHECKING

from pydantic_core import from_json

from docgen.errors import RunError
from docgen.pipeline.inputs.setup import Setup
from docgen.progress import Progress

if TYPE_CHECKING:
    from docgen.pipeline.execution.job import Job

__all__ = ["duplicates_step", "read_duplicates"]


async def duplicates_step(job: "Job") -> bool:
    """Deduplicate the corpus on disk as `docgen dedupe` would, removing nothing; writes reports/dedupe.json."""
    from docgen.dedupe.job import DedupeSettings
    from docgen.dedupe.sketch.parameters import Scheme
    from docgen.dedupe.source import open_corpus
    from docgen.dedupe.workflow import Job as DedupeJob
    from docgen.dedupe.workflow import run_dedupe

    setup, config = job.setup, job.setup.config
    dedupe = DedupeJob(DedupeSettings(scheme=Scheme.of(config.threshold, config.ngram)))
    outcome = run_dedupe(open_corpus([setup.run.corpus]), dedupe)
    setup.run.write_json("reports/dedupe.json", json.loads(json.dumps(outcome.report, default=str)))
    setup.run.stamp_reports(["dedupe.json"])
    job.reporter.progress(Progress("duplicates", len(outcome.result.ids), len(outcome.result.ids)))
    return True


def read_duplicates(setup: Setup) -> int | None:
    """Documents of the corpus that `dedupe` would remove; None if this corpus was not compared yet."""
    if not setup.run.report_is_current("dedupe.json"):
        return None
    file = setup.run.report("dedupe.json")
    try:
        return int(from_json(file.read_bytes())["removed"])
    except (ValueError, KeyError, TypeError) as error:
        raise RunError("is not one of docgen's reports", str(file), "Make it again: docgen dedupe RUN") from error
