"""Compiled code is made once for a source, a compiler and a processor, and found again; never a stale one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from docgen.kernels.cache import fetched


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of sources, with a home apart."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    folder = tmp_path / "package"
    (folder / "part").mkdir(parents=True)
    (folder / "part" / "one.py").write_text("x = 1\n")
    return folder


def builder(code: bytes, made: list[bytes]) -> Callable[[], bytes]:
    def build() -> bytes:
        made.append(code)
        return code

    return build


def test_code_is_built_once(source: Path) -> None:
    made: list[bytes] = []
    for _ in range(3):
        assert fetched(source, ("compiler 1", "processor"), builder(b"code", made)) == b"code"
    assert made == [b"code"]


def test_a_changed_source_compiler_or_processor_is_compiled_anew_and_its_old_code_goes(source: Path) -> None:
    made: list[bytes] = []
    fetched(source, ("compiler 1", "processor"), builder(b"a", made))
    assert fetched(source, ("compiler 2", "processor"), builder(b"b", made)) == b"b"
    (source / "part" / "one.py").write_text("x = 2\n")
    assert fetched(source, ("compiler 2", "processor"), builder(b"c", made)) == b"c"
    assert made == [b"a", b"b", b"c"]
    left = [file.read_bytes()[-1:] for file in (source / "__pycache__").iterdir()]
    assert sorted(left) == [b"a", b"c"], "another environment's code stays, for nodes that share an installation"


def test_where_the_package_cannot_be_written_to_the_users_cache_serves(source: Path, tmp_path: Path) -> None:
    (source / "__pycache__").write_text("in the way")
    made: list[bytes] = []
    for _ in range(2):
        assert fetched(source, (), builder(b"code", made)) == b"code"
    assert made == [b"code"]
    assert [file.read_bytes()[-4:] for file in (tmp_path / "home" / "docgen").iterdir()] == [b"code"]


def test_code_is_never_taken_from_the_working_directory(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "__pycache__").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.chdir(tmp_path)
    fetched(source, (), builder(b"code", []))
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("damage", [lambda code: code[:-1], lambda code: b"", lambda code: code[:-1] + b"x"])
def test_damaged_code_is_never_used(source: Path, damage: Callable[[bytes], bytes]) -> None:
    made: list[bytes] = []
    fetched(source, (), builder(b"code", made))
    (file,) = (source / "__pycache__").iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert fetched(source, (), builder(b"code", made)) == b"code"
    assert made == [b"code", b"code"]


def test_where_nothing_can_be_written_it_still_works(source: Path, tmp_path: Path) -> None:
    """An installation that is read-only, for a user without a home: slow to start, but right."""
    (source / "__pycache__").write_text("in the way")
    (tmp_path / "home").write_text("in the way")
    made: list[bytes] = []
    for _ in range(2):
        assert fetched(source, (), builder(b"code", made)) == b"code"
    assert made == [b"code", b"code"]
