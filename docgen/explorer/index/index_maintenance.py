"""Maintains an index: built when it is missing, extended with its corpus, rebuilt when damaged."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from docgen.errors import UserError
from docgen.explorer.index.builder import extend_index
from docgen.explorer.index.column_segments import append, read_column
from docgen.explorer.index.entries import CorpusSource, RunSource, Source, body_text
from docgen.explorer.index.facts_ideas_slots import index_catalogue
from docgen.explorer.index.frequent_word_masks import index_frequent_words
from docgen.explorer.index.schema import VERSION, DamagedIndex, connect, create, get_meta, is_of_machine, put_meta
from docgen.explorer.index.spending_and_judge_replies import index_journal
from docgen.explorer.index.summary import summarise
from docgen.progress import Reporter
from docgen.text import digest

__all__ = ["IndexManager", "file_state", "view_folder"]

FILE = "index.sqlite"


def view_folder(source: Source) -> Path:
    """Where index and labels of a corpus are: in the run's folder, or next to the first file."""
    if isinstance(source, RunSource):
        return source.path / "view"
    return source.path.with_name(f"{source.path.name}.view")


class IndexManager:
    """The index of one corpus. `is_aside`: it is in the user's cache, since nothing can be written next to the corpus.

    `update` may be called from any thread or process; one of them works, the others return at once.
    """

    def __init__(self, source: Source) -> None:
        self.source, self.is_aside = source, False
        folder = view_folder(source)
        if not _can_write(folder):
            cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
            folder, self.is_aside = cache / "docgen" / "view" / digest(str(source.path.resolve()), size=8), True
            if not _can_write(folder):
                fix = "Make one of them writable, or point XDG_CACHE_HOME to a folder that is"
                raise UserError(f"cannot be written for an index, and neither can {folder}", str(source.path), fix)
        self.folder = folder
        self.file = folder / FILE

    def stamp(self) -> tuple[tuple[int, int, int], ...]:
        """Changes whenever there may be something new to index: a run's file grows, is replaced or goes."""
        if not isinstance(self.source, RunSource):
            return ()
        return tuple(map(file_state, (self.source.folder.attempts, self.source.folder.journal)))

    def update(self, reporter: Reporter) -> int | None:
        """Bring the index up to date; the number of new documents, None if another process is doing so.

        Raises `UserError` where the corpus is gone, or the disk does not take the index.
        """
        if not self.source.path.exists():
            raise UserError("is gone", str(self.source.path), "Put it back, or view another")
        with self._alone() as is_alone:
            if not is_alone:
                return None
            try:
                return self._update(reporter)
            except sqlite3.DatabaseError as error:
                if is_of_machine(error):  # what is there of the index is sound
                    raise self._unmade(error) from error
                reporter.note(f"The index was damaged ({error}); it is being rebuilt")
                self.discard()
            try:
                return self._update(reporter)
            except sqlite3.Error as error:
                raise self._unmade(error) from error

    def _unmade(self, error: sqlite3.Error) -> UserError:
        fix = "Check that the disk has room and the folder is writable"
        return UserError(f"the index cannot be built ({error})", str(self.folder), fix)

    def _update(self, reporter: Reporter) -> int:
        connection = self._open()
        try:
            documents = extend_index(
                connection, self.source, reporter, keep_texts=isinstance(self.source, CorpusSource)
            )
            stale = get_meta(connection, "summary") is None or documents > 0
            stale |= get_meta(connection, "summarised") != get_meta(connection, "end", 0)
            if isinstance(self.source, RunSource):
                index_catalogue(connection, self.source.folder)
                index_journal(connection, self.source.folder)
            if stale:
                summarise(connection)
                index_frequent_words(connection, self._reader(connection))
                put_meta(connection, "summarised", get_meta(connection, "end", 0))
            return documents
        finally:
            connection.close()

    def _reader(self, connection: sqlite3.Connection) -> Callable[[int], str]:
        """A function that reads the text of one document."""
        source = self.source
        if not isinstance(source, RunSource):
            query = "SELECT text FROM body WHERE doc = ?"
            return lambda doc: body_text(connection.execute(query, (doc,)).fetchone()[0])
        documents = int(get_meta(connection, "documents", 0))
        at, size = (read_column(connection, name, documents) for name in ("at", "size"))
        return lambda doc: source.text(int(at[doc]), int(size[doc]))

    def add_columns(self, key: str, stamp: object, columns: Callable[[], Mapping[str, Any]]) -> bool:
        """Write columns that were computed from the index itself, unless those with the same `stamp` exist."""
        with self._alone() as is_alone:
            if not is_alone:
                return False
            connection = connect(self.file)
            try:
                if get_meta(connection, key) == stamp:
                    return False
                computed = columns()
                connection.execute("BEGIN IMMEDIATE")
                for name, values in computed.items():
                    append(connection, name, 0, values)
                put_meta(connection, key, stamp)
                connection.execute("COMMIT")
                return True
            finally:
                connection.close()

    def _open(self) -> sqlite3.Connection:
        """The index for writing, if it belongs to this corpus; else a new one."""
        identity = self.source.identity()
        connection = connect(self.file)
        if _is_of(connection, identity, self.source.end()):
            return connection
        connection.close()
        self.discard()
        connection = connect(self.file)
        create(connection, self.source.name)
        put_meta(connection, "identity", identity)
        return connection

    def discard(self) -> None:
        """Delete the index; the corpus and its labels stay."""
        for name in (FILE, f"{FILE}-wal", f"{FILE}-shm"):
            (self.folder / name).unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield True
                return
            yield False
        finally:
            os.close(lock)


def _is_of(connection: sqlite3.Connection, identity: object, end: int) -> bool:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        return False
    try:
        same = get_meta(connection, "version") == VERSION and get_meta(connection, "identity") == identity
    except DamagedIndex:  # or one of another version
        return False
    return same and (not end or int(get_meta(connection, "end", 0)) <= end)


def file_state(file: Path) -> tuple[int, int, int]:
    """(inode, size, time): differs when a file has grown, was replaced, came or went."""
    try:
        state = file.stat()
    except FileNotFoundError:
        return 0, 0, 0
    return state.st_ino, state.st_size, state.st_mtime_ns


def _can_write(folder: Path) -> bool:
    """Whether files can be created in a folder, which may have to be created first."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".lock"
        os.close(os.open(probe, os.O_RDWR | os.O_CREAT, 0o644))
    except OSError:
        return False
    return os.access(folder, os.W_OK)
