"""`docgen` alone: an overview of this folder, and what to do next."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docgen.pipeline.run import RunLine

__all__ = ["next_steps", "show_home"]

MAX_RUNS = 5
"""Most runs listed; the others are only counted, since each costs a pass over its attempts."""


def show_home() -> None:
    """Print the contexts and the latest runs here, and the next commands that make sense."""
    from pathlib import Path

    from docgen import __version__
    from docgen.cli.shared.console import console, table
    from docgen.files.run_folder.run_folder import list_runs
    from docgen.pipeline.run import list_lines
    from docgen.universe import list_contexts

    contexts, folders = list_contexts(Path.cwd()), list_runs()
    lines = list_lines(folders[:MAX_RUNS])
    local = list(dict.fromkeys(entry.name for entry in contexts if entry.origin == "local"))
    shipped = [entry.name for entry in contexts if entry.origin == "shipped" and entry.name not in local]
    console.print(f"docgen {__version__}: synthetic document corpora for fine-tuning\n", markup=False)
    console.print(f"Your contexts (universe_contexts/): {', '.join(local) or 'none yet'}", markup=False)
    console.print(f"Shipped contexts: {', '.join(shipped)}", markup=False)
    if not lines:
        console.print("Runs (output/): none yet", markup=False)
    else:
        more = f"and {len(folders) - len(lines):,} more: docgen runs" if len(folders) > len(lines) else None
        rows = [[line.run, line.context, _state(line)] for line in lines]
        console.print()
        console.print(table(("run", "context", "documents"), rows, caption=more))
    console.print("\nNext:")
    steps = next_steps(lines, bool(folders and folders[0].lock_owner()), local)
    width = max((len(command) for command, _ in steps), default=0)
    for command, why in steps:
        fits = 4 + width + len(why) <= console.width
        line = f"  {command:<{width}}  {why}" if fits else f"  {command}\n      {why}"
        console.print(line, markup=False, soft_wrap=True)
    console.print("\nAll commands: docgen --help", markup=False)


def _state(line: "RunLine") -> str:
    if line.problem:
        return "cannot be read: docgen runs says why"
    if line.n is None:
        return "no number of documents yet"
    done = "" if line.accepted < line.n else ", complete"
    return f"{line.accepted:,} of {line.n:,}{done}"


def next_steps(lines: "list[RunLine]", at_work: bool, local: list[str]) -> list[tuple[str, str]]:
    """Commands to continue with, and what for, from the latest run on; `at_work`: a process is writing it."""
    steps = _of_run(lines[0], at_work) if lines and not lines[0].problem else []
    used = {line.context for line in lines}
    fresh = [name for name in local if name not in used]
    if fresh:
        steps.append((f"docgen context check {fresh[0]}", "is it ready to use?"))
        steps.append((f"docgen estimate {fresh[0]} --n 2000", "what it will cost"))
    if not lines:
        steps.append(("docgen run tutorial --n 50", "try it: free, no key, a minute"))
    if not local:
        steps.append(("docgen init my_world", "a context of your own"))
    return steps


def _of_run(line: "RunLine", at_work: bool) -> list[tuple[str, str]]:
    from docgen.records import IMPORTED_ENGINE

    name = line.run
    if at_work:
        return [
            (f"docgen tail {name}", "watch it"),
            (f"docgen ctl {name} --pause", "pause it; also --resume, --concurrency, --max-cost"),
        ]
    if line.kind == "sweep":
        return [(f"docgen status {name}", "its levels"), (f"docgen export {name}", "training files of all levels")]
    if line.engine == IMPORTED_ENGINE:
        return [
            (f"docgen audit all {name}", "what it says, with a report"),
            (f"docgen show {name} --random", "read one"),
        ]
    if line.n is None:
        return [(f"docgen generate {name} --n 500", "write documents")]
    if line.accepted < line.n:
        return [(f"docgen run {name}", "continue where it stopped"), (f"docgen show {name} --random", "read one")]
    return [
        (f"docgen show {name} --random", "read one"),
        (f"docgen open {name}", "its report"),
        (f"docgen export {name} --format trl", "training files, or another format"),
    ]
