"""Compiled kernels are kept in a folder of the user's own; damaged and foreign ones are made again, never loaded."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from docgen.kernels.compilation.cache import digest_of, is_trusted, kernel_cache


class Compiler:
    """Writes `code` as numba would, and counts how often."""

    def __init__(self, code: bytes = b"code") -> None:
        self.code, self.runs = code, 0

    def __call__(self, folder: Path) -> None:
        self.runs += 1
        (folder / "kernels").mkdir()
        (folder / "kernels" / "one.nbc").write_bytes(self.code)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the user's, and a system folder for temporary files that is not used."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path / "cache" / "docgen"


def code_in(folder: Path) -> bytes:
    return (folder / "kernels" / "one.nbc").read_bytes()


def test_kernels_are_compiled_once_for_this_user_alone(home: Path) -> None:
    compiler = Compiler()
    folders = {kernel_cache(("numba 1",), "source", compiler) for _ in range(3)}
    assert compiler.runs == 1
    (folder,) = folders
    assert code_in(folder) == b"code"
    assert folder.is_relative_to(home)
    assert {path.stat().st_mode & 0o077 for path in (folder, *folder.rglob("*"))} == {0}
    assert folder.parent.stat().st_mode & 0o777 == 0o700


def test_another_source_or_compiler_is_compiled_again_and_the_old_source_goes(home: Path) -> None:
    first = kernel_cache(("numba 1",), "source", Compiler(b"a"))
    second = kernel_cache(("numba 2",), "source", Compiler(b"b"))
    third = kernel_cache(("numba 2",), "changed", Compiler(b"c"))
    assert [code_in(folder) for folder in (first, third)] == [b"a", b"c"]
    assert not second.exists(), "another environment's stays, for machines that share a home"


def test_a_changed_callee_in_another_file_changes_the_digest(tmp_path: Path) -> None:
    (tmp_path / "kernel.py").write_text("from callee import f")
    (tmp_path / "callee.py").write_text("def f(): return 1")
    before = digest_of(tmp_path)
    (tmp_path / "callee.py").write_text("def f(): return 2")
    assert digest_of(tmp_path) != before


def damage(folder: Path) -> None:
    (folder / "kernels" / "one.nbc").write_bytes(b"cod")


def add_a_file(folder: Path) -> None:
    (folder / "kernels" / "two.nbi").write_bytes(b"planted")


def let_the_group_write_a_file(folder: Path) -> None:
    (folder / "kernels" / "one.nbc").chmod(0o660)


def let_all_write_a_folder(folder: Path) -> None:
    (folder / "kernels").chmod(0o777)


def link_the_folder(folder: Path) -> None:
    folder.rename(folder.parent.parent / "elsewhere")
    folder.symlink_to(folder.parent.parent / "elsewhere")


def link_a_file(folder: Path) -> None:
    file = folder / "kernels" / "one.nbc"
    file.rename(folder.parent / "one.nbc")
    file.symlink_to(folder.parent / "one.nbc")


def lose_the_seal(folder: Path) -> None:
    (folder / "seal").unlink()


@pytest.mark.parametrize(
    "spoil",
    [
        damage, add_a_file, let_the_group_write_a_file, let_all_write_a_folder, link_the_folder, link_a_file,
        lose_the_seal,
    ],
)  # fmt: skip
def test_a_folder_that_others_may_have_written_or_that_is_damaged_is_made_again(
    home: Path, spoil: Callable[[Path], None]
) -> None:
    folder = kernel_cache((), "source", Compiler(b"old"))
    spoil(folder)
    assert not is_trusted(folder)
    compiler = Compiler(b"new")
    assert kernel_cache((), "source", compiler) == folder
    assert compiler.runs == 1
    assert code_in(folder) == b"new"
    assert is_trusted(folder)


def test_a_folder_of_another_user_is_neither_loaded_nor_written_to(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = kernel_cache((), "source", Compiler(b"theirs"))
    monkeypatch.setattr(os, "getuid", lambda: 4242)
    ours = kernel_cache((), "source", Compiler(b"ours"))
    assert code_in(ours) == b"ours"
    assert not ours.is_relative_to(home)
    assert code_in(theirs) == b"theirs"


def test_a_single_file_of_another_user_spoils_the_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = kernel_cache((), "source", Compiler())
    lstat = Path.lstat

    def foreign(path: Path) -> os.stat_result:
        status = list(lstat(path))
        status[4] += path.name == "one.nbc"  # the owner
        return os.stat_result(status)

    monkeypatch.setattr(Path, "lstat", foreign)
    assert not is_trusted(folder)


def test_a_cache_in_a_folder_that_others_can_write_to_is_not_used(home: Path) -> None:
    home.parent.mkdir()
    home.parent.chmod(0o777)
    assert not kernel_cache((), "source", Compiler()).is_relative_to(home)


def test_kernels_are_never_taken_from_the_working_directory(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.chdir(tmp_path)
    kernel_cache((), "source", Compiler())
    assert not (tmp_path / "cache").exists()


def test_where_nothing_can_be_kept_they_are_compiled_for_this_process(home: Path, tmp_path: Path) -> None:
    home.parent.write_text("in the way")
    (tmp_path / f"docgen-kernels-{os.getuid()}").write_text("in the way")
    compiler = Compiler()
    assert [code_in(kernel_cache((), "source", compiler)) for _ in range(2)] == [b"code", b"code"]
    assert compiler.runs == 2


PACKAGE = """
import sys
from pathlib import Path
from docgen.kernels.compilation import compiler
compiler.SOURCE = Path(sys.argv[1])
sys.path.insert(0, sys.argv[1])
import kernel, numba
compiler._source = lambda module, name: getattr(kernel, name)
print(compiler.compiled("twice", {"twice": "kernel"})(21), numba.config.CACHE_DIR == "")
"""
KERNEL = "from callee import f\n\ndef twice(value: int) -> int:\n    return 2 * f(value)\n"
CALLEE = "from numba import njit\n\n@njit\ndef f(value):\n    return value + {}\n"


def test_numba_sees_a_changed_callee_and_keeps_other_peoples_settings(home: Path, tmp_path: Path) -> None:
    """With numba's own rule the kernel's file is unchanged, and the old code would run."""
    (tmp_path / "kernel.py").write_text(KERNEL)
    outputs = []
    for added in (0, 0, 1):
        (tmp_path / "callee.py").write_text(CALLEE.format(added))
        done = subprocess.run(
            [sys.executable, "-B", "-c", PACKAGE, str(tmp_path)], capture_output=True, text=True, check=True
        )
        outputs.append(done.stdout.strip())
    assert outputs == ["42 True", "42 True", "44 True"]
    assert len(list(home.glob("*/*/*.nbi"))) == 1
