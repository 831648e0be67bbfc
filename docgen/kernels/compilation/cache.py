"""The folder that compiled kernels are kept in: the user's own, whole, and never one that somebody else could write to.

What lies in it is run (machine code) and unpickled (numba's index), so it is trusted only if every folder and file of
it belongs to this user, none can be written by others, and the files are those that were sealed when it was made. Any
other folder in its place is moved away and made again. A new one is filled beside its place and renamed, so that a
process that looks meanwhile finds all of it or nothing.
"""

import atexit
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

__all__ = ["digest_of", "is_trusted", "kernel_cache"]

SEAL = "seal"
"""The file with the digest of all others."""
PRIVATE = 0o700  # what lies there is run: nobody else may read or write it
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def kernel_cache(environment: Iterable[str], source: str, compile_into: Callable[[Path], None]) -> Path:
    """The folder to load kernels from: the kept one if it can be trusted, or a new one, filled by `compile_into`.

    `source` is the digest of the kernels' source; `environment` says what else they are compiled for. Folders of the
    same environment and another source are removed. Where nothing can be kept, it is a temporary folder of this
    process. Raises OSError if there is no room even for that.
    """
    made_for = _digest(f"Python {sys.version_info[:2]}".encode(), *(part.encode() for part in environment))
    name = f"{made_for}-{source}"
    root = next(filter(_is_own_root, _roots()), None)
    if root is None:
        folder = Path(tempfile.mkdtemp(prefix="docgen-kernels-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        compile_into(folder)
        return folder
    if not is_trusted(root / name):
        _make(root / name, compile_into)
        _remove_older(root, name)
    return root / name


def digest_of(folder: Path) -> str:
    """Digest of all Python source below a folder."""
    files = sorted(folder.rglob("*.py"))
    return _digest(*(part for file in files for part in (str(file.relative_to(folder)).encode(), file.read_bytes())))


def is_trusted(folder: Path) -> bool:
    """Whether the folder is this user's, nobody else can write to anything in it, and it is as it was sealed."""
    try:
        return all(map(_is_own, (folder, *folder.rglob("*")))) and (folder / SEAL).read_text("ascii") == _seal(folder)
    except (OSError, ValueError):  # not there, or not readable: as good as not there
        return False


def _digest(*parts: bytes) -> str:
    digest = blake2b(digest_size=12)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def _seal(folder: Path) -> str:
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != SEAL)
    return _digest(*(part for file in files for part in (str(file.relative_to(folder)).encode(), file.read_bytes())))


def _is_own(path: Path) -> bool:
    """A file or folder, not a link, of this user, that only this user can write to."""
    status = path.lstat()
    plain = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
    return plain and status.st_uid == os.getuid() and not status.st_mode & OTHERS_WRITE


def _roots() -> list[Path]:
    """The user's cache, then a folder of the user's under the system's temporary one."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - stays a text without HOME
    roots = [Path(home) / "docgen", Path(tempfile.gettempdir()) / f"docgen-kernels-{os.getuid()}"]
    return [root for root in roots if root.is_absolute()]


def _is_own_root(root: Path) -> bool:
    """Make the folder, for this user alone; whether nobody else can put anything in it or in its place."""
    try:
        root.mkdir(PRIVATE, parents=True, exist_ok=True)
        if not stat.S_ISDIR(root.lstat().st_mode) or root.lstat().st_uid != os.getuid():
            return False
        root.chmod(PRIVATE)
        return os.access(root, os.W_OK | os.X_OK) and _is_safe_parent(root.parent.stat())
    except OSError:
        return False


def _is_safe_parent(status: os.stat_result) -> bool:
    """Nobody but this user or root can rename what lies in it: theirs, or sticky as /tmp is."""
    mine = status.st_uid in (os.getuid(), 0)
    return mine and (not status.st_mode & OTHERS_WRITE or bool(status.st_mode & stat.S_ISVTX))


def _make(place: Path, compile_into: Callable[[Path], None]) -> None:
    """Fill a folder beside `place`, seal it and put it there; what lies there is moved away first."""
    with tempfile.TemporaryDirectory(prefix=".new-", dir=place.parent, ignore_cleanup_errors=True) as name:
        folder = Path(name) / place.name
        folder.mkdir(PRIVATE)
        compile_into(folder)
        for path in folder.rglob("*"):
            path.chmod(path.stat().st_mode & ~(stat.S_IRWXG | stat.S_IRWXO))
        (folder / SEAL).touch(0o600)
        (folder / SEAL).write_text(_seal(folder), "ascii")
        with suppress(OSError):  # another process put its own there a moment ago: as good as this one
            if os.path.lexists(place):
                place.rename(Path(name) / "refused")
            folder.rename(place)


def _remove_older(root: Path, name: str) -> None:
    for old in root.glob(f"{name.partition('-')[0]}-*"):
        if old.name != name:
            shutil.rmtree(old, ignore_errors=True)
