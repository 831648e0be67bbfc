"""The run folder `output/<run>/`: the only module that writes run artefacts.

Everything in it except run.json and llm.jsonl is derived from the context, the configuration and the journalled
replies, so it can be deleted and rebuilt at no cost. Finished files are written to a temporary file and renamed.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic_core import from_json, to_json

from docgen.errors import RunError
from docgen.files.append_log import AppendLog, read_lines
from docgen.files.atomic import write_atomically
from docgen.files.digests import file_digest
from docgen.files.parquet import parquet_metadata, write_parquet
from docgen.files.run_folder.duplicate_attempts import count_repeated, first_of_each
from docgen.files.run_folder.folder_lock import lock_folder, lock_owner
from docgen.records import Attempt, Cast, DocumentType, Idea, Record, Slot
from docgen.text.output.spelling_suggestions import suggestion

if TYPE_CHECKING:
    import polars as pl

__all__ = ["LEVELS", "OUTPUT", "RunFolder", "find_run", "latest_run", "list_runs", "read_attempts"]

OUTPUT = Path("output")
LEVELS = "levels"
"""Folder of a sweep's runs, in the folder of its base."""
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
MADE_FROM = "docgen.attempts"
"""Key in the metadata of corpus.parquet: the digest of attempts.jsonl."""
STAMPS = "made_from.json"
"""In the folder of reports: the digest of attempts.jsonl for each report."""

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

    def journals_of(self, parents: Iterable[str]) -> tuple[Path, ...]:
        """The journals of other runs, whose folders are named relative to the one that contains this run.

        Raises `RunError` for a name that is not a path.
        """
        try:
            return tuple((self.path.parent / parent / "llm.jsonl").resolve() for parent in parents)
        except (ValueError, RuntimeError) as error:  # a NUL; a loop of links
            what, fix = f'"parents" holds what is not a path ({error})', "Correct it, or start anew with --run NAME"
            raise RunError(what, str(self.path / "run.json"), fix) from error

    def exists(self) -> bool:
        """Whether there is a run here."""
        return (self.path / "run.json").is_file()

    def read_meta(self) -> dict[str, Any]:
        """The contents of run.json. Raises `RunError` if it is missing or not a JSON object."""
        file = self.path / "run.json"
        try:
            value = from_json(file.read_bytes())
        except FileNotFoundError as error:
            fix = "Runs are folders with a run.json; see: docgen runs"
            raise RunError("is not a run", str(self.path), fix) from error
        except ValueError as error:
            fix = "Restore it, or start a new run with --run NAME"
            raise RunError(f"is not JSON ({error})", str(file), fix) from error
        parts = value if isinstance(value, dict) else {}
        if not all(isinstance(parts.get(name, {}), dict) for name in ("config", "context", "templates")) or not parts:
            raise RunError("is not a description of a run", str(file), "Restore it, or start anew with --run NAME")
        if _holds_nul(parts):
            raise RunError("holds a NUL character", str(file), "Restore it, or start anew with --run NAME")
        return parts

    def write_json(self, name: str, value: object) -> Path:
        """Write a finished JSON file, e.g. "run.json" or "reports/salience.json"."""
        return self.write_lines(name, [to_json(value, indent=2) + b"\n"])

    def write_text(self, name: str, text: str) -> Path:
        """Write a finished text file."""
        return self.write_lines(name, [text.encode("utf-8")])

    def write_lines(self, name: str, lines: Iterable[bytes]) -> Path:
        """Write a finished file from complete lines, streaming."""
        return write_atomically(self.path / name, lines, of_run=True)

    def write_records(self, name: str, records: Iterable[Record]) -> Path:
        """Write a finished JSON-lines file, one record per line, streaming."""
        return self.write_lines(name, (to_json(record) + b"\n" for record in records))

    def read_types(self) -> list[DocumentType]:
        """The document types; empty before the brainstorm."""
        return list(_records(self.path / "types.jsonl", DocumentType))

    def read_ideas(self) -> list[Idea]:
        """All ideas, grouped by type; empty before the brainstorm."""
        return list(_records(self.path / "ideas.jsonl", Idea))

    def read_cast(self) -> Cast:
        """Names and places of the world; empty if the brainstorm did not bring any."""
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

    def open_attempts(self, say: Callable[[str], None] = lambda _: None) -> AppendLog:
        """The attempts, opened for appending; `say` gets a line on what had to be repaired in them."""
        if repeated := self.drop_repeated_attempts():
            say(f"{self.attempts.name}: {repeated:,} attempts occurred twice; the first of each is kept")
        log = AppendLog(self.attempts)
        if log.dropped:
            say(f"{self.attempts.name}: dropped a half-written last line ({log.dropped} bytes)")
        return log

    def drop_repeated_attempts(self) -> int:
        """Leave the first of attempts that occur twice, as after copying a file into itself; returns how many were
        dropped."""
        if repeated := count_repeated(self.attempts):
            self.write_lines("attempts.jsonl", first_of_each(self.attempts))
        return repeated

    def write_corpus(self, rows: Callable[[], "pl.LazyFrame"]) -> int:
        """Write corpus.parquet, streaming, with the digest of the attempts it is made from; returns its documents.

        Raises `UserError` when the disk is full. The caller holds the lock.
        """
        import polars as pl

        made_from = {MADE_FROM: file_digest(self.attempts)}
        write_parquet(rows(), self.corpus, row_group_size=10_000, metadata=made_from, of_run=True)
        return int(pl.scan_parquet(self.corpus, glob=False).select(pl.len()).collect().item())

    def corpus_is_current(self) -> bool:
        """Whether corpus.parquet was made from the attempts as they are: by content, since clocks can go back."""
        return self.corpus.exists() and parquet_metadata(self.corpus).get(MADE_FROM) == file_digest(self.attempts)

    def stamp_reports(self, names: Iterable[str]) -> None:
        """Record that these reports, just written, are about the attempts as they are now."""
        self.write_json(f"reports/{STAMPS}", self._stamps() | dict.fromkeys(names, file_digest(self.attempts)))

    def report_is_current(self, name: str) -> bool:
        """Whether the report exists and is about the attempts as they are now."""
        return self.report(name).exists() and self._stamps().get(name) == file_digest(self.attempts)

    def _stamps(self) -> dict[str, str]:
        try:
            stamps = from_json(self.report(STAMPS).read_bytes())
        except (FileNotFoundError, ValueError):  # a damaged one proves nothing, so the reports count as outdated
            return {}
        return stamps if isinstance(stamps, dict) else {}

    def delete_corpus_outputs(self) -> bool:
        """Delete reports and exports made from an earlier corpus; returns whether there were any."""
        outdated = [self.path / name for name in ("reports", "export") if (self.path / name).exists()]
        for folder in outdated:
            _remove(folder)
        return bool(outdated)

    def delete_derived(self) -> None:
        """Delete everything that can be derived again."""
        for name in DERIVED:
            _remove(self.path / name)

    @contextmanager
    def lock(self, fix: str = LOCKED_FIX) -> Iterator[None]:
        """Lock the run for writing. Raises `RunError` naming the process that holds it; a kill releases the lock."""
        with lock_folder(self.path, fix):
            yield

    def lock_owner(self) -> str:
        """The process that currently holds the lock; empty if none does."""
        return lock_owner(self.path)


