"""The run folder `output/<run>/`: the only module that writes run artefacts.

Everything in it but run.json and llm.jsonl is derived from the context, the configuration and the journalled replies,
so it can be thrown away and made again at no cost. Finished files are written beside and renamed.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic_core import from_json, to_json

from docgen.appendlog import AppendLog, read_lines
from docgen.errors import RunError
from docgen.records import Attempt, Cast, DocumentType, Idea, Record, Slot

if TYPE_CHECKING:
    import polars as pl

__all__ = ["OUTPUT", "RunFolder", "find_run", "latest_run", "list_runs", "read_attempts", "write_beside"]

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
"""Last made first, so that a kill while they are thrown away never leaves attempts without their plan."""

R = TypeVar("R", bound=Record)


class RunFolder:
    """One run on disk. Reading needs no lock; whoever writes holds `lock()`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """The run's name: its folder's."""
        return self.path.name

    @property
    def journal(self) -> Path:
        """Every completed LLM call, append-only."""
        return self.path / "llm.jsonl"

    @property
    def attempts(self) -> Path:
        """Every attempt with its verdict, append-only."""
        return self.path / "attempts.jsonl"

    @property
    def corpus(self) -> Path:
        """The accepted documents."""
        return self.path / "corpus.parquet"

    @property
    def slots(self) -> Path:
        """The plan."""
        return self.path / "slots.jsonl"

    @property
    def context(self) -> Path:
        """The universe context as used."""
        return self.path / "context.yaml"

    def report(self, name: str) -> Path:
        """Path of one report, e.g. "salience.json"."""
        return self.path / "reports" / name

    def export(self, form: str) -> Path:
        """Folder of one export format."""
        return self.path / "export" / form

    def exists(self) -> bool:
        """Whether a run was begun here."""
        return (self.path / "run.json").is_file()

    def read_meta(self) -> dict[str, Any]:
        """What run.json says."""
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
            raise RunError("holds no JSON object", str(file), "Restore it, or start a new run with --run NAME")
        return value

    def write_json(self, name: str, value: object) -> Path:
        """Write a finished JSON file, e.g. "run.json" or "reports/salience.json"."""
        file = self.path / name
        return write_beside(file, [to_json(value, indent=2) + b"\n"])

    def write_text(self, name: str, text: str) -> Path:
        """Write a finished text file."""
        return write_beside(self.path / name, [text.encode("utf-8")])

    def write_lines(self, name: str, lines: Iterable[bytes]) -> Path:
        """Write a finished file from whole lines, streaming."""
        return write_beside(self.path / name, lines)

    def write_records(self, name: str, records: Iterable[Record]) -> Path:
        """Write a finished JSON-lines file, one record a line, streaming."""
        return write_beside(self.path / name, (to_json(record) + b"\n" for record in records))

    def read_types(self) -> list[DocumentType]:
        """The document types; empty before the brainstorm."""
        return list(_records(self.path / "types.jsonl", DocumentType))

    def read_ideas(self) -> list[Idea]:
        """All ideas, by type; empty before the brainstorm."""
        return list(_records(self.path / "ideas.jsonl", Idea))

    def read_cast(self) -> Cast:
        """Names and places of the world; empty where the brainstorm brought none."""
        try:
            return Cast.model_validate_json((self.path / "cast.json").read_bytes())
        except FileNotFoundError:
            return Cast()
        except ValueError as error:
            fix = "Delete it and types.jsonl: they are made again from llm.jsonl at no cost"
            raise RunError("is not a cast", str(self.path / "cast.json"), fix) from error

    def read_slots(self) -> Iterator[Slot]:
        """The plan, in order, streaming."""
        return _records(self.slots, Slot)

    def read_attempts(self) -> Iterator[Attempt]:
        """Every attempt so far, in order, streaming; also while another process writes."""
        return _records(self.attempts, Attempt)

    def open_attempts(self) -> AppendLog:
        """The attempts, for appending."""
        return AppendLog(self.attempts)

    def write_corpus(self, rows: Callable[[], "pl.LazyFrame"]) -> int:
        """Write corpus.parquet, streaming; returns its number of documents."""
        import polars as pl

        beside = self.path / f".corpus.{os.getpid()}.part"
        try:
            rows().sink_parquet(beside, compression="zstd", maintain_order=True, row_group_size=10_000)
            beside.replace(self.corpus)
        except pl.exceptions.PolarsError as error:
            fix = "Make room on the disk and run the same command again: everything paid for is kept"
            raise RunError(f"cannot be written ({str(error).splitlines()[0]})", str(self.corpus), fix) from error
        finally:
            beside.unlink(missing_ok=True)
        return int(pl.scan_parquet(self.corpus).select(pl.len()).collect().item())

    def corpus_is_current(self) -> bool:
        """Whether corpus.parquet was written after the last attempt."""
        return self.corpus.exists() and self.corpus.stat().st_mtime_ns > self.attempts.stat().st_mtime_ns

    def drop_of_corpus(self) -> bool:
        """Throw away what was made from an earlier corpus; whether there was anything."""
        found = [self.path / name for name in ("reports", "export") if (self.path / name).exists()]
        for folder in found:
            shutil.rmtree(folder)
        return bool(found)

    def drop_derived(self) -> None:
        """Throw away everything that can be derived again."""
        for name in DERIVED:
            target = self.path / name
            if target.is_dir():
                shutil.rmtree(target)
            else:
                target.unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run for writing; `RunError` names the process that has it already. Freed by the kernel on a kill."""
        self.path.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
                fix = "Wait for it, watch it with: docgen status, or use another --run NAME"
                raise RunError(f"is in use by process {owner}", str(self.path), fix) from error
            os.ftruncate(fd, 0)
            os.pwrite(fd, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(fd)


def write_beside(file: Path, pieces: Iterable[bytes]) -> Path:
    """Write a finished file: beside its place, synced, then renamed, so that it is there whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as out:
            out.writelines(pieces)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    return file


