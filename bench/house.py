"""How easy is the code to read? Counts what a reader meets; prints one table.

    python bench/house.py [--package docgen] [--static]

Static figures come from the syntax trees of a package (any importable one, to compare with: httpx, stamina). The trips
are measured on docgen itself, on one `docgen run` of 50 documents by the embedded writer:

- *files and returns, command to corpus*: functions in the order in which each is first called, from the command's own
  on; a return is a step to another file that was visited before. Comprehensions and lambdas are left out: who reads
  the function around one has read it too. Counted over everything, and over the job itself, without the libraries that
  it calls and the parts of `pipeline/` that front them (LIBRARIES, as a folder anywhere in a path): a reader takes
  those as they are.
- *files from the entry to the engine*: distinct files on the call stack when the first document is asked for, with
  the stacks that created its tasks.
"""

import argparse
import ast
import asyncio
import importlib.util
import inspect
import subprocess
import sys
import tempfile
import tokenize
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

VAGUE = frozenset(
    ["found", "made", "held", "kept", "asked", "told", "wanted", "seen", "given", "gone", "sought", "known"]
)
"""Local names that say what happened to a value and not what it is."""
LIBRARIES = frozenset(["planning", "embedded_writer", "kernels", "dedupe", "text", "audit", "corpus", "parallel"])
"""Folders of what the job calls and what stands on its own."""
COMMAND = "cli/generate.py", "run"
"""Where the trip starts: what is called before it serves every command."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--package", default="docgen")
    parser.add_argument("--static", action="store_true", help="leave the trips out")
    options = parser.parse_args()
    rows = static_figures(package_folder(options.package))
    if options.package == "docgen" and not options.static:
        rows |= trip_figures()
    for name, value in rows.items():
        print(f"{name:<58}{value}")


def package_folder(name: str) -> Path:
    """Where an importable package lies."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{name}: cannot be imported")
    return Path(spec.origin).parent


def static_figures(folder: Path) -> dict[str, str]:
    """Figures of a package's source."""
    files = [file for file in sorted(folder.rglob("*.py")) if "/tests/" not in str(file)]
    sources = {file: file.read_text("utf-8") for file in files}
    trees = {file: ast.parse(source) for file, source in sources.items()}
    lines = sum(1 for source in sources.values() for line in source.splitlines() if line.strip())
    comments = sum(count_comments(file) for file in files)
    constants = sum(len(list(module_constants(tree))) for tree in trees.values())
    names = Counter(name for tree in trees.values() for name in local_names(tree))
    vague = sum(count for name, count in names.items() if name in VAGUE)
    helpers, single = private_helpers(trees.values())
    folders = Counter(file.parent for file in files)
    return {
        "files / code lines": f"{len(files)} / {lines}",
        "longest file, lines": str(max(source.count("\n") for source in sources.values())),
        "fullest folder, files": str(max(folders.values())),
        "names importable from the package": str(len(exported(trees.get(folder / "__init__.py")))),
        "private helpers called from one place": f"{single / max(1, helpers):.0%} of {helpers}",
        "module constants per 1,000 code lines": f"{1000 * constants / lines:.1f}",
        "vague local names (found, made, held, ...)": f"{vague / max(1, names.total()):.1%} of {names.total()}",
        "comments per 100 code lines": f"{100 * comments / lines:.2f}",
    }


def count_comments(file: Path) -> int:
    """Comment lines, without tool directives, and the strings that document a module constant."""
    with file.open("rb") as stream:
        tokens = [token for token in tokenize.tokenize(stream.readline) if token.type == tokenize.COMMENT]
    plain = [token for token in tokens if not token.string.lstrip("# ").startswith(("type:", "noqa", "fmt:", "pragma"))]
    body = ast.parse(file.read_text("utf-8")).body
    documented = sum(
        isinstance(here, ast.Assign | ast.AnnAssign)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        for here, after in pairwise(body)
    )
    return len(plain) + documented


def module_constants(tree: ast.Module) -> Iterator[str]:
    """Upper-case names assigned at the top of a module."""
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            parts = target.elts if isinstance(target, ast.Tuple) else [target]
            yield from (part.id for part in parts if isinstance(part, ast.Name) and part.id.lstrip("_").isupper())


