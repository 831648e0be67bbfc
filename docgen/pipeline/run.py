"""A run on disk, opened for reading; and all runs at a glance."""

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from docgen.errors import UserError
from docgen.files.append_log import read_lines
from docgen.files.run_folder.run_folder import RunFolder, find_run
from docgen.options.run import RunConfig
from docgen.pipeline.execution.shared_budget import level_runs
from docgen.pipeline.families.index import family_kind
from docgen.pipeline.inputs.setup import Setup, reopen
from docgen.records import (
    EMBEDDED_NOTICE,
    Attempt,
    Document,
    DocumentType,
    Idea,
    Record,
    Slot,
    document_id,
    is_embedded,
)
from docgen.universe import UniverseContext

if TYPE_CHECKING:
    from docgen.pipeline.status import Summary
    from docgen.planning.plan_report import PlanReport

__all__ = ["Run", "RunLine", "list_lines"]


class Run:
    """An existing run, by its name under output/ or the path of its folder. Raises `RunError` if it does not exist.

    Everything is read from the folder on demand, streaming what is long, also while another process works on the run.
    """

    def __init__(self, name_or_path: str | Path) -> None:
        self.folder = find_run(str(name_or_path))
        self.setup: Setup = reopen(self.folder)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.folder.path

    @property
    def context(self) -> UniverseContext:
        """The context that it was made from."""
        return self.setup.context

    @property
    def config(self) -> RunConfig:
        """Its settings."""
        return self.setup.config

    def documents(self) -> Iterator[Document]:
        """The accepted documents in the order of acceptance."""
        for attempt in self.folder.read_attempts():
            if attempt.verdict == "accepted":
                yield Document(
                    id=document_id(attempt.slot),
                    text=attempt.text,
                    doc_type=attempt.doc_type,
                    idea=attempt.idea,
                    facts=attempt.facts,
                    words=attempt.words,
                    tokens=attempt.tokens,
                    engine=attempt.engine,
                    model=attempt.model,
                    attempts=attempt.number,
                    seed=attempt.seed,
                )

    def attempts(self) -> Iterator[Attempt]:
        """Every attempt so far with its verdict, rejected ones with their reasons."""
        return self.folder.read_attempts()

    def slots(self) -> Iterator[Slot]:
        """The plan: what each document is to be. `RunError` before there is one."""
        return self.folder.read_slots()

    def types(self) -> list[DocumentType]:
        """The document types; empty before the brainstorm."""
        return self.folder.read_types()

    def ideas(self) -> list[Idea]:
        """All ideas, by type; empty before the brainstorm."""
        return self.folder.read_ideas()

    def plan_report(self) -> "PlanReport":
        """Each fact's share as asked and as planned, and how evenly it is spread."""
        from docgen.pipeline.inputs.plan import plan_of

        cast = self.folder.read_cast()
        return plan_of(self.context, self.config, self.types(), self.ideas(), self.setup.n, cast).report()

    def status(self) -> "Summary":
        """Its state: counts, reasons for rejections, salience by fact, spending."""
        from docgen.pipeline.status import summarise

        return summarise(self.setup)

    def export(
        self,
        form: str = "text",
        *,
        doctag: bool = False,
        out: str | Path | None = None,
        accept_unfinished: bool = False,
    ) -> Path:
        """Write training files with a manifest and a dataset card to `out`; returns the folder.

        `out` is export/FORM by default, with `doctag` export/FORM-doctag. `doctag` puts <DOCTAG> before each text, or
        in a user turn, to be masked in training. A run that is short of its documents, or was not audited since they
        changed, is refused unless `accept_unfinished`.
        """
        from docgen.pipeline.corpora.export import export_run

        return export_run(self.folder, form, doctag, Path(out) if out else None, accept_unfinished)[0]


class RunLine(Record):
    """One run. `problem` says why it cannot be read; unknown fields of such a run are empty."""

    run: str
    path: str
    kind: Literal["run", "sweep", "control"] = "run"
    corpora: int = Field(1, description="more than one for a sweep, whose documents are added up")
    context: str = ""
    engine: str = ""
    model: str = ""
    writer: str = Field("", description="a notice if it is the embedded writer")
    accepted: int = 0
    n: int | None = None
    when: dt.datetime | None = Field(None, description="last change of its documents, or of its settings")
    problem: str = ""


def list_lines(runs: Iterable[RunFolder]) -> list[RunLine]:
    """A line for each run, in the order given, cheap for corpora of any size; a broken run has one too."""
    lines = []
    for run in runs:
        try:
            lines.append(_line(run))
        except (UserError, OSError) as error:
            lines.append(RunLine(run=run.name, path=str(run.path), problem=str(error)))
    return lines


def _line(run: RunFolder) -> RunLine:
    setup = reopen(run)
    kind = family_kind(run)
    corpora = level_runs(run) if kind == "sweep" else [run]
    files = [file for each in corpora for file in (each.attempts, each.path / "run.json") if file.exists()]
    n, attempts = setup.config.n, (line for each in corpora for _, line in read_lines(each.attempts))
    return RunLine(
        run=run.name,
        path=str(run.path),
        kind=kind or "run",
        corpora=len(corpora),
        context=setup.context.id,
        engine=setup.config.engine or "",
        model=setup.config.model or "",
        writer=EMBEDDED_NOTICE if is_embedded(setup.config.engine, setup.config.model) else "",
        # Quotes inside a text are escaped, so that no document can look like a verdict.
        accepted=sum(b'"verdict":"accepted"' in line for line in attempts),
        n=None if n is None else n * len(corpora),
        when=dt.datetime.fromtimestamp(max(file.stat().st_mtime for file in files)).astimezone() if files else None,
    )
