"""A disk that is full, files cut off in mid-line, files that somebody else wrote into."""

import logging
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from docgen.errors import UserError
from docgen.llm.fake import FakeLLM
from docgen.pipeline.execution.steps import corpus_step
from docgen.pipeline.inputs.setup import Setup
from docgen.pipeline.status import summarise
from docgen.progress import SilentReporter
from tests.runs import corpus, documents, run_job, set_up_run
from tests.worlds import first, spoils, writes_well

N = 30


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Writes beyond `size` bytes of a file fail, as they do on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def whole(folder: Path) -> Setup:
    setup = set_up_run(folder, run="whole", n=N)
    run_job(setup, FakeLLM(writes_well))
    return setup


@pytest.mark.parametrize("size", [1, 700, 3_000, 9_000])
def test_full_disk_stops_the_run_and_room_lets_it_go_on(
    tmp_path: Path, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing that reached the disk is bought again, and no line is left half written."""
    expected = whole(tmp_path)
    setup, before = set_up_run(tmp_path, n=N, concurrency=4), FakeLLM(writes_well)
    with caplog.at_level(logging.WARNING), files_no_larger_than(size), pytest.raises(OSError, match="too large"):
        run_job(setup, before)
    assert caplog.records == [], "one error, no noise from calls that were in flight"
    kept = setup.run.journal.read_bytes()
    assert kept == b"" or kept.endswith(b"\n")
    assert len(before.requests) - kept.count(b"\n") <= 4, "only what was in flight is lost"

    after = FakeLLM(writes_well)
    notes = run_job(setup, after)
    assert notes.notes == []
    assert len(after.requests) == N + 4 - kept.count(b"\n")
    assert corpus(setup).equals(corpus(expected))


def test_corpus_that_cannot_be_written_is_one_error_and_leaves_the_old_one(tmp_path: Path) -> None:
    setup = whole(tmp_path)
    before = setup.run.corpus.read_bytes()
    lines = setup.run.attempts.read_bytes().splitlines(keepends=True)
    setup.run.attempts.write_bytes(b"".join(reversed(lines)))
    with files_no_larger_than(100), pytest.raises((UserError, OSError)):
        corpus_step(setup, SilentReporter())
    assert setup.run.corpus.read_bytes() == before
    assert not list(setup.run.path.glob(".*part"))


@pytest.mark.parametrize("cut", [1, 20, 200])
@pytest.mark.parametrize("name", ["llm.jsonl", "attempts.jsonl"])
def test_half_written_line_is_dropped_and_said(tmp_path: Path, name: str, cut: int) -> None:
    """What a kill in the middle of a write leaves behind."""
    setup = whole(tmp_path)
    expected = corpus(setup)
    file = setup.run.path / name
    os.truncate(file, file.stat().st_size - cut)
    (setup.run.path / "corpus.parquet").unlink()
    llm = FakeLLM(writes_well)
    notes = run_job(setup, llm)
    assert [note.split(":")[0] for note in notes.notes] == [name]
    assert "half-written" in notes.notes[0]
    assert len(llm.requests) == 0
    assert corpus(setup).sort("id").equals(expected.sort("id"))


def test_journal_with_foreign_lines_is_used_and_said(tmp_path: Path) -> None:
    setup = whole(tmp_path)
    setup.run.journal.write_bytes(b'what?\n{"key": 7}\n' + setup.run.journal.read_bytes() + b"\xff\xfe\n")
    setup.run.delete_derived()
    llm = FakeLLM(writes_well)
    notes = run_job(setup, llm)
    assert llm.requests == []
    assert any("3 unreadable" in note for note in notes.notes)
    assert summarise(setup).complete


def test_lost_journal_buys_again_only_what_is_missing(tmp_path: Path) -> None:
    """Attempts on disk count although their replies are gone."""
    setup = set_up_run(tmp_path, n=N, max_attempts=1)
    run_job(setup, FakeLLM(lambda r: spoils(r, "empty") if first(r) and r.variables["seed"] % 2 else writes_well(r)))
    short = summarise(setup).empty_slots
    assert 0 < short < N
    setup.run.journal.unlink()
    llm = FakeLLM(writes_well)
    run_job(setup, llm)
    assert documents(llm) == []
    assert summarise(setup).empty_slots == short
