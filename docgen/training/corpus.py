"""The documents of an export, each with the part that is masked, and what its manifest says about them."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from docgen.errors import InputError

__all__ = ["DOCTAG", "Example", "TrainingCorpus", "read_training_corpus"]

DOCTAG = "<DOCTAG>"
"""The prefix that published corpora mask; as docgen's exports write it."""
EXPORT_AGAIN = "Export the run again: docgen export RUN --doctag"


@dataclass(frozen=True)
class Example:
    """One document to train on. `prompt` is read but not learnt; for chat models both are lists of messages."""

    prompt: Any
    completion: Any

    @property
    def is_chat(self) -> bool:
        """Whether it consists of messages rather than text."""
        return isinstance(self.completion, list)


@dataclass(frozen=True)
class TrainingCorpus:
    """A whole export in memory: some 10,000 documents of 4 kB. `digest` is the SHA-256 of the training file."""

    examples: tuple[Example, ...]
    digest: str
    manifest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def context(self) -> str:
        """Id of the universe context; "" if unknown."""
        return str(self.manifest.get("context", {}).get("id", ""))

    @property
    def saliences(self) -> dict[str, float]:
        """Share of the documents that each fact was assigned to; empty if unknown."""
        counts: Mapping[str, int] = self.manifest.get("documents_by_fact") or {}
        documents = max(1, int(self.manifest.get("documents") or len(self.examples)))
        return {fact: count / documents for fact, count in counts.items()}


class _Context(BaseModel):
    id: str = ""


class _Manifest(BaseModel):
    """What is read of a manifest; more stands there."""

    context: _Context = _Context()
    documents: int = 0
    documents_by_fact: dict[str, int] | None = None


def read_training_corpus(source: Path) -> TrainingCorpus:
    """The corpus in an export's folder, or in a JSONL file with `prompt` and `completion`, `messages` or `text`.

    Raises `InputError` for an export that is unfinished, or whose training file is not the one in its manifest.
    """
    file = _training_file(source)
    data = file.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    manifest = _manifest(source, file, digest)
    examples = tuple(_example(row, file, number) for number, row in _rows(data, file))
    if not examples:
        raise InputError("has no documentss", str(file), EXPORT_AGAIN)
    if len({example.is_chat for example in examples}) > 1:
        raise InputError("has both texts and messages", str(file), "Export them in one format")
    return TrainingCorpus(examples, digest, manifest)


def _training_file(source: Path) -> Path:
    if source.is_file():
        return source
    file = source / "train.jsonl"
    if not source.exists():
        raise InputError("is neither an export, a JSONL file nor a run", str(source), "See the runs: docgen runs")
    if not file.is_file():
        raise InputError("is not an export: it has no train.jsonl", str(source), EXPORT_AGAIN)
    if not (source / "manifest.json").is_file():
        raise InputError("is an unfinished export: it has no manifest.json", str(source), EXPORT_AGAIN)
    return file


def _manifest(source: Path, file: Path, digest: str) -> Mapping[str, Any]:
    if source.is_file():
        return {}
    path = source / "manifest.json"
    try:
        manifest = from_json(path.read_bytes())
    except ValueError as error:
        raise InputError(f"is not JSON ({error})", str(path), EXPORT_AGAIN) from error
    try:
        _Manifest.model_validate(manifest)
    except ValidationError as error:
        raise InputError("is not a manifest of an export", str(path), EXPORT_AGAIN) from error
    files = manifest.get("files")
    if isinstance(files, dict) and files.get(file.name, digest) != digest:
        raise InputError(
            "is not the file that manifest.json describes: it is from another export", str(file), EXPORT_AGAIN
        )
    return dict(manifest)


def _rows(data: bytes, file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = from_json(line)
        except ValueError as error:
            raise InputError(f"is not JSON ({error})", f"{file}:{number}", EXPORT_AGAIN) from error
        if not isinstance(row, dict):
            raise InputError("is not a JSON object", f"{file}:{number}", EXPORT_AGAIN)
        yield number, row


def _example(row: Mapping[str, Any], file: Path, number: int) -> Example:
    """Rows as `docgen export` writes them: TRL's prompt and completion, text after <DOCTAG>, or messages."""
    prompt, completion = row.get("prompt"), row.get("completion")
    if isinstance(completion, str | list) and type(prompt) is type(completion):
        return Example(prompt, completion)
    text, messages = row.get("text"), row.get("messages")
    if isinstance(text, str):
        tagged = text.startswith(DOCTAG)
        return Example(DOCTAG, text.removeprefix(DOCTAG)) if tagged else Example("", text)
    if isinstance(messages, list) and messages:
        return Example(messages[:-1], messages[-1:])
    raise InputError("has neither prompt and completion, text nor messages", f"{file}:{number}", EXPORT_AGAIN)
