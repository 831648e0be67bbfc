"""A corpus opened in the explorer: its index, its labels, and what detects facts and leaks in its texts."""

import atexit
import getpass
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from docgen.errors import UserError
from docgen.explorer.index.entries import RunSource, Source
from docgen.explorer.index.facts_ideas_slots import describe_world
from docgen.explorer.index.index_maintenance import IndexManager, view_folder
from docgen.explorer.index.schema import is_of_machine
from docgen.explorer.labels.store import LabelStore
from docgen.explorer.read.snapshot import Snapshot
from docgen.explorer.viewable import Page
from docgen.progress import Reporter, SilentReporter

if TYPE_CHECKING:
    from docgen.explorer.live_detectors import Detectors
    from docgen.explorer.read.verdicts import Judges

__all__ = ["View"]

T = TypeVar("T")

POLL_SECONDS = 2.0
"""Seconds between two checks whether the corpus has grown."""


class View:
    """One corpus, followed while it grows. `context` is the file of its context, None without one."""

    def __init__(self, source: Source, reporter: Reporter | None = None, context: Path | None = None) -> None:
        self.source, self.name = source, source.name
        self.keeper = IndexManager(source)
        self.run = source.folder if isinstance(source, RunSource) else None
        self.context_file = context or (self.run.context if self.run and self.run.context.exists() else None)
        beside = view_folder(source)
        why_not = "Nothing can be written next to the corpus: make the folder writable, or view a copy of it"
        self.labels = LabelStore(beside, why_not if self.keeper.is_aside else "")
        try:
            self.who = getpass.getuser()
        except (KeyError, OSError):  # a container's user need not have a name
            self.who = "somebody"
        self._reporter: Reporter = reporter or SilentReporter()
        self._snapshot: Snapshot | None = None
        self._seen: object = None
        self._looked = 0.0
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None
        self._warming: threading.Thread | None = None
        self._closing = threading.Event()
        self.problem = ""

    def open(self) -> Snapshot:
        """The newest state, after bringing the index up to date, however long that takes. Raises `UserError` if that
        cannot be."""
        return self.whole(lambda: self._opened(self._reporter))

    def _opened(self, reporter: Reporter) -> Snapshot:
        self._seen = self.keeper.stamp()
        self.keeper.update(reporter)
        return self._renew()

    def whole(self, read: Callable[[], T]) -> T:
        """What `read` makes of the index; where that is damaged, of one made anew.

        Raises `UserError` where that fails too: the disk is full, or the corpus is being rewritten.
        """
        try:
            return read()
        except sqlite3.DatabaseError as error:
            if is_of_machine(error):
                raise self._unusable(error) from error
            self._reporter.note(f"The index was damaged ({error}); it is being rebuilt")
        try:
            self.keeper.discard()
            self._opened(self._reporter)
            return read()
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _unusable(self, error: sqlite3.Error) -> UserError:
        fix = "Run it again when nothing else writes there; see whether the disk has room"
        return UserError(f"the index cannot be used ({error})", str(self.keeper.folder), fix)

    @property
    def snapshot(self) -> Snapshot:
        """The newest state that is ready; growth is indexed in the background."""
        if self._snapshot is None:
            with self._lock:
                return self._snapshot or self.open()
        if time.monotonic() - self._looked > POLL_SECONDS:
            self._looked = time.monotonic()
            if self.keeper.stamp() != self._seen and not self.is_indexing:
                self._start()
        return self._snapshot

    @property
    def is_indexing(self) -> bool:
        """Whether growth is being indexed right now."""
        return self._worker is not None and self._worker.is_alive()

    def _start(self) -> None:
        self._worker = threading.Thread(target=self._follow, daemon=True)
        self._worker.start()

    def _follow(self) -> None:
        try:
            stamp = self.keeper.stamp()
            if self.keeper.update(SilentReporter()) is not None:
                self._seen = stamp
            self._renew()
            self.problem = ""
        except (OSError, sqlite3.Error, UserError) as error:  # said on every page; existing pages stay
            self.problem = f"The index could not follow the corpus: {error}"

    def _renew(self) -> Snapshot:
        run = self.run.path if self.run else None
        self._snapshot = Snapshot(self.keeper.file, run)
        if self._take_verdicts(self._snapshot):
            self._snapshot = Snapshot(self.keeper.file, run)
        if self.run is None and self.detectors is not None:
            world = describe_world(self.detectors.context, {})
            self._snapshot.world = world | {"facts": [fact | {"asked": None} for fact in world["facts"]]}
        return self._snapshot

    def _take_verdicts(self, snapshot: Snapshot) -> bool:
        """Index what a judge said, if there is anything new of it."""
        judged = int(snapshot.rows("SELECT count(*) FROM judged")[0][0])
        stamp = [judged, snapshot.documents]
        if not judged or snapshot.meta("verdicts") == stamp:
            return False
        from docgen.explorer.read.verdicts import Judges, verdict_columns

        judges = Judges.of(self.run, snapshot) if self.run else None
        if judges is None:
            return False
        self.__dict__.pop("judges", None)
        return self.keeper.add_columns("verdicts", stamp, lambda: verdict_columns(snapshot, judges))

    def rebuild(self) -> None:
        """Discard a damaged index and rebuild it in the background."""
        with self._lock:
            if not self.is_indexing:
                self.keeper.discard()
                self._start()

    @cached_property
    def detectors(self) -> "Detectors | None":
        """The detectors of facts and leaks by wording; None without a context. Takes a while the first time."""
        if self.context_file is None:
            return None
        from docgen.explorer.live_detectors import Detectors

        return Detectors.of(self.context_file)

    @cached_property
    def judges(self) -> "Judges | None":
        """Reads the verdicts of judges from the run's journal; None if there are none."""
        from docgen.explorer.read.verdicts import Judges

        return Judges.of(self.run, self.snapshot) if self.run else None

    def report(self, name: str) -> dict[str, Any] | None:
        """A report of the last audit, e.g. "salience.json"; None without one that can be read."""
        from docgen.explorer.read.reports import saved_report

        return saved_report(self.run.report(name)) if self.run else None

    @property
    def pages(self) -> tuple[Page, ...]:
        """See `Viewable`."""
        from docgen.explorer.pages.page_registry import PAGES  # which imports this module

        return PAGES

    def head(self) -> dict[str, Any]:
        """See `Viewable`."""
        from docgen.explorer.pages.page_query import run_word

        return run_word(self)

    def numbers(self) -> dict[str, int]:
        """See `Viewable`."""
        from docgen.explorer.pages.page_query import fact_numbers

        return fact_numbers(self.snapshot)

    def at_random(self) -> str:
        """See `Viewable`."""
        snapshot = self.snapshot
        if not snapshot.documents:
            return ""
        return f"documents/{quote(snapshot.id_of(secrets.randbelow(snapshot.documents)), safe='')}"

    def warm(self) -> None:
        """Load in the background what the first document page would have to wait for; does nothing the second time.

        It starts a little later, so that the current page, with its style and scripts, does not wait for it.
        """

        def load() -> None:
            if not self._closing.wait(0.5):  # chosen: style and scripts of the first page are loaded by then
                _ = self.detectors

        if self._warming is None:
            self._warming = threading.Thread(target=load, daemon=True)
            self._warming.start()
            atexit.register(self.close)

    def close(self) -> None:
        """Wait for background work: compiled code must not keep running while the interpreter exits."""
        self._closing.set()
        for thread in (self._worker, self._warming):
            if thread is not None:
                thread.join()
