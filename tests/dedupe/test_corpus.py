"""Reading a corpus: every format gives the same batches, and every broken file one clear error."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen.corpus import corpus_columns, read_corpus
from docgen.corpus.zero_copy_strings import utf8_of
from docgen.errors import InputError

TEXTS = [
    "plain",
    "",
    "a\x00b",
    "Straße 👩‍🚀",
    "exactly 12 by",
    "more than twelve bytes here",
    "x" * 100_000,
    "line\nbreak",
]
ROWS = [{"id": i, "text": text, "facts": [{"fact": "F1"}] * (i % 3)} for i, text in enumerate(TEXTS)]


def write_parquet(path: Path) -> Path:
    pl.DataFrame(ROWS).write_parquet(path / "corpus.parquet", row_group_size=3)
    return path / "corpus.parquet"


def lines() -> bytes:
    return "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def write_jsonl(path: Path) -> Path:
    (path / "corpus.jsonl").write_bytes(lines())
    return path / "corpus.jsonl"


def write_gz(path: Path) -> Path:
    (path / "corpus.jsonl.gz").write_bytes(gzip.compress(lines()))
    return path / "corpus.jsonl.gz"


def write_zst(path: Path) -> Path:
    pl.DataFrame(ROWS).lazy().sink_ndjson(path / "corpus.jsonl.zst", compression="zstd")
    return path / "corpus.jsonl.zst"


WRITERS = [write_parquet, write_jsonl, write_gz, write_zst]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("batch_rows", [1, 3, 4096])
def test_every_format_gives_every_row(tmp_path: Path, write: Callable[[Path], Path], batch_rows: int) -> None:
    batches = list(read_corpus(write(tmp_path), ["id", "facts"], batch_rows=batch_rows))
    assert [row for batch in batches for row in batch.rows()] == [
        (i, row["text"], {"id": row["id"], "facts": row["facts"]}) for i, row in enumerate(ROWS)
    ]
    assert max(len(batch) for batch in batches) <= batch_rows


@given(st.lists(st.text(max_size=40)), st.integers(0, 5))
def test_bytes_are_the_texts_in_utf8(texts: list[str], skip: int) -> None:
    """Also for slices and for series of several chunks."""
    series = pl.concat([pl.Series(texts, dtype=pl.String), pl.Series(texts[::-1], dtype=pl.String)], rechunk=False)
    encoded = utf8_of(series[skip:])
    assert [encoded.bytes_of(row).decode() for row in range(len(encoded))] == (texts + texts[::-1])[skip:]


def test_folders_and_globs_are_read_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.jsonl", "a.jsonl", "sub/c.jsonl"):
        (tmp_path / name).write_text(json.dumps({"text": name}))
    (tmp_path / "notes.txt").write_text("no corpus")
    assert [text for batch in read_corpus(tmp_path) for text in batch.texts] == ["a.jsonl", "b.jsonl", "sub/c.jsonl"]
    pattern = str(tmp_path / "*.jsonl")
    assert [batch.first_row for batch in read_corpus(pattern)] == [0, 1]


def test_optional_columns_are_null_where_a_file_lacks_them(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "x", "score": 2}\n')
    pl.DataFrame({"text": ["y"]}).write_parquet(tmp_path / "b.parquet")
    batches = list(read_corpus(tmp_path, optional=["score"]))
    assert [batch.columns["score"].to_list() for batch in batches] == [[2], [None]]
    assert corpus_columns(tmp_path) == ["text"]


def test_blank_lines_and_empty_files_contain_no_document(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('\n{"text": "x"}\n\n   \n')
    (tmp_path / "b.jsonl").write_text("")
    assert [text for batch in read_corpus(tmp_path) for text in batch.texts] == ["x"]


BROKEN_LINES = {
    "cut off": ('{"text": "x"}\n{"text": "y', ":2", "truncated"),
    "not JSON": ('{"text": "x"}\nhello\n', ":2", "not JSON"),
    "not JSON, not cut off": ("not json\n", ":1", "not JSON (Expecting value at character 1)"),
    "not an object": ('["x"]\n', ":1", "not a JSON object"),
    "no text column": ('{"body": "x"}\n', ":1", "or name it where the command takes it: --text-column body"),
    "text is a number": ('{"text": "x"}\n{"text": 5}\n', ":2", "a number, not text"),
    "text is null": ('{"text": null}\n', ":1", "null, not text"),
    "text is a list": ('{"text": ["x"]}\n', ":1", "a list, not text"),
    "lone surrogate": ('{"text": "a\\ud800b"}\n', ":1", "lone surrogate \\ud800 at character 1"),
    "deeply nested": ('{"text": "x", "z": ' + "[" * 100_000 + "\n", ":1", "not JSON"),
}


@pytest.mark.parametrize("case", BROKEN_LINES)
def test_a_broken_line_is_one_error_that_names_it(tmp_path: Path, case: str) -> None:
    content, line, message = BROKEN_LINES[case]
    (tmp_path / "bad.jsonl").write_text(content)
    with pytest.raises(InputError) as error:
        list(read_corpus(tmp_path / "bad.jsonl"))
    assert f"bad.jsonl{line}" in str(error.value)
    assert message in str(error.value)


def test_bytes_that_are_not_utf8_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_bytes(b'{"text": "a\xff"}\n')
    with pytest.raises(InputError, match=r"bad\.jsonl:1: not UTF-8"):
        list(read_corpus(tmp_path / "bad.jsonl"))


def test_columns_of_mixed_types_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"text": "x", "id": 1}\n{"text": "y", "id": "two"}\n')
    with pytest.raises(InputError, match=r"column 'id' mixes types"):
        list(read_corpus(tmp_path / "bad.jsonl", ["id"]))


@pytest.mark.parametrize("write", [write_parquet, write_gz, write_zst])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.98])
def test_a_truncated_file_is_one_error(tmp_path: Path, write: Callable[[Path], Path], share: float) -> None:
    path = write(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match=path.name):
        list(read_corpus(path))


def test_a_compressed_file_with_a_byte_changed_is_one_error_or_another_text(tmp_path: Path) -> None:
    """Never a traceback of the library that decompresses it."""
    path = write_gz(tmp_path)
    whole, failed = path.read_bytes(), 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            list(read_corpus(path))
        except InputError:
            failed += 1
    assert failed > len(whole) // 2


def test_a_parquet_file_with_bytes_changed_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "corpus.parquet"
    pl.DataFrame({"text": [f"{i} word" for i in range(5000)]}).write_parquet(path)
    data = bytearray(path.read_bytes())
    data[200:260] = bytes(60)
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        list(read_corpus(path))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pl.DataFrame({"body": ["x"]}), "no column 'text'"),
        (pl.DataFrame({"text": [1]}), "has type Int64, not text"),
        (pl.DataFrame({"text": ["x", None]}), "row 1: 'text' is null"),
    ],
)
def test_a_parquet_file_without_texts_is_one_error(tmp_path: Path, frame: pl.DataFrame, message: str) -> None:
    frame.write_parquet(tmp_path / "bad.parquet")
    with pytest.raises(InputError) as error:
        list(read_corpus(tmp_path / "bad.parquet"))
    assert message in str(error.value)


@pytest.mark.parametrize("name", ["missing.jsonl", "none*.jsonl", "empty", "notes.txt"])
def test_paths_that_match_no_corpus_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no corpus")
    with pytest.raises(InputError):
        read_corpus(tmp_path / name)
