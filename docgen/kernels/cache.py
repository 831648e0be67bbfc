"""Where compiled code is kept: beside its source, or in the user's cache; made by whichever process needs it first."""

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

__all__ = ["fetched"]

SUFFIX = ".native"
SEAL = 16
"""Bytes before the code that tell whether it is whole: damaged code must never run."""


def fetched(source: Path, environment: Iterable[str], build: Callable[[], bytes]) -> bytes:
    """The code for the sources in the folder `source`, made by `build` where nothing is kept for this `environment`.

    Older code for the same environment is removed. Where no folder can be written to the code is built in every
    process, which takes seconds but works.
    """
    made_with = _digest(f"Python {sys.version_info[:2]}".encode(), *(part.encode() for part in environment))
    name = f"{made_with}-{_fingerprint(source)}{SUFFIX}"
    folders = _folders(source)
    for folder in folders:
        with suppress(OSError):
            sealed = (folder / name).read_bytes()
            if sealed[:SEAL] == _seal(sealed[SEAL:]):
                return sealed[SEAL:]
    if sys.stderr.isatty():
        print("Compiling for this processor (once, some ten seconds) ...", file=sys.stderr, flush=True)
    code = build()
    for folder in folders:
        with suppress(OSError):
            _keep(folder, name, code)
            break
    return code


def _seal(code: bytes) -> bytes:
    return blake2b(code, digest_size=SEAL).digest()


def _fingerprint(source: Path) -> str:
    return _digest(*(part for file in sorted(source.rglob("*.py")) for part in (file.name.encode(), file.read_bytes())))


def _digest(*parts: bytes) -> str:
    digest = blake2b(digest_size=12)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def _folders(source: Path) -> list[Path]:
    """The package's own __pycache__, then the user's cache."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - stays a text without HOME
    folders = [source / "__pycache__", Path(home) / "docgen"]
    return [folder for folder in folders if folder.is_absolute()]


def _keep(folder: Path, name: str, code: bytes) -> None:
    """Put the whole file in place at once, so that a process that looks meanwhile finds all of it or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}.{os.getpid()}.part"
    try:
        part.write_bytes(_seal(code) + code)
        part.replace(folder / name)
    finally:
        part.unlink(missing_ok=True)
    for old in folder.glob(f"{name.partition('-')[0]}-*{SUFFIX}"):
        if old.name != name and folder.name == "__pycache__":
            old.unlink(missing_ok=True)