def local_names(tree: ast.Module) -> Iterator[str]:
    """Every local name a function binds, once per function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from {
                name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
            }


def private_helpers(trees: Any) -> tuple[int, int]:
    """(private module-level functions and methods, those named in one place beside their definition)."""
    helpers = single = 0
    for tree in trees:
        uses = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
        uses.update(node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and is_private(node.name):
                helpers += 1
                single += uses[node.name] == 1
    return helpers, single


def is_private(name: str) -> bool:
    """Whether a name begins with one underscore."""
    return name.startswith("_") and not name.startswith("__")


def exported(tree: ast.Module | None) -> list[str]:
    """The names in a package's `__all__`; without one the public names that it imports or defines."""
    for node in tree.body if tree else []:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            return (
                [
                    item.value
                    for item in ast.walk(value)
                    if isinstance(item, ast.Constant) and isinstance(item.value, str)
                ]
                if value
                else []
            )
    return []


def trip_figures() -> dict[str, str]:
    """The trips, measured in a fresh process in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, __file__, "trace"], cwd=folder, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise SystemExit(done.stderr)
    files, returns, own_files, own_returns, entry = done.stdout.split("\n")[-2].split()
    return {
        "files, command to corpus": f"{files}, the job itself {own_files}",
        "returns to a file visited before, command to corpus": f"{returns}, the job itself {own_returns}",
        "files from the entry to the engine": entry,
    }


class Tracer:
    """A profile function: files by the first call of each function, and the stack at the first document."""

    def __init__(self, package: Path) -> None:
        self.package, self.seen = package, set[Any]()
        self.order: list[tuple[Path, str]] = []
        self.entry: set[str] = set()
        self.creators: dict[Any, set[str]] = {}

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        """Note a call."""
        code = frame.f_code
        if event != "call":
            return
        if code not in self.seen:
            self.seen.add(code)
            file = Path(code.co_filename)
            # The bodies of modules and classes run at import: nobody reads them as part of the trip.
            if file.is_relative_to(self.package) and code.co_flags & inspect.CO_OPTIMIZED:
                self.order.append((file.relative_to(self.package), code.co_qualname))
        if code.co_name == "complete" and not self.entry and "embedded_writer" in code.co_filename:
            request = frame.f_locals.get("request")
            if getattr(request, "stage", "") == "document":
                self.entry = self.stack(frame)

    def stack(self, frame: FrameType | None) -> set[str]:
        """Files of docgen on the stack, and on the stacks that created the running task."""
        files = set()
        while frame is not None:
            if frame.f_code.co_filename.startswith(str(self.package)):
                files.add(frame.f_code.co_filename)
            frame = frame.f_back
        try:
            return files | self.creators.get(asyncio.current_task(), set())
        except RuntimeError:
            return files

    def create(self, loop: Any, coroutine: Any, **options: Any) -> Any:
        """A task factory that remembers who created each task."""
        task = asyncio.Task(coroutine, loop=loop, **options)
        self.creators[task] = self.stack(sys._getframe(1))
        return task

    def trip(self, skip: frozenset[str] = frozenset()) -> list[tuple[Path, str]]:
        """(file, function) at each step to another file, from the command on, without folders to skip."""
        start = next(number for number, (file, name) in enumerate(self.order) if (file.as_posix(), name) == COMMAND)
        steps: list[tuple[Path, str]] = []
        for file, name in self.order[start:]:
            skipped = name.endswith(">") or skip & set(file.parts)
            if not skipped and (not steps or file != steps[-1][0]):
                steps.append((file, name))
        return steps


def files_and_returns(steps: list[tuple[Path, str]]) -> tuple[int, int]:
    """How many files a trip visits, and how many of its steps lead to a file that was visited before."""
    files = len({file for file, _ in steps})
    return files, len(steps) - files


def trace() -> None:
    """Run 50 documents under the tracer; print files and returns, those of the job itself, files from the entry.

    Called in a folder of its own (`python bench/house.py trace`) it leaves the job's own steps there, in trip.txt.
    """
    from docgen.__main__ import main as docgen

    tracer = Tracer(package_folder("docgen"))
    real = asyncio.new_event_loop

    def traced_loop() -> Any:
        loop = real()
        loop.set_task_factory(tracer.create)
        return loop

    asyncio.events.new_event_loop = traced_loop
    asyncio.runners.events.new_event_loop = traced_loop  # type: ignore[attr-defined]
    sys.argv = ["docgen", "run", "tutorial", "--n", "50", "--engine", "offline", "--quiet", "--run", "trip"]
    sys.setprofile(tracer)
    try:
        docgen()
    except SystemExit as stop:
        if stop.code:
            raise
    finally:
        sys.setprofile(None)
    own = tracer.trip(LIBRARIES)
    Path("trip.txt").write_text("".join(f"{file}  {name}\n" for file, name in own), "utf-8")
    print(*files_and_returns(tracer.trip()), *files_and_returns(own), len(tracer.entry))


if __name__ == "__main__":
    trace() if sys.argv[1:] == ["trace"] else main()
