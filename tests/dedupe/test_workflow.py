"""Complete jobs: boilerplate, indexes on disk, written files and reports."""

import json
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import given, settings
from hypothesis import strategies as st

from docgen.corpus.text_buffers import encode
from docgen.dedupe.datasketch_interop import minhashes
from docgen.dedupe.job import DedupeSettings
from docgen.dedupe.persistent_index import open_index
from docgen.dedupe.precedence import KeepRule
from docgen.dedupe.report.text_diff import differences, differing_passage, word_spans
from docgen.dedupe.sketch.parameters import Scheme, choose_bands
from docgen.dedupe.sketch.signatures import Sketcher
from docgen.dedupe.source import open_corpus
from docgen.dedupe.workflow import Job, Outcome, run_dedupe
from docgen.errors import ConfigError, InputError
from tests.dedupe.corpora import edited, planted, prose, write_jsonl

PREAMBLE = prose(99, 60)


def run(path: Path, **options: Any) -> Outcome:
    settings = options.pop("settings", DedupeSettings())
    return run_dedupe(open_corpus([path]), Job(settings, **options))


def kept(outcome: Outcome) -> list[int]:
    return outcome.result.ids.filter(outcome.result.decision.kept).to_list()


def with_preamble(tmp_path: Path) -> Path:
    """Ten short documents that share only their long preamble, and two that differ only in it."""
    rows: list[dict[str, object]] = [{"id": i, "text": f"{PREAMBLE} {prose(i, 10)}"} for i in range(10)]
    body = prose(50, 60)
    rows += [{"id": 10, "text": f"{PREAMBLE} {body}"}, {"id": 11, "text": f"{prose(98, 30)} {body}"}]
    return write_jsonl(tmp_path / "preamble.jsonl", rows)


def test_passages_of_many_documents_neither_cause_nor_hide_duplicates(tmp_path: Path) -> None:
    path = with_preamble(tmp_path)
    low = DedupeSettings(Scheme.of(0.5))
    assert kept(run(path, settings=low)) == [0, 10, 11]
    outcome = run(path, settings=low, ignore_common=5)
    assert kept(outcome) == list(range(11))
    [passage] = outcome.report["ignored"]["common"]["passages"]
    assert passage == {"text": PREAMBLE, "documents": 11, "words": 60}


def test_a_cap_below_one_is_a_share_of_documents(tmp_path: Path) -> None:
    outcome = run(with_preamble(tmp_path), ignore_common=0.9)
    assert outcome.report["ignored"]["common"]["documents"] == 11
    with pytest.raises(ConfigError):
        run(with_preamble(tmp_path), ignore_common=-1)


def test_passages_of_a_template_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "template.txt").write_text(PREAMBLE)
    outcome = run(with_preamble(tmp_path), settings=DedupeSettings(Scheme.of(0.5)), ignore=(tmp_path / "template.txt",))
    assert kept(outcome) == list(range(11))
    with pytest.raises(InputError):
        run(with_preamble(tmp_path), ignore=(tmp_path / "missing.txt",))


def test_documents_of_ignored_passages_only_are_duplicates_of_their_copies_only(tmp_path: Path) -> None:
    (tmp_path / "template.txt").write_text(PREAMBLE)
    texts = [PREAMBLE, PREAMBLE.upper(), PREAMBLE]
    path = write_jsonl(tmp_path / "corpus.jsonl", [{"text": text} for text in texts])
    assert kept(run(path, ignore=(tmp_path / "template.txt",))) == [0, 1]


