"""The run that a command looks at: by its name or path, or the latest that can be opened."""

from docgen.errors import UserError
from docgen.files.run_folder.run_folder import RunFolder, find_run, latest_run, list_runs
from docgen.pipeline.inputs.setup import reopen
from docgen.progress import Reporter

__all__ = ["run_or_latest"]


def run_or_latest(name: str | None, reporter: Reporter) -> RunFolder:
    """The run of that name or path; without a name the latest one that can be opened, and a note that says which."""
    if name is not None:
        return find_run(name)
    broken: list[str] = []
    for run in list_runs():
        if not (problem := unusable(run)):
            for line in broken:
                reporter.note(f"Passed over: {line}")
            reporter.note(f"Latest run: {run.path}")
            return run
        broken.append(problem)
    return latest_run()


def unusable(run: RunFolder) -> str:
    """Why a run cannot be opened; empty when it can."""
    try:
        reopen(run)
    except (UserError, OSError) as error:
        return str(error)
    return ""