def _holds_nul(value: object) -> bool:
    """Whether a text in it holds a NUL, which no path, address or header may."""
    if isinstance(value, dict):
        return any(map(_holds_nul, (*value, *value.values())))
    return any(map(_holds_nul, value)) if isinstance(value, list) else isinstance(value, str) and "\0" in value


def _remove(path: Path) -> None:
    """Remove a file, a folder, or a link to one, whose target is left alone."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


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
        return max((at for file in files if (at := _changed(file)) is not None), default=0.0)

    runs = [RunFolder(path) for path in sorted(root.iterdir()) if _changed(path / "run.json") is not None]
    return sorted(runs, key=last_used, reverse=True)


def _changed(file: Path) -> float | None:
    """When it was last changed; None if it does not exist. A file that cannot be examined counts as existing, and
    old."""
    try:
        return file.stat().st_mtime
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return 0.0


def latest_run(root: Path = OUTPUT) -> RunFolder:
    """The most recently used run. Raises `RunError` if there is none."""
    runs = list_runs(root)
    if not runs:
        fix = "Start one: docgen run CONTEXT --n 100 (docgen context list)"
        raise RunError("there are no runs here yet", str(root), fix)
    return runs[0]


def find_run(name: str, root: Path = OUTPUT) -> RunFolder:
    """A run by name or by the path of its folder, a sweep's level also as SWEEP/LEVEL. `RunError` if there is none."""
    sweep, _, level = name.rpartition("/")
    for path in (Path(name), root / name, *((root / sweep / LEVELS / level,) if sweep else ())):
        with suppress(OSError):  # a name too long for the file system is not a run
            if (path / "run.json").is_file():
                return RunFolder(path)
    names = [run.name for run in list_runs(root)]
    otherwise = f"Runs in {root} (docgen runs): {', '.join(names) or 'none'}"
    raise RunError("no such run", name[:80], suggestion(name[:80], names, otherwise))
