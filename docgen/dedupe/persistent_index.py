"""A persistent index of kept documents, against which later corpora are checked without reading the earlier ones again.

    index.json    scheme, Unicode version, what was ignored, and how much of the other files is valid
    minima.u32    num_perm minima a document, datasketch's affine32 hash values
    sets.u64      the sorted shingle sets, one after the other
    ends.i64      where each document's set ends
    groups.i64    each document's group (see --by)
    content.u64   128-bit hash of each document's bytes
    ids.jsonl     each document's id

The files are only ever appended to, and index.json is replaced last, so what an interrupted run wrote is not valid and
the next run truncates it. About 510 bytes a document and 8 bytes a word.
"""

import json
import os
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field

from docgen import kernels
from docgen.corpus.lines import first_line
from docgen.dedupe.sketch.parameters import Scheme
from docgen.dedupe.two_pass import GOLDEN, KnownDocuments
from docgen.errors import InputError
from docgen.files.atomic import write_atomically
from docgen.files.file_system_errors import name_file_in_errors
from docgen.text.json_reader import read_json

__all__ = ["Addition", "DiskIndex", "create_index", "open_index"]

FORMAT = 1  # of the files; a later docgen refuses what it cannot read
COLUMNS: tuple[tuple[str, Any], ...] = (
    ("minima.u32", np.uint32),
    ("ends.i64", np.int64),
    ("groups.i64", np.int64),
    ("content.u64", np.uint64),
)
SETS, IDS, META = "sets.u64", "ids.jsonl", "index.json"

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Checks = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Addition:
    """Documents to add: a row each in `ids`, `minima`, `groups`, `content`; shingles in sets[ends[i - 1]:ends[i]]."""

    ids: list[int | str]
    minima: Checks
    groups: Ints
    content: Hashes
    sets: Hashes
    ends: Ints


@dataclass(frozen=True)
class DiskIndex:
    """An index on disk; only what is being read of it is in memory."""

    path: Path
    scheme: Scheme
    ignored: str
    documents: int
    words: int
    id_bytes: int

    def sets(self) -> Hashes:
        """All shingle sets, memory-mapped."""
        return _mapped(self.path / SETS, np.uint64, self.words)

    def column(self, name: str) -> npt.NDArray[Any]:
        """One of COLUMNS, a row for each document, memory-mapped."""
        width = {"minima.u32": self.scheme.num_perm, "content.u64": 2}.get(name, 1)
        flat = _mapped(self.path / name, dict(COLUMNS)[name], self.documents * width)
        return flat.reshape(self.documents, width) if width > 1 else flat

    def ids(self) -> list[int | str]:
        """The ids, by position."""
        try:
            with (self.path / IDS).open("rb") as file:
                ids = [read_json(line) for line in file.read(self.id_bytes).splitlines()]
        except ValueError as error:
            raise InputError(f"{IDS} is damaged ({error})", str(self.path), "Rebuild the index") from error
        if len(ids) != self.documents:
            raise InputError(f"{IDS} is damaged (ids are missing)", str(self.path), "Rebuild the index")
        return ids

    def known(self) -> KnownDocuments:
        """The documents in the form that `two_pass.decide` takes."""
        return KnownDocuments(self.bands(), self.spans(), self.sets(), self.column("content.u64"))

    def bands(self) -> Checks:
        """(n, bands): band hashes, by position."""
        bands = np.empty((self.documents, self.scheme.bands), np.uint32)
        salts = self.column("groups.i64").astype(np.uint64) * GOLDEN
        kernels.bands_of(self.column("minima.u32"), self.scheme.rows, salts, bands)
        return bands

    def spans(self) -> Ints:
        """(n, 3): start, size and group of each document's shingle set."""
        ends = self.column("ends.i64")
        sizes = np.diff(ends, prepend=0)
        if len(ends) and (sizes.min() < 0 or ends[-1] != self.words):  # compiled code goes by them without looking
            raise InputError("ends.i64 is damaged", str(self.path), "Rebuild the index")
        return np.stack([ends - sizes, sizes, self.column("groups.i64")], axis=1)

    def added(self, additions: Iterable[Addition]) -> "DiskIndex":
        """The index with more documents; they are on disk (fsync) when this returns."""
        with name_file_in_errors(self.path):
            return self._added(additions)

    def _added(self, additions: Iterable[Addition]) -> "DiskIndex":
        state = asdict(self)
        widths = {"minima.u32": 4 * self.scheme.num_perm, "ends.i64": 8, "groups.i64": 8, "content.u64": 16}
        sizes = {name: width * self.documents for name, width in widths.items()}
        sizes |= {SETS: 8 * self.words, IDS: self.id_bytes}
        files = {name: _open_at(self.path / name, size) for name, size in sizes.items()}
        try:
            for addition in additions:
                ends = state["words"] + addition.ends
                parts = {"minima.u32": addition.minima, "groups.i64": addition.groups, "content.u64": addition.content}
                for name, values in {**parts, "ends.i64": ends, SETS: addition.sets}.items():
                    files[name].write(np.ascontiguousarray(values).data)
                lines = "".join(json.dumps(identity) + "\n" for identity in addition.ids).encode()
                files[IDS].write(lines)
                state["documents"] += len(addition.ids)
                state["words"] += len(addition.sets)
                state["id_bytes"] += len(lines)
            for file in files.values():
                file.flush()
                os.fsync(file.fileno())
        finally:
            for file in files.values():
                file.close()
        grown = DiskIndex(self.path, self.scheme, self.ignored, state["documents"], state["words"], state["id_bytes"])
        _write_meta(grown)
        return grown


