"""All runs at a glance, from their files alone, cheap enough for corpora of any size."""

import datetime as dt
from collections.abc import Iterable

from pydantic import Field

from docgen.errors import UserError
from docgen.files.append_log import read_lines
from docgen.files.run_folder import RunFolder
from docgen.pipeline.setup import reopen
from docgen.records import Record

__all__ = ["RunLine", "list_lines", "unusable"]

ACCEPTED = b'"verdict":"accepted"'
"""As a record is written. Quotes inside a text are escaped, so that no document can look like it."""


class RunLine(Record):
    """One run. `problem` says why it cannot be read; what is not known of such a run is empty."""

    run: str
    path: str
    context: str = ""
    engine: str = ""
    model: str = ""
    accepted: int = 0
    n: int | None = None
    when: dt.datetime | None = Field(None, description="last change of its documents, or of its settings")
    problem: str = ""


def list_lines(runs: Iterable[RunFolder]) -> list[RunLine]:
    """A line for each run, in the order given; a broken run has one too."""
    return [_line(run) for run in runs]


def unusable(run: RunFolder) -> str:
    """Why a run cannot be opened; empty when it can."""
    try:
        reopen(run)
    except (UserError, OSError) as error:
        return str(error)
    return ""


def _line(run: RunFolder) -> RunLine:
    try:
        return _readable_line(run)
    except (UserError, OSError) as error:
        return RunLine(run=run.name, path=str(run.path), problem=str(error))


def _readable_line(run: RunFolder) -> RunLine:
    setup = reopen(run)
    config = setup.config
    return RunLine(
        run=run.name,
        path=str(run.path),
        context=setup.context.id,
        engine=config.engine or "",
        model=config.model or "",
        accepted=sum(ACCEPTED in line for _, line in read_lines(run.attempts)),
        n=config.n,
        when=_when(run),
    )


def _when(run: RunFolder) -> dt.datetime:
    file = run.attempts if run.attempts.exists() else run.path / "run.json"
    return dt.datetime.fromtimestamp(file.stat().st_mtime).astimezone()
