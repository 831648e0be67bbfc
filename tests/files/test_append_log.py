"""The append-only log loses at most its last line, and says so."""

import errno
import os
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docgen.files.append_log import AppendLog, read_lines

LINES = st.lists(st.binary(max_size=200).map(lambda b: b.replace(b"\n", b" ")), max_size=20)


@settings(max_examples=60, deadline=None)
@given(lines=LINES, cut=st.integers(0, 400))
def test_cut_anywhere_every_whole_line_survives(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], cut: int
) -> None:
    """A file cut at any byte opens again with exactly its whole lines, and goes on from there."""
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    with closing(AppendLog(path)) as log:
        places = [log.append(line) for line in lines]
    size = max(0, path.stat().st_size - cut)
    os.truncate(path, size)
    whole = [line for line, (start, length) in zip(lines, places, strict=True) if start + length + 1 <= size]
    with closing(AppendLog(path)) as log:
        assert log.dropped == size - sum(len(line) + 1 for line in whole)
        log.append(b"after")
    assert [line for _, line in read_lines(path)] == [*whole, b"after"]


def test_places_are_where_the_lines_lie(tmp_path: Path) -> None:
    """`append` returns the offset and length by which a line is read back."""
    path = tmp_path / "log.jsonl"
    with closing(AppendLog(path)) as log:
        places = [log.append(text) for text in (b"one", b"", "zwölf".encode())]
    data = path.read_bytes()
    assert [data[start : start + length] for start, length in places] == [b"one", b"", "zwölf".encode()]


def test_readers_leave_out_a_line_that_is_being_written(tmp_path: Path) -> None:
    """A reader beside the writer sees whole lines only."""
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"one\ntwo\nthr")
    assert [line for _, line in read_lines(path)] == [b"one", b"two"]


def test_full_disk_leaves_no_torn_line() -> None:
    """When the disk is full the error is raised (here by /dev/full, which a log cannot be cut on)."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    log = AppendLog.__new__(AppendLog)
    log.path, log._fd, log._end = Path("/dev/full"), os.open("/dev/full", os.O_WRONLY), 0
    with pytest.raises(OSError, match=r".") as raised:
        log.append(b"x")
    assert raised.value.errno in (errno.ENOSPC, errno.EINVAL)
    os.close(log._fd)


def test_missing_file_reads_as_empty(tmp_path: Path) -> None:
    """Nothing written yet is not an error."""
    assert list(read_lines(tmp_path / "none.jsonl")) == []
