"""The index: the same however it came about, grown or at once, killed or not, damaged or not."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bench.view_corpus import make_run as make_bench_run
from docgen.errors import UserError
from docgen.explorer.corpus_opening import open_views
from docgen.explorer.index import builder
from docgen.explorer.index.schema import get_meta
from docgen.explorer.read.filters import Filters, mask_of
from docgen.explorer.read.listing import list_documents
from docgen.explorer.view import View
from tests.explorer.corpora import copy_of


def opened(path: Path) -> View:
    return open_views([str(path)])[0]


def nobody(_: str) -> tuple[str, ...]:
    return ()


def content(path: Path) -> object:
    """Everything that pages are made from."""
    snapshot = opened(path).snapshot
    columns = {name: snapshot.column(name).tolist() for name in ("slot", "type", "words", "at", "fact:0", "fact:1")}
    found = {
        q: mask_of(snapshot, Filters(q=q), nobody).tolist() for q in ("lamp", "boats", "orrick library", "-boats tea")
    }
    dropped = snapshot.rows("SELECT slot, number, verdict FROM attempt ORDER BY id")
    return snapshot.summary, columns, found, dropped


def test_a_run_that_grows_has_the_index_of_one_made_at_once(run: Path, tmp_path: Path) -> None:
    """Line by line, with a torn last line in between: the index at the end is the one of the whole."""
    grown = copy_of(run, tmp_path)
    lines = (run / "attempts.jsonl").read_bytes().splitlines(keepends=True)
    file = grown / "attempts.jsonl"
    file.write_bytes(b"")
    for number, line in enumerate(lines):
        with file.open("ab") as log:
            log.write(line[:7])
            log.flush()
            if number % 5 == 0:
                opened(grown)
            log.write(line[7:])
    assert content(grown) == content(run)


def test_a_kill_while_indexing_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL in the middle, then once more: as if nothing had been."""
    run = tmp_path / "bench"
    make_bench_run(run, 2_500, sentences=300)
    code = "import sys; from docgen.explorer.index import builder; builder.BATCH_BYTES = 30_000\n"
    code += "from docgen.explorer.corpus_opening import open_views; open_views([sys.argv[1]])"
    process = subprocess.Popen([sys.executable, "-c", code, str(run)])
    index = run / "view" / "index.sqlite"
    while process.poll() is None and not _documents(index):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = _documents(index)
    assert 0 < done < 2_500
    after_kill = content(run)
    (run / "view" / "index.sqlite").unlink()
    monkeypatch.setattr(builder, "BATCH_BYTES", 1 << 30)
    assert after_kill == content(run)


def _documents(index: Path) -> int:
    try:
        return int(get_meta(sqlite3.connect(f"{index.as_uri()}?mode=ro", uri=True), "documents", 0))
    except sqlite3.Error:
        return 0


def test_a_damaged_index_is_made_anew(run: Path, tmp_path: Path) -> None:
    """Garbage in place of the file, and garbage in its middle."""
    own = copy_of(run, tmp_path)
    whole, index = content(own), own / "view" / "index.sqlite"
    index.write_bytes(b"not a database at all" * 1000)
    assert content(own) == whole


def test_another_file_of_attempts_is_indexed_from_its_start(run: Path, tmp_path: Path) -> None:
    """A rewritten file, as dedupe of attempts or a new start leaves it, is not taken for one that grew."""
    own = copy_of(run, tmp_path)
    assert opened(own).snapshot.documents == 24
    lines = (own / "attempts.jsonl").read_bytes().splitlines(keepends=True)
    fewer = tmp_path / "fewer"
    fewer.write_bytes(b"".join(line for line in lines if json.loads(line)["slot"] < 5))
    fewer.replace(own / "attempts.jsonl")
    snapshot = opened(own).snapshot
    assert snapshot.documents == 5
    assert sorted(snapshot.column("slot").tolist()) == [0, 1, 2, 3, 4]


def test_pages_of_a_list_cover_it_once(tmp_path: Path) -> None:
    """Whatever the order and the filter, following "after" shows every document once, in order; "before" goes back."""
    run = tmp_path / "bench"
    make_bench_run(run, 430, sentences=300)
    snapshot = opened(run).snapshot
    for filters in (
        Filters(),
        Filters(sort="-words"),
        Filters((("fact", "fact_3"),)),
        Filters(q="prevalent", sort="rank"),
    ):
        seen, after = [], None
        while True:
            page = list_documents(snapshot, filters, nobody, after=after)
            seen += page.docs
            if page.before is not None:
                assert (
                    list_documents(snapshot, filters, nobody, before=page.before).docs
                    == seen[-len(page.docs) - 50 : -len(page.docs)]
                )
            if page.after is None:
                break
            after = page.after
        assert len(seen) == len(set(seen)) == page.total == np.count_nonzero(mask_of(snapshot, filters, nobody))
    words = snapshot.column("words")[seen_of(snapshot, Filters(sort="-words"))]
    assert (np.diff(words) <= 0).all()


def seen_of(snapshot: object, filters: Filters) -> list[int]:
    return list_documents(snapshot, filters, nobody).docs  # type: ignore[arg-type]


def test_an_index_that_cannot_be_written_is_one_line(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> sqlite3.Connection:
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr("docgen.explorer.index.index_maintenance.connect", refuse)
    with pytest.raises(UserError, match="the index cannot be built"):
        opened(copy_of(run, tmp_path))