def test_an_index_gives_what_one_corpus_gives(tmp_path: Path) -> None:
    """Files checked one after the other against a growing index, and all at once: the same kept documents."""
    rows = planted(30, seed=4)
    parts = [write_jsonl(tmp_path / f"part{i}.jsonl", rows[i * 30 : (i + 1) * 30]) for i in range(-(-len(rows) // 30))]
    whole = kept(run(write_jsonl(tmp_path / "whole.jsonl", rows)))
    one_by_one = [row for part in parts for row in kept(run(part, index=tmp_path / "index"))]
    assert one_by_one == whole
    index = open_index(tmp_path / "index")
    assert index.ids() == whole
    assert kept(run(tmp_path / "whole.jsonl", against=tmp_path / "index")) == []
    assert open_index(tmp_path / "index") == index


def test_removals_against_an_index_name_its_documents(tmp_path: Path) -> None:
    text = prose(1, 200)
    run(write_jsonl(tmp_path / "old.jsonl", [{"id": 7, "text": text}]), index=tmp_path / "index")
    rows = [{"id": "a", "text": text}, {"id": "b", "text": text + " end"}, {"id": "c", "text": prose(2)}]
    outcome = run(write_jsonl(tmp_path / "new.jsonl", rows), against=tmp_path / "index", examples=5)
    assert outcome.report["examples"] == [], "an index keeps no texts"
    removals = [(row["id"], row["kept_id"], row["kind"]) for row in outcome.result.removed().rows(named=True)]
    assert removals == [("a", "7", "exact"), ("b", "7", "near")]


def test_what_an_interrupted_run_wrote_to_an_index_does_not_count(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    run(write_jsonl(tmp_path / "old.jsonl", [{"id": 1, "text": prose(1)}]), index=folder)
    for file in folder.iterdir():
        if file.name != "index.json":
            with file.open("ab") as torn:
                torn.write(os.urandom(1001))
    run(write_jsonl(tmp_path / "new.jsonl", [{"id": 2, "text": prose(2)}]), index=folder)
    copies = [{"id": 3, "text": prose(1)}, {"id": 4, "text": prose(2)}, {"id": 5, "text": prose(3)}]
    assert kept(run(write_jsonl(tmp_path / "more.jsonl", copies), against=folder)) == [5]


def test_an_unsuitable_index_is_refused(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "corpus.jsonl", [{"text": prose(1)}])
    run(path, index=tmp_path / "index")
    (tmp_path / "template.txt").write_text(prose(3))
    for options in ({"settings": DedupeSettings(Scheme.of(0.7))}, {"ignore": (tmp_path / "template.txt",)}):
        with pytest.raises(InputError, match="made with"):
            run(path, against=tmp_path / "index", **options)
    with pytest.raises(InputError, match="there is no index in this folder"):
        run(path, against=tmp_path / "none")
    with pytest.raises(ConfigError):
        run(path, against=tmp_path / "index", index=tmp_path / "index")
    with pytest.raises(InputError, match="is not empty"):
        run(path, index=tmp_path)
    (tmp_path / "index" / "sets.u64").write_bytes(b"")
    with pytest.raises(InputError, match=r"sets\.u64"):
        run(path, against=tmp_path / "index")


def test_signatures_are_those_of_datasketch(tmp_path: Path) -> None:
    """MinHash over the same 32-bit shingle hashes, scheme affine32, is bit-for-bit equal."""
    sketcher = Sketcher(Scheme())
    encoded = encode([prose(1, 500), "short text", prose(2, 3000)])
    sketches = sketcher.sketch(encoded)
    sets = np.empty(int(sketches.sizes.sum()), np.uint64)
    ends = sketcher.sets_into(sets, encoded, sketches.sizes)
    for row, hashes in enumerate(np.split(sets, ends)[:3]):
        reference = MinHash(num_perm=120, scheme="affine32", hashfunc=int)
        reference.update_batch([int(value) for value in hashes.astype(np.uint32)])
        assert (reference.hashvalues == sketches.minima[row]).all()


def test_an_index_loads_into_datasketch(tmp_path: Path) -> None:
    rows = [{"id": i, "text": prose(i)} for i in range(20)]
    run(write_jsonl(tmp_path / "corpus.jsonl", rows), index=tmp_path / "index")
    lsh = MinHashLSH(num_perm=120, params=(20, 6))
    stored = dict(minhashes(open_index(tmp_path / "index")))
    for identity, sketch in stored.items():
        lsh.insert(identity, sketch)
    assert [lsh.query(stored[i]) for i in range(20)] == [[i] for i in range(20)]


def test_written_files_hold_every_document_once(tmp_path: Path) -> None:
    rows = planted(seed=2)
    path, out = write_jsonl(tmp_path / "corpus.jsonl", rows), tmp_path / "out"
    run(path, out=out, pairs=True, examples=3, repeated=True)
    kept_rows, removed_rows = pl.read_parquet(out / "kept.parquet"), pl.read_parquet(out / "removed.parquet")
    by_id = {row["id"]: row for row in rows}
    assert kept_rows.to_dicts() == [by_id[i] for i in kept_rows["id"]]
    assert sorted([*kept_rows["id"], *removed_rows["id"]]) == [row["id"] for row in rows]
    assert pl.read_parquet(out / "pairs.parquet").height >= removed_rows.height
    report = json.loads((out / "dedupe.json").read_text())
    assert report["removed"] == removed_rows.height == report["exact"] + report["near"]
    run(path, out=out, ids_only=True)
    assert pl.read_parquet(out / "kept.parquet").equals(kept_rows.select("id"))


def test_written_columns_may_be_of_changing_types(tmp_path: Path) -> None:
    """Null first and a number later, an integer first and a float later: one column each."""
    rows = [{"text": prose(i), "a": None if i < 5 else i, "b": 1 if i < 5 else 1.5} for i in range(10)]
    files = [write_jsonl(tmp_path / f"{i}.jsonl", rows[5 * i : 5 * i + 5]) for i in range(2)]
    run_dedupe(open_corpus(files), Job(DedupeSettings(), out=tmp_path / "out"))
    written = pl.read_parquet(tmp_path / "out" / "kept.parquet")
    assert written.select("a", "b").rows() == [(row["a"], row["b"]) for row in rows]


def test_the_report_counts_by_type_idea_and_fact(tmp_path: Path) -> None:
    text, other = prose(1), prose(2)
    rows = [
        {"id": i, "text": words, "doc_type": kind, "idea": idea, "facts": [{"fact": fact} for fact in facts]}
        for i, (words, kind, idea, facts) in enumerate(
            [(text, "memo", "i1", ["F1"]), (text, "memo", "i2", ["F1", "F2"]), (other, "faq", "i1", ["F1"])]
        )
    ]
    report = run(write_jsonl(tmp_path / "corpus.jsonl", rows), settings=DedupeSettings(keep=KeepRule("first"))).report
    assert report["by_type"] == {"memo": {"documents": 2, "removed": 1}, "faq": {"documents": 1, "removed": 0}}
    assert report["by_idea"]["i2"] == {"documents": 1, "removed": 1}
    assert report["by_fact"]["F2"] == {"documents": 1, "removed": 1, "salience_before": 1 / 3, "salience_after": 0.0}
    assert report["cluster_sizes"] == {"2": 1}
    assert sum(step["documents"] for step in report["jaccard_histogram"]) == report["removed"] == 1


def test_repeated_passages_are_reported_with_their_counts(tmp_path: Path) -> None:
    report = run(with_preamble(tmp_path), repeated=True).report
    assert report["repeated_passages"][0] == {"text": PREAMBLE, "documents": 11, "words": 60}


def test_many_documents_that_share_a_preamble_all_stay(tmp_path: Path) -> None:
    """350 shared words of 700: no pair reaches the threshold, though thousands agree in a band."""
    shared = prose(0, 350)
    rows = [{"text": f"{shared} {prose(i + 1, 350)}"} for i in range(300)]
    assert len(kept(run(write_jsonl(tmp_path / "corpus.jsonl", rows)))) == 300


def test_examples_show_the_passage_that_differs(tmp_path: Path) -> None:
    text = prose(1, 200)
    words = text.split()
    other = " ".join([*words[:100], "Entirely different", *words[101:]])
    path = write_jsonl(tmp_path / "corpus.jsonl", [{"text": text}, {"text": other}])
    [example] = run(path, examples=5).report["examples"]
    assert "[Entirely different]" in example["differs"]["removed"]
    assert f"[{words[100]}]" in example["differs"]["kept"]


def test_differences_cover_exactly_what_differs() -> None:
    draw = random.Random(1)
    for seed in range(20):
        left = prose(seed, 40)
        right = edited(left, draw.random(), seed)
        found = differences(left, right)
        patched, end = [], 0
        for d in found:
            patched += [left[end : d.left_start], right[d.right_start : d.right_end]]
            end = d.left_end
        assert " ".join([*patched, left[end:]]).split() == right.split()
    assert differing_passage("The same, words.", "the SAME words") == ("", "")


def shingle_sets(texts: list[str]) -> tuple[set[int], list[int]]:
    """(all word hashes, number of words of each text)."""
    sketcher = Sketcher(Scheme(ngram=1))
    encoded = encode(texts)
    sizes = sketcher.sketch(encoded).sizes
    out = np.empty(int(sizes.sum()), np.uint64)
    ends = sketcher.sets_into(out, encoded, sizes)
    return set(out[: ends[-1]].tolist()), sizes.tolist()


@pytest.mark.parametrize("text", ["", "one Two_3", "नमस्ते दुनिया", "e\u0301tude", "中文 words", "İstanbul", "a\u200db"])
def test_words_for_people_are_the_words_of_the_kernel(text: str) -> None:
    """Each word alone makes the same shingles, n being 1, as the text does."""
    words = [text[start:end] for start, end in word_spans(text)]
    assert not words or shingle_sets([text])[0] == shingle_sets(words)[0]


PIECES = ["a", "Zz9_", " ", "\n\x00", "é", "ß", "’", "\u0301", "語", "🚀", "\u1f52", "word" * 40, "-" * 70, "x" * 8150]


@given(st.lists(st.sampled_from(PIECES), max_size=80))
@settings(max_examples=150, deadline=None)
def test_no_word_is_lost_wherever_vectors_and_blocks_end(pieces: list[str]) -> None:
    """Texts are read 64 and 8,192 bytes at a time; words longer than 1,024 bytes count once for each such piece."""
    text = "".join(pieces)
    words = [text[start:end] for start, end in word_spans(text)]
    folded = [len(word.casefold().encode()) for word in words]
    alone, _ = shingle_sets(words or [text])
    together, [count] = shingle_sets([text])
    assert together == alone
    assert count == (sum(-(-size // 1024) for size in folded) or 1)


@pytest.mark.parametrize(("threshold", "expected"), [(0.8, (20, 6)), (1.0, (1, 32)), (0.1, (56, 1))])
def test_bands_reach_the_recall_they_state(threshold: float, expected: tuple[int, int]) -> None:
    bands, rows = choose_bands(threshold)
    assert (bands, rows) == expected
    assert Scheme(threshold, 5, bands, rows).candidate_probability(threshold) >= 0.997
