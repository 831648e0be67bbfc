"""What the shell offers after the tab key: contexts, runs, facts, formats. Install it: docgen --install-completion.

Names are read from disk each time, and nothing is ever raised or printed: a line being typed may mean anything.
"""

from collections.abc import Iterable

import typer

__all__ = ["contexts", "facts", "formats", "runs", "targets", "targets_of_facts"]


def contexts(incomplete: str) -> list[str]:
    """Contexts by name, local ones first."""
    from pathlib import Path

    from docgen.errors import UserError
    from docgen.universe import list_contexts

    try:
        return _beginning(incomplete, (entry.name for entry in list_contexts(Path.cwd())))
    except UserError:
        return []


def runs(incomplete: str) -> list[str]:
    """Runs under output/, the one used last first."""
    from docgen.files.run_folder.run_folder import list_runs

    try:
        return _beginning(incomplete, (run.name for run in list_runs()))
    except OSError:
        return []


def targets(incomplete: str) -> list[str]:
    """Contexts and runs."""
    return list(dict.fromkeys([*contexts(incomplete), *runs(incomplete)]))


def facts(ctx: typer.Context, incomplete: str) -> list[str]:
    """The facts of the context or run on the line, else of the latest run."""
    values = [ctx.params.get(name) for name in ("target", "run", "source")]
    names = [name for each in values for name in ([each] if isinstance(each, str) else each or ())]
    return _beginning(incomplete, _facts_of(names[0] if names else None))


def targets_of_facts(ctx: typer.Context, incomplete: str) -> list[str]:
    """Facts in the form that --salience takes: FACT=, for the last entry of a list."""
    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{fact}=" for fact in facts(ctx, last)]


def formats(incomplete: str) -> list[str]:
    """Export formats."""
    from docgen.exporting.formats.table import FORMATS

    return _beginning(incomplete, (form.name for form in FORMATS))


def _facts_of(name: str | None) -> list[str]:
    from pathlib import Path

    from docgen.errors import UserError
    from docgen.files.run_folder.run_folder import find_run, latest_run
    from docgen.universe import find_context, load_context

    try:
        try:
            file = latest_run().context if name is None else find_run(name).context
        except UserError:
            file = find_context(name or "", Path.cwd())
        return [fact.id for fact in load_context(file).key_facts]
    except (UserError, OSError):
        return []


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]
