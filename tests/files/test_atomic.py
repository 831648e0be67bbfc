"""A finished file is there whole or not at all."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docgen.files.atomic import atomic_path, write_atomically


def test_a_file_takes_its_place_when_all_is_written(tmp_path: Path) -> None:
    file = tmp_path / "new" / "report.json"
    with atomic_path(file) as part:
        part.write_bytes(b"whole")
        assert not file.exists()
        assert part.parent == file.parent, "a rename across file systems would copy"
    assert file.read_bytes() == b"whole"
    assert list(file.parent.iterdir()) == [file]


def test_an_error_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    file = write_atomically(tmp_path / "slots.jsonl", [b"old\n"])

    def lines() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("the plan failed")

    with pytest.raises(RuntimeError, match="the plan failed"):
        write_atomically(file, lines())
    assert file.read_bytes() == b"old\n"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("name", ["a.json", "[b] c.parquet"])
def test_what_a_killed_process_left_beside_it_goes_the_next_time(name: str, tmp_path: Path) -> None:
    """Of this machine alone, and not what a process at work is writing."""
    code = "import os, signal, sys\nfrom pathlib import Path\nfrom docgen.files.atomic import atomic_path\n"
    code += "with atomic_path(Path(sys.argv[1])) as part:\n part.write_text('half')\n"
    code += " os.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / name)], check=False)
    (left,) = tmp_path.iterdir()
    of_dead = left.name.split(".")[-2]
    others = {
        left.with_name(left.name.replace(of_dead, str(os.getppid()))),
        left.with_name(f".{name}.host.{of_dead}.part"),
    }
    for other in others:
        other.write_text("at work")
    write_atomically(tmp_path / name, [b"whole"])
    assert set(tmp_path.iterdir()) == {tmp_path / name, *others}


def test_a_writer_that_wrote_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a"):
        pass
    assert not list(tmp_path.iterdir())


def test_what_is_renamed_was_synced_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a power cut may leave the new name with nothing in it."""
    file = tmp_path / "run.json"
    monkeypatch.setattr("os.fsync", lambda fd: events.append(("synced", file.exists())))
    events: list[tuple[str, bool]] = []
    write_atomically(file, [b"{}", b"\n"])
    assert events == [("synced", False)]
    assert file.read_bytes() == b"{}\n"
