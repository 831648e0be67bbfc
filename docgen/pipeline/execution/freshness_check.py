"""Checks whether what was made from a run's attempts is up to date, and brings the corpus up to date."""

from functools import partial
from pathlib import Path

from docgen.errors import RunError
from docgen.files.run_folder.run_folder import RunFolder
from docgen.pipeline.execution.shared_budget import check_single
from docgen.stages.corpus import corpus_frame

__all__ = ["check_finished", "fresh_corpus"]


def fresh_corpus(run: RunFolder) -> Path:
    """corpus.parquet for the attempts as they are now: rewritten if it was made from others.

    Raises `RunError` without a corpus, and while another process that writes the run has not finished one.
    """
    check_single(run)
    if not run.corpus.exists() or not run.attempts.exists():
        raise RunError("has no corpus yet", run.name, f"Finish it: docgen generate {run.name}")
    if not run.corpus_is_current():
        with run.lock():
            run.drop_repeated_attempts()
            run.write_corpus(partial(corpus_frame, run.attempts))
    return run.corpus


def check_finished(run: RunFolder, documents: int, asked: int | None) -> None:
    """Raise `RunError` for a run with fewer documents than asked for, or not audited since they changed."""
    as_it_is = "or export it as it is with --accept-unfinished"
    if asked is not None and documents < asked:
        fix = f"Finish it: docgen run {run.name}, {as_it_is}"
        raise RunError(f"has {documents:,} of {asked:,} documents", run.name, fix)
    if not run.report_is_current("leakage.json"):
        fix = f"Audit it: docgen audit leakage {run.name}, {as_it_is}"
        raise RunError("was not audited since its documents changed", run.name, fix)