def _mapped(path: Path, dtype: Any, count: int) -> npt.NDArray[Any]:
    if count == 0:
        return np.empty(0, dtype)
    try:
        return np.asarray(np.memmap(path, dtype, mode="c", shape=(count,)))
    except (OSError, ValueError) as error:
        raise InputError(f"{path.name} is missing or too short", str(path.parent), "Rebuild the index") from error


def _open_at(path: Path, size: int) -> Any:
    """Open for writing after the first `size` bytes; truncates what an interrupted run left after them."""
    file = path.open("r+b") if path.exists() else path.open("w+b")
    if file.seek(0, os.SEEK_END) < size:
        file.close()
        raise InputError(f"{path.name} is too short", str(path.parent), "Rebuild the index")
    file.truncate(size)
    file.seek(size)
    return file


def _write_meta(index: DiskIndex) -> None:
    meta = {
        "format": FORMAT,
        "unicode": unicodedata.unidata_version,
        "scheme": asdict(index.scheme),
        "ignored": index.ignored,
        "documents": index.documents,
        "words": index.words,
        "id_bytes": index.id_bytes,
    }
    write_atomically(index.path / META, [json.dumps(meta, indent=2).encode()])


def create_index(path: Path, scheme: Scheme, ignored: str = "") -> DiskIndex:
    """Create an empty index in a new or empty folder; `ignored` is the digest of the ignored shingles."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError("is not empty: an index needs a new or empty folder", str(path))
    path.mkdir(parents=True, exist_ok=True)
    index = DiskIndex(path, scheme, ignored, 0, 0, 0)
    _write_meta(index)
    return index


class _Meta(BaseModel):
    format: int
    unicode: str
    scheme: Scheme
    ignored: str
    documents: int = Field(ge=0, lt=1 << 40)
    words: int = Field(ge=0, lt=1 << 40)
    id_bytes: int = Field(ge=0, lt=1 << 40)


def open_index(path: Path) -> DiskIndex:
    """The index in this folder. Raises `InputError` if it is missing, damaged or of another Unicode version."""
    try:
        meta = _Meta.model_validate(read_json((path / META).read_bytes()))
    except FileNotFoundError as error:
        raise InputError(
            "there is no index in this folder", str(path), "Create it with docgen dedupe FILES --index FOLDER"
        ) from error
    except ValueError as error:
        raise InputError(f"{META} is damaged ({first_line(error)})", str(path), "Rebuild the index") from error
    if meta.format != FORMAT or meta.unicode != unicodedata.unidata_version:
        theirs = f"format {meta.format}, Unicode {meta.unicode}"
        ours = f"format {FORMAT}, Unicode {unicodedata.unidata_version}"
        raise InputError(
            f"was made with {theirs}, and docgen now uses {ours}",
            str(path),
            "Rebuild the index, since words may differ",
        )
    return DiskIndex(path, meta.scheme, meta.ignored, meta.documents, meta.words, meta.id_bytes)
