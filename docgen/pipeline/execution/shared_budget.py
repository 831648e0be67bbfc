"""Who shares money with a run: the members of a sweep share one cap, a fork and its parents their replies, and a file
of requests that is run elsewhere spends the run's own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from docgen.errors import RunError
from docgen.files.run_folder.run_folder import LEVELS, RunFolder
from docgen.text.output.plurals_and_money import plural

if TYPE_CHECKING:
    from docgen.llm.journal import JournalReader

__all__ = [
    "check_handed_out",
    "check_parents",
    "check_single",
    "family_of",
    "level_runs",
    "levels_of",
    "lock_for_spending",
]


def levels_of(run: RunFolder) -> Path | None:
    """The folder of a sweep's levels, if the run is its base or one of them; else None."""
    above = run.path.parent
    if above.name == LEVELS and RunFolder(above.parent).exists():
        return above
    own = run.path / LEVELS
    return own if own.is_dir() else None


def family_of(run: RunFolder) -> tuple[Path, ...]:
    """The journals of a sweep, its base's first, of which `run` is one; empty outside a sweep."""
    levels = levels_of(run)
    if levels is None:
        return ()
    return (levels.parent / "llm.jsonl", *(path / "llm.jsonl" for path in sorted(levels.iterdir()) if path.is_dir()))


def level_runs(run: RunFolder) -> list[RunFolder]:
    """The corpora of the sweep with this folder; empty if it is not a sweep's."""
    folder = run.path / LEVELS
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    return [level for path in paths if (level := RunFolder(path)).exists()]


def check_single(run: RunFolder, command: str = "") -> None:
    """Raise `RunError` for the folder of a sweep, which contains several corpora but is not one itself.

    `command` is the command that was used and works on any of its levels, such as "docgen open".
    """
    corpora = level_runs(run)
    if corpora:
        levels = [f"{run.name}/{corpus.name}" for corpus in corpora]
        do = f"Name one level: {command} {levels[-1]}" if command else "Name one level"
        others = levels[:-1] if command else levels
        listed = f" (or {', '.join(others)})" if command and others else "" if command else f": {', '.join(others)}"
        what = f"is a sweep of {len(corpora)} corpora, not one corpus"
        raise RunError(what, run.name, f"{do}{listed}; docgen view {run.name} compares the levels")


@contextmanager
def lock_for_spending(run: RunFolder) -> Iterator[None]:
    """Lock a run, and the family whose cap it shares, for spending. Raises `RunError` when either is in use."""
    levels = levels_of(run)
    with RunFolder(levels).lock() if levels else nullcontext(), run.lock():
        yield


def check_parents(parents: Sequence[Path]) -> None:
    """Raise `RunError` while a run whose replies are shared is at work or waits for batches.

    What it is about to receive would otherwise be bought a second time. `parents` are journals.
    """
    from docgen.llm.batch.log import read_batches
    from docgen.llm.engine import BATCHES_FILE

    for journal in parents:
        run = RunFolder(journal.parent)
        waiting = sum(entry.open for entry in read_batches(journal.with_name(BATCHES_FILE)))
        if waiting:
            fix = f"Collect them first (docgen generate {run.name} --batch), or cancel them: docgen batches --cancel"
            batches = plural(waiting, "batch", "batches")
            what = f"shares its replies with this fork and waits for {batches}: both would buy the same"
            raise RunError(what, str(run.path), fix)
        owner = run.lock_owner()
        if owner:
            what = f"shares its replies with this fork and is in use by process {owner}: both would buy the same"
            raise RunError(what, str(run.path), "Wait for it, or stop it (Ctrl-C), and run the same command again")


def check_handed_out(journal: "JournalReader", runs: Sequence[Path], stage: str = "") -> None:
    """Raise `RunError` while requests of these runs are in a file of `docgen requests` without a reply in `journal`.

    Buying them as well would pay twice. `runs` are journals: the run's own, if it is about to buy, and those of its
    parents. `stage`: how the name of the steps begins that are about to be bought; "" for all.
    """
    from docgen.llm.by_file.log import HANDED_OUT_FILE, HandOuts

    for path in runs:
        run = RunFolder(path.parent)
        handed = HandOuts(run.path / HANDED_OUT_FILE)
        lying = map(handed.get, handed.waiting(journal))
        waiting = [each for each in lying if each and each.stage.startswith(stage)]
        if waiting:
            files = sorted({each.file for each in waiting})
            requests = f"{plural(len(waiting), 'request')} in {', '.join(files)}"
            what = f"{requests} without a reply: buying them here would pay twice"
            fix = f"Take their replies (docgen replies {run.name} FILE), or, if that file will not be run, say so"
            raise RunError(what, str(run.path), f"{fix}: docgen requests {run.name} --withdraw")
