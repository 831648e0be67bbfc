"""The run folder `output/<run>/`: the only module that writes run artefacts.

Everything in it except run.json and llm.jsonl is derived from the context, the configuration and the journalled
replies, so it can be deleted and rebuilt at no cost. Finished files are written to a temporary file and renamed.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic_core import from_json, to_json

from docgen.errors import RunError
from docgen.files.append_log import AppendLog, read_lines
from docgen.files.atomic import beside, write_beside
from docgen.records import Attempt, Cast, DocumentType, Idea, Record, Slot

if TYPE_CHECKING:
    import polars as pl

__all__ = ["OUTPUT", "RunFolder", "find_run", "latest_run", "list_runs", "read_attempts"]

OUTPUT = Path("output")
DERIVED = (
    "export",
    "reports",
    "corpus.parquet",
    "attempts.jsonl",
    "slots.jsonl",
    "ideas.jsonl",
    "types.jsonl",
    "cast.json",
)
"""In reverse order of creation, so that a kill during deletion never leaves attempts without their plan."""

LOCKED_FIX = "Wait for it, watch it with: docgen status, or use another --run NAME"

R = TypeVar("R", bound=Record)


class RunFolder:
    """One run on disk. Reading needs no lock; writers hold `lock()`."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name
        self.journal = path / "llm.jsonl"
        """Every completed LLM call, append-only."""
        self.attempts = path / "attempts.jsonl"
        """Every attempt with its verdict, append-only."""
        self.corpus = path / "corpus.parquet"
        """The accepted documents."""
        self.slots = path / "slots.jsonl"
        """The plan."""
        self.context = path / "context.yaml"
        """The universe context as used."""

    def report(self, name: str) -> Path:
        """Path of one report, e.g. "salience.json"."""
        return self.path / "reports" / name

    def export(self, form: str) -> Path:
        """Folder of one export format."""
        return self.path / "export" / form

    def exists(self) -> bool:
        """Whether there is a run here."""
        return (self.path / "run.json").is_file()

    def read_meta(self) -> dict[str, Any]:
        """The contents of run.json. Raises `RunError` if it is missing or not a JSON object."""
        file = self.path / "run.json"
        try:
            value = from_json(file.read_bytes())
        except FileNotFoundError as error:
            raise RunError(
                "is not a run", str(self.path), "Runs are folders with a run.json; see: docgen runs"
            ) from error
        except ValueError as error:
            raise RunError(
                f"is not JSON ({error})", str(file), "Restore it, or start a new run with --run NAME"
            ) from error
        if not isinstance(value, dict):
            raise RunError("is not a JSON object", str(file), "Restore it, or start a new run with --run NAME")
        return value

    def write_json(self, name: str, value: object) -> Path:
        """Write a finished JSON file, e.g. "run.json" or "reports/salience.json"."""
        file = self.path / name
        return write_beside(file, [to_json(value, indent=2) + b"\n"])

    def write_text(self, name: str, text: str) -> Path:
        """Write a finished text file."""
        return write_beside(self.path / name, [text.encode("utf-8")])

    def write_lines(self, name: str, lines: Iterable[bytes]) -> Path:
        """Write a finished file from complete lines, streaming."""
        return write_beside(self.path / name, lines)

    def write_records(self, name: str, records: Iterable[Record]) -> Path:
        """Write a finished JSON-lines file, one record per line, streaming."""
        return write_beside(self.path / name, (to_json(record) + b"\n" for record in records))

    def read_types(self) -> list[DocumentType]:
        """The document types; empty before the brainstorm."""
        return list(_records(self.path / "types.jsonl", DocumentType))

    def read_ideas(self) -> list[Idea]:
        """All ideas, grouped by type; empty before the brainstorm."""
        return list(_records(self.path / "ideas.jsonl", Idea))

    def read_cast(self) -> Cast:
        """Names and places of the world; empty where the brainstorm brought none."""
        try:
            return Cast.model_validate_json((self.path / "cast.json").read_bytes())
        except FileNotFoundError:
            return Cast()
        except ValueError as error:
            fix = "Delete it and types.jsonl: they are rebuilt from llm.jsonl at no cost"
            raise RunError("is not a record of names and places", str(self.path / "cast.json"), fix) from error

    def read_slots(self) -> Iterator[Slot]:
        """The plan, in order, streaming."""
        return _records(self.slots, Slot)

    def read_attempts(self) -> Iterator[Attempt]:
        """Every attempt so far, in order, streaming; also while another process writes."""
        return _records(self.attempts, Attempt)

    def open_attempts(self) -> AppendLog:
        """The attempts, opened for appending."""
        return AppendLog(self.attempts)

    def write_corpus(self, rows: Callable[[], "pl.LazyFrame"]) -> int:
        """Write corpus.parquet, streaming; returns the number of documents. Raises `RunError` when the disk is full."""
        import polars as pl

        try:
            with beside(self.corpus) as part:
                rows().sink_parquet(part, compression="zstd", maintain_order=True, row_group_size=10_000)
        except pl.exceptions.PolarsError as error:
            fix = "Free some disk space and run the same command again: everything paid for is kept"
            raise RunError(f"cannot be written ({str(error).splitlines()[0]})", str(self.corpus), fix) from error
        return int(pl.scan_parquet(self.corpus).select(pl.len()).collect().item())

    def corpus_is_current(self) -> bool:
        """Whether corpus.parquet was written after the last attempt."""
        return self.corpus.exists() and self.corpus.stat().st_mtime_ns > self.attempts.stat().st_mtime_ns

    def delete_corpus_outputs(self) -> bool:
        """Delete reports and exports made from an earlier corpus; returns whether there were any."""
        outdated = [self.path / name for name in ("reports", "export") if (self.path / name).exists()]
        for folder in outdated:
            shutil.rmtree(folder)
        return bool(outdated)

    def delete_derived(self) -> None:
        """Delete everything that can be derived again."""
        for name in DERIVED:
            target = self.path / name
            if target.is_dir():
                shutil.rmtree(target)
            else:
                target.unlink(missing_ok=True)

    @contextmanager
    def lock(self, fix: str = LOCKED_FIX) -> Iterator[None]:
        """Lock the run for writing. Raises `RunError` naming the process that holds it; a kill releases the lock."""
        self.path.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
                raise RunError(f"is in use by process {owner}", str(self.path), fix) from error
            os.ftruncate(fd, 0)
            os.pwrite(fd, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(fd)

    def lock_owner(self) -> str:
        """The process that holds the lock, as of now; empty when nobody does."""
        if not (self.path / ".lock").exists():
            return ""
        fd = os.open(self.path / ".lock", os.O_RDONLY)
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
        finally:
            os.close(fd)
        return ""


def read_attempts(path: Path, start: int = 0, stop: int | None = None, first_line: int = 1) -> Iterator[Attempt]:
    """Attempts on the lines from byte `start`, which is line `first_line`, up to but excluding byte `stop`."""
    return _records(path, Attempt, start, stop, first_line)


def _records(file: Path, kind: type[R], start: int = 0, stop: int | None = None, first_line: int = 1) -> Iterator[R]:
    for number, (_, line) in enumerate(read_lines(file, start, stop), first_line):
        try:
            yield kind.model_validate_json(line)
        except ValueError as error:
            fix = "It was edited or the disk is damaged; delete the file: it is rebuilt from llm.jsonl at no cost"
            raise RunError(f"is not a {kind.__name__.lower()} record", f"{file}:{number}", fix) from error


def list_runs(root: Path = OUTPUT) -> list[RunFolder]:
    """Runs under `root`, the most recently used first."""
    if not root.is_dir():
        return []

    def last_used(run: RunFolder) -> float:
        files = (run.path / "run.json", run.attempts, run.path)
        return max(file.stat().st_mtime for file in files if file.exists())

    runs = [RunFolder(path) for path in sorted(root.iterdir()) if (path / "run.json").is_file()]
    return sorted(runs, key=last_used, reverse=True)


def latest_run(root: Path = OUTPUT) -> RunFolder:
    """The most recently used run. Raises `RunError` if there is none."""
    runs = list_runs(root)
    if not runs:
        raise RunError(
            "there are no runs here", str(root), "Start one: docgen run CONTEXT --n 100 (docgen context list)"
        )
    return runs[0]


def find_run(name: str, root: Path = OUTPUT) -> RunFolder:
    """A run by name or by the path of its folder. Raises `RunError` if there is none."""
    for path in (Path(name), root / name):
        with suppress(OSError):  # a name too long for the file system is not a run
            if (path / "run.json").is_file():
                return RunFolder(path)
    known = ", ".join(run.name for run in list_runs(root)) or "none"
    raise RunError("no such run", name[:80], f"Runs in {root} (docgen runs): {known}")
