"""What is indexed: attempts of a run, or documents of any corpus, in order, from where it left off."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from docgen.corpus import corpus_files, read_corpus
from docgen.errors import InputError
from docgen.explorer.index.schema import DamagedIndex
from docgen.files.append_log import read_lines
from docgen.files.run_folder.run_folder import RunFolder
from docgen.records import Attempt
from docgen.text import digest, token_estimate, word_count

if TYPE_CHECKING:
    from docgen.explorer.live_detectors import Detectors

__all__ = [
    "DAMAGED", "CorpusSource", "Entry", "RunSource", "Source", "attempt_there", "body_text", "text_body",
]  # fmt: skip

COLUMNS = ("id", "doc_type", "idea", "facts", "engine", "model")
DAMAGED = "damaged"
"""The verdict on a line that is not an attempt; it counts as of slot -1, which none is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One attempt or document. `at` and `size` say where its line is in the run's attempts; `end` where the next
    begins, or the number of rows read."""

    end: int
    verdict: str
    text: str
    id: str = ""
    slot: int = 0
    number: int = 1
    doc_type: str = ""
    idea: str = ""
    model: str = ""
    words: int = 0
    tokens: int = 0
    at: int = 0
    size: int = 0
    facts: list[Any] = field(default_factory=list)
    findings: list[Any] = field(default_factory=list)
    reasons: list[Any] = field(default_factory=list)

    @classmethod
    def of_attempt(cls, attempt: Attempt, at: int, size: int) -> "Entry":
        """An attempt, whose line is there."""
        return cls(
            end=at + size + 1,
            verdict=attempt.verdict,
            text=attempt.text,
            slot=attempt.slot,
            number=attempt.number,
            doc_type=attempt.doc_type,
            idea=attempt.idea,
            model=attempt.model,
            words=attempt.words,
            tokens=attempt.tokens,
            at=at,
            size=size,
            facts=[fact.model_dump() for fact in attempt.facts],
            findings=[finding.model_dump() for finding in attempt.findings],
            reasons=[reason.model_dump() for reason in attempt.reasons],
        )

    @classmethod
    def of_document(cls, row: int, text: str, columns: Mapping[str, Any]) -> "Entry":
        """A document of any corpus, in whose columns there may be anything."""
        names = {key: value if isinstance(value, str) else "" for key, value in columns.items()}
        listed = columns.get("facts")
        facts = [
            {**fact, "fact": str(fact.get("fact", ""))} if isinstance(fact, dict) else {"fact": str(fact)}
            for fact in (listed if isinstance(listed, list) else ())
        ]
        return cls(
            end=row + 1,
            verdict="accepted",
            text=text,
            id=str(row if columns.get("id") is None else columns["id"]),
            slot=row,
            doc_type=names.get("doc_type", ""),
            idea=names.get("idea", ""),
            model=names.get("model", "") or names.get("engine", ""),
            words=word_count(text),
            tokens=token_estimate(text),
            facts=facts,
        )


class Source(Protocol):
    """A corpus to be indexed."""

    name: str
    path: Path
    """The run's folder, or the first file."""

    def identity(self) -> dict[str, Any]:
        """What stays the same as long as the corpus only grew at its end."""

    def end(self) -> int:
        """Where the entries end, as far as that is known without reading them; see `Entry.end`."""

    def entries(self, start: int) -> Iterator[Entry]:
        """The entries from `start` on."""