def read_attempts(path: Path, start: int = 0, stop: int | None = None, first_line: int = 1) -> Iterator[Attempt]:
    """Attempts of a run's file in the lines from byte `start`, which is line `first_line`, to before `stop`."""
    return _records(path, Attempt, start, stop, first_line)


def _records(file: Path, kind: type[R], start: int = 0, stop: int | None = None, first_line: int = 1) -> Iterator[R]:
    for number, (_, line) in enumerate(read_lines(file, start, stop), first_line):
        try:
            yield kind.model_validate_json(line)
        except ValueError as error:
            fix = "It was edited or the disk is damaged; delete the file: it is made again from llm.jsonl at no cost"
            raise RunError(f"is not a {kind.__name__.lower()} record", f"{file}:{number}", fix) from error


def list_runs(root: Path = OUTPUT) -> list[RunFolder]:
    """Runs under `root`, the most recently used first."""
    if not root.is_dir():
        return []
    runs = [RunFolder(path) for path in sorted(root.iterdir()) if (path / "run.json").is_file()]
    return sorted(runs, key=lambda run: _last_used(run.path), reverse=True)


def _last_used(path: Path) -> float:
    return max(file.stat().st_mtime for file in (path / "run.json", path / "attempts.jsonl", path) if file.exists())


def latest_run(root: Path = OUTPUT) -> RunFolder:
    """The run used last; `RunError` when there is none."""
    runs = list_runs(root)
    if not runs:
        raise RunError("there is no run here", str(root), "Start one: docgen run CONTEXT --n 100 (docgen context list)")
    return runs[0]


def find_run(name: str, root: Path = OUTPUT) -> RunFolder:
    """A run by name or by the path of its folder."""
    for path in (Path(name), root / name):
        if _is_run(path):
            return RunFolder(path)
    known = ", ".join(run.name for run in list_runs(root)) or "none"
    raise RunError("no such run", name[:80], f"Runs in {root} (docgen runs): {known}")


def _is_run(path: Path) -> bool:
    try:
        return (path / "run.json").is_file()
    except OSError:  # a name too long for the file system names no run
        return False
