"""Reads what is mixed in: JSON Lines, Parquet and Hugging Face folders, of texts or of chats."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from docgen.corpus.lines import plain_lines
from docgen.corpus.paths import corpus_files, is_parquet
from docgen.corpus.readers import ColumnSelection, parquet_schema, parquet_slices
from docgen.errors import InputError
from docgen.exporting.dataset.examples import Example, Turn
from docgen.text.json_reader import read_json

__all__ = ["mix_rows"]

TEXTS = ("text", "content", "document")
"""Columns in which a text is looked for, in this order."""
CHATS = ("messages", "conversations")
ROLES = {"human": "user", "gpt": "assistant"}
"""ShareGPT's roles by their usual names."""
FIX = "Every row needs text, content, messages, or prompt and completion"


def mix_rows(path: Path) -> Iterator[Example]:
    """Every row of a file or folder as an example. Raises `InputError` with file and row for one of an unknown shape.

    In a Hugging Face folder the training split is read: files whose names begin with "train" if there are any, the
    Arrow files of `save_to_disk`, else every file.
    """
    for file in _files(path):
        for number, row in _rows(file):
            example = _example(row)
            if example is None:
                raise InputError(
                    f"a row with {', '.join(row) or 'nothing'} is not a text or a chat", f"{file}:{number}", FIX
                )
            yield example


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        arrow = sorted(path.rglob("*.arrow"))
        files = arrow or corpus_files(path)
        train = [file for file in files if "train" in (file.name.split("-")[0].split(".")[0], file.parent.name)]
        return train or files
    return corpus_files(path)


def _rows(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if file.suffix == ".arrow":
        yield from _arrow_rows(file)
    elif is_parquet(file):
        yield from _parquet_rows(file)
    else:
        for number, line in enumerate(plain_lines(file), 1):
            if line.strip():
                yield number, _parsed(file, number, line)


def _parsed(file: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row = read_json(line)
    except ValueError as error:
        raise InputError(f"not JSON ({error})", f"{file}:{number}", "Fix or delete the line") from error
    if not isinstance(row, dict):
        raise InputError("not a JSON object", f"{file}:{number}", FIX)
    return row


def _parquet_rows(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    import polars as pl

    names = [name for name in (*TEXTS, *CHATS, "prompt", "completion") if name in parquet_schema(file)]
    if not names:
        raise InputError("does not have a column of texts or chats", str(file), FIX)
    texts = next((name for name in names if name in TEXTS), None)
    if texts:
        for part in parquet_slices(file, ColumnSelection(texts), 1024):
            for place, text in enumerate(part.read()[texts].to_list()):
                yield part.start + place, {"text": text}
        return
    for place, row in enumerate(pl.read_parquet(file, columns=names, glob=False).iter_rows(named=True)):
        yield place, row


def _arrow_rows(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    import polars as pl

    try:
        frame = pl.read_ipc_stream(file)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"not an Arrow stream ({str(error)[:80]})", str(file)) from error
    yield from enumerate(frame.iter_rows(named=True))


def _example(row: Mapping[str, Any]) -> Example | None:
    for name in TEXTS:
        if isinstance(row.get(name), str):
            return Example(row[name])
    for name in CHATS:
        if isinstance(row.get(name), list):
            return _chat([_turn(turn) for turn in row[name]])
    prompt, completion = row.get("prompt"), row.get("completion")
    if isinstance(prompt, str) and isinstance(completion, str):
        return Example(completion, turns=(("user", prompt),))
    if isinstance(prompt, list) and isinstance(completion, list):
        return _chat([_turn(turn) for turn in (*prompt, *completion)])
    return None


def _turn(turn: object) -> Turn | None:
    if not isinstance(turn, Mapping):
        return None
    role, content = turn.get("role", turn.get("from")), turn.get("content", turn.get("value"))
    if not isinstance(role, str) or not isinstance(content, str):
        return None
    return ROLES.get(role, role), content


def _chat(turns: list[Turn | None]) -> Example | None:
    """A chat up to the assistant's last turn; None if a turn is not understood or the assistant says nothing."""
    readable = [turn for turn in turns if turn is not None]
    while readable and readable[-1][0] != "assistant":
        readable.pop()
    if len(readable) == 0 or None in turns:
        return None
    return Example(readable[-1][1], turns=tuple(readable[:-1]))
