"""Deduplicating files: what is kept and removed, under every rule and in any order of rows."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from docgen.dedupe.job import DedupeSettings, dedupe
from docgen.dedupe.precedence import KeepRule
from docgen.dedupe.sketch.parameters import Scheme
from docgen.dedupe.source import open_corpus
from docgen.errors import ConfigError, InputError
from tests.dedupe.corpora import planted, prose, similar, write_jsonl
from tests.dedupe.reference import jaccard

RULES = [
    KeepRule("first"),
    KeepRule("longest"),
    KeepRule("best", "score"),
    KeepRule("best", "-score"),
    KeepRule("salience"),
    KeepRule("salience", targets={"F0": 0.9, "F1": 0.1}),
]
EXHAUSTIVE = Scheme(bands=120, rows=1)
"""Bands that find every pair, so that the result can be checked against comparing all pairs."""


def kept_ids(path: Path, **options: Any) -> list[int]:
    result = dedupe(open_corpus([path]), DedupeSettings(**options))
    return sorted(result.ids.filter(result.decision.kept).to_list())


def texts_of(rows: Sequence[dict[str, object]]) -> dict[object, dict[str, object]]:
    return {row["id"]: row for row in rows}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, object]]:
    return planted()


@pytest.fixture(scope="module")
def corpus(rows: list[dict[str, object]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_jsonl(tmp_path_factory.mktemp("corpus") / "corpus.jsonl", rows)


@pytest.mark.parametrize("keep", RULES, ids=lambda keep: f"{keep.rule} {keep.column} {bool(keep.targets)}")
def test_every_removed_document_has_a_kept_twin(corpus: Path, rows: list[dict[str, object]], keep: KeepRule) -> None:
    """Kept plus removed is the input; each removal names a kept document and their exact similarity."""
    result = dedupe(open_corpus([corpus]), DedupeSettings(keep=keep))
    kept, by_id = set(result.ids.filter(result.decision.kept)), texts_of(rows)
    removed = result.removed()
    assert removed.height
    assert sorted([*kept, *removed["id"]]) == list(range(len(rows)))
    for row, twin, similarity, kind in removed.rows():
        assert twin in kept
        assert similarity == jaccard(str(by_id[row]["text"]), str(by_id[twin]["text"])) >= 0.8
        assert (kind == "exact") == (by_id[row]["text"] == by_id[twin]["text"])


def test_no_two_kept_documents_are_similar(corpus: Path, rows: list[dict[str, object]]) -> None:
    by_id = texts_of(rows)
    kept = kept_ids(corpus, scheme=EXHAUSTIVE)
    assert not [(a, b) for a in kept for b in kept if a < b and similar(by_id[a], by_id[b])]


def test_all_pairs_are_those_of_comparing_every_two(corpus: Path, rows: list[dict[str, object]]) -> None:
    result = dedupe(open_corpus([corpus]), DedupeSettings(EXHAUSTIVE), pairs=True)
    pairs = {(a, b): similarity for a, b, similarity in result.similar_pairs().rows()}
    expected = {
        (a["id"], b["id"]): jaccard(str(a["text"]), str(b["text"]))
        for a in rows
        for b in rows
        if int(str(a["id"])) > int(str(b["id"])) and similar(a, b)
    }
    assert pairs == expected


@pytest.mark.parametrize("keep", RULES, ids=lambda keep: f"{keep.rule} {keep.column} {bool(keep.targets)}")
def test_the_kept_set_does_not_depend_on_the_order_of_rows(
    corpus: Path, rows: list[dict[str, object]], tmp_path: Path, keep: KeepRule
) -> None:
    shuffled = random.Random(3).sample(rows, len(rows))
    assert kept_ids(write_jsonl(tmp_path / "shuffled.jsonl", shuffled), keep=keep) == kept_ids(corpus, keep=keep)


def test_kept_documents_are_kept_again(corpus: Path, rows: list[dict[str, object]], tmp_path: Path) -> None:
    kept = kept_ids(corpus)
    again = write_jsonl(tmp_path / "kept.jsonl", [row for row in rows if row["id"] in kept])
    assert kept_ids(again) == kept


@pytest.mark.parametrize("batch_rows", [1, 7, 4096])
@pytest.mark.parametrize("threads", [1, 3])
def test_nothing_depends_on_batches_and_threads(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, batch_rows: int, threads: int
) -> None:
    expected = dedupe(open_corpus([corpus]), DedupeSettings()).removed()
    monkeypatch.setattr("docgen.dedupe.source.BATCH_ROWS", batch_rows)
    assert dedupe(open_corpus([corpus]), DedupeSettings(threads=threads)).removed().equals(expected)


def test_a_chain_removes_nothing_but_neighbours_of_what_is_kept(tmp_path: Path) -> None:
    """a ~ b ~ c, but not a ~ c: c is kept, because the only document like it is itself removed."""
    texts = ["a b c d e f g h i j", "x b c d e f g h i j", "x y c d e f g h i j"]
    path = write_jsonl(tmp_path / "chain.jsonl", [{"id": i, "text": text} for i, text in enumerate(texts)])
    assert [jaccard(texts[i], texts[j], 1) >= 0.8 for i, j in ((0, 1), (1, 2), (0, 2))] == [True, True, False]
    assert kept_ids(path, scheme=Scheme(0.8, 1, 120, 1)) == [0, 2]


def test_documents_that_differ_in_a_by_column_are_not_compared(tmp_path: Path) -> None:
    text = prose(1)
    rows = [
        {"id": i, "text": text, "doc_type": kind, "n": n}
        for i, (kind, n) in enumerate([("a", 1), ("b", 1), ("a", 2), ("a", 1)])
    ]
    path = write_jsonl(tmp_path / "corpus.jsonl", rows)
    assert kept_ids(path) == [0]
    assert kept_ids(path, by=("doc_type",)) == [0, 1]
    assert kept_ids(path, by=("doc_type", "n")) == [0, 1, 2]


def test_keep_rules_choose_by_what_they_name(tmp_path: Path) -> None:
    text = prose(1, 120)
    rows = [
        {"id": 0, "text": text, "score": 1, "facts": [{"fact": "common"}]},
        {"id": 1, "text": text + " and five more words here", "score": 0, "facts": [{"fact": "common"}]},
        {"id": 2, "text": text, "score": 9, "facts": [{"fact": "rare"}, {"fact": "common"}]},
        {"id": 3, "text": prose(2), "score": 0, "facts": [{"fact": "common"}]},
    ]
    path = write_jsonl(tmp_path / "corpus.jsonl", rows)
    assert kept_ids(path) == [0, 3]
    assert kept_ids(path, keep=KeepRule("longest")) == [1, 3]
    assert kept_ids(path, keep=KeepRule("best", "score")) == [2, 3]
    assert kept_ids(path, keep=KeepRule("best", "-score")) == [1, 3]
    assert kept_ids(path, keep=KeepRule("salience")) == [2, 3]


def test_without_an_id_column_documents_go_by_row_number(tmp_path: Path) -> None:
    rows = [{"text": prose(1)}, {"text": prose(2)}, {"text": prose(1)}]
    result = dedupe(open_corpus([write_jsonl(tmp_path / "corpus.jsonl", rows)]), DedupeSettings())
    assert result.removed().rows() == [(2, 0, 1.0, "exact")]


def test_ids_may_be_strings(tmp_path: Path) -> None:
    rows = [{"id": "b", "text": prose(1)}, {"id": "a", "text": prose(1)}]
    result = dedupe(open_corpus([write_jsonl(tmp_path / "corpus.jsonl", rows)]), DedupeSettings())
    assert result.removed().rows() == [("b", "a", 1.0, "exact")]


@pytest.mark.parametrize("ids", [[1, 1], [1, None]])
def test_ids_that_are_not_unique_are_refused(tmp_path: Path, ids: list[int | None]) -> None:
    path = write_jsonl(tmp_path / "corpus.jsonl", [{"id": i, "text": prose(n)} for n, i in enumerate(ids)])
    with pytest.raises(InputError, match="--id-column"):
        dedupe(open_corpus([path]), DedupeSettings())
    assert dedupe(open_corpus([path], id_column=""), DedupeSettings()).removed().is_empty()


def test_invalid_columns_and_rules_are_refused(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "corpus.jsonl", [{"id": 1, "text": "x", "name": "y"}])
    with pytest.raises(InputError, match="no column 'score'"):
        dedupe(open_corpus([path]), DedupeSettings(keep=KeepRule("best", "score")))
    with pytest.raises(InputError, match="not numbers"):
        dedupe(open_corpus([path]), DedupeSettings(keep=KeepRule("best", "name")))
    with pytest.raises(InputError, match="no column 'key'"):
        open_corpus([path], id_column="key")
    for keep in [{"rule": "best"}, {"rule": "shortest"}, {"rule": "first", "column": "score"}]:
        with pytest.raises(ConfigError):
            KeepRule(**keep)  # type: ignore[arg-type]


def test_an_empty_corpus_has_no_duplicates(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    pl.DataFrame({"text": []}, schema={"text": pl.String}).write_parquet(tmp_path / "empty.parquet")
    for name in ("empty.jsonl", "empty.parquet"):
        assert dedupe(open_corpus([tmp_path / name]), DedupeSettings()).removed().is_empty()


def test_one_huge_document_and_many_copies_are_decided_correctly(tmp_path: Path) -> None:
    """5 MB without a space, 2 MB of words, and 20,000 copies of a short text."""
    huge, words = "x" * 5_000_000, prose(7, 250_000)
    texts = [huge, words, huge.upper(), words + " end", *["the same short text once more"] * 20_000]
    pl.DataFrame({"text": texts}).write_parquet(tmp_path / "corpus.parquet")
    result = dedupe(open_corpus([tmp_path / "corpus.parquet"]), DedupeSettings())
    assert result.ids.filter(result.decision.kept).to_list() == [0, 1, 4]


@given(st.lists(st.text(alphabet="ab\u00e9\u4e2d \n\x00!", max_size=25), max_size=15), st.integers(1, 3))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_short_texts_are_decided_as_by_comparing_all(tmp_path: Path, texts: list[str], ngram: int) -> None:
    texts = [text.replace("中", "") for text in texts]
    path = write_jsonl(tmp_path / "corpus.jsonl", [{"text": text} for text in texts])
    result = dedupe(open_corpus([path]), DedupeSettings(Scheme(0.6, ngram, 120, 1)))
    kept = set(result.ids.filter(result.decision.kept))
    for row, twin, similarity, _ in result.removed().rows():
        assert twin in kept
        assert similarity == jaccard(texts[row], texts[twin], ngram) >= 0.6
    assert not [(a, b) for a in kept for b in kept if a < b and jaccard(texts[a], texts[b], ngram) >= 0.6]


@pytest.mark.parametrize("later", ["w" * 3 + " " + prose(3, 90_000), ""])
def test_a_corpus_that_changes_between_the_two_passes_is_one_error(tmp_path: Path, later: str) -> None:
    """Even with the same number of rows: longer documents must not overflow the room measured for shorter ones."""
    path = write_jsonl(tmp_path / "corpus.jsonl", [{"id": i, "text": prose(1, 60) + f" {i}"} for i in range(2)])

    def rewrite(_: int) -> None:
        write_jsonl(path, [{"id": i, "text": f"{later} {i}"} for i in range(2 if later else 1)])

    with pytest.raises(InputError, match="changed while it was read"):
        dedupe(open_corpus([path]), DedupeSettings(threads=1), progress=rewrite)