class RunSource:
    """The attempts of a run."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder, self.name, self.path = folder, folder.name, folder.path

    def identity(self) -> dict[str, Any]:
        """The file and its beginning: runs append to it; whatever rewrites it puts a new file in its place."""
        file = self.folder.attempts
        if not file.exists():
            return {"run": "", "head": ""}
        with file.open("rb") as opened:
            head = opened.read(1 << 14)  # which has the first line, or enough of it to tell one file from another
            line = head[: head.find(b"\n") + 1] or head
        return {"run": f"{file.stat().st_dev}.{file.stat().st_ino}", "head": digest(line)}

    def end(self) -> int:
        """Size of the file in bytes."""
        return self.folder.attempts.stat().st_size if self.folder.attempts.exists() else 0

    def entries(self, start: int) -> Iterator[Entry]:
        """Every complete line from byte `start`; a line that is not an attempt is left out."""
        for at, line in read_lines(self.folder.attempts, start):
            try:
                yield Entry.of_attempt(read_attempt(line), at, len(line))
            except ValueError:
                yield Entry(at + len(line) + 1, DAMAGED, "", slot=-1, at=at, size=len(line))

    def text(self, at: int, size: int) -> str:
        """The text of the attempt on the line there. Raises `DamagedIndex` if there is none."""
        with self.folder.attempts.open("rb") as opened:
            opened.seek(at)
            return attempt_there(opened.read(size)).text


def read_attempt(line: bytes) -> Attempt:
    """The attempt on a line, even with fields of a newer docgen. Raises `ValueError` if there is none."""
    return Attempt.model_validate_json(line, extra="ignore")


def attempt_there(line: bytes) -> Attempt:
    """The attempt on a line that was indexed. Raises `DamagedIndex` if the file was changed since."""
    try:
        return read_attempt(line)
    except ValueError as error:
        raise DamagedIndex("attempts.jsonl is not the file that was indexed") from error


def body_text(body: bytes) -> str:
    """A text that is stored in the index. Raises `DamagedIndex`."""
    try:
        return zlib.decompress(body).decode("utf-8", "surrogatepass")
    except (zlib.error, UnicodeDecodeError) as error:
        raise DamagedIndex(f"a text is not what was written ({error})") from error


def text_body(text: str) -> bytes:
    """A text as it is stored in the index."""
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)


class CorpusSource:
    """Documents of any JSONL or Parquet files; id, doc_type, idea, facts and model are used if they exist.

    With a `context`, documents without planned facts get those that they express in a known wording, and findings.
    """

    def __init__(self, paths: list[Path], context: Path | None = None) -> None:
        self.context = context
        self.files = corpus_files(paths)
        if not self.files:
            raise InputError("no corpus files given")
        self.path = self.files[0]
        folder = paths[0] if len(paths) == 1 and paths[0].is_dir() else None
        self.name = folder.resolve().name if folder else self.path.name.split(".")[0] or self.path.name

    def identity(self) -> dict[str, Any]:
        """Name, size and time of each file: a changed corpus is indexed anew."""
        stats = [(str(file), file.stat()) for file in self.files]
        world = digest(self.context.read_bytes()) if self.context else ""
        return {"files": [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats], "context": world}

    def end(self) -> int:
        """Not known before they are read."""
        return 0

    def entries(self, start: int) -> Iterator[Entry]:
        """The documents from row `start`."""
        detectors = None
        if self.context is not None:
            from docgen.explorer.live_detectors import Detectors

            detectors = Detectors.of(self.context)
        for batch in read_corpus(self.files, optional=COLUMNS):
            if batch.first_row + len(batch) <= start:
                continue
            for row, text, columns in batch.rows():
                if row >= start:
                    entry = Entry.of_document(row, text, columns)
                    yield _detected(entry, detectors) if detectors else entry


def _detected(entry: Entry, detectors: "Detectors") -> Entry:
    """The entry with what detectors find in its text, unless that was planned."""
    sightings = detectors.sightings(entry.text)
    planned = {str(fact["fact"]) for fact in entry.facts} or None
    findings = detectors.findings(entry.text, planned, sightings, entry.doc_type, entry.idea)
    # Reversed, so that the first sighting of a fact is the one that stays.
    expressed = {s.fact: {"fact": s.fact, "directness": s.verdict} for s in reversed(sightings)}
    facts = entry.facts or [fact for fact in expressed.values() if fact["directness"] != "contradicted"]
    return replace(entry, facts=facts, findings=[finding.model_dump() for finding in findings])
