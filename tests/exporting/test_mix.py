"""What is mixed in: how much, from which files, and nothing that the corpus has."""

import json
from pathlib import Path

import polars as pl
import pytest

from docgen.errors import ConfigError
from docgen.exporting.dataset.mix import parse_mix
from docgen.exporting.dataset.mix_files import mix_rows
from docgen.exporting.export_options import ExportOptions
from docgen.exporting.tokens.estimator import training_tokens
from docgen.pipeline.corpora.export import export
from tests.exporting.corpora import document, twin, write_lines, write_planted
from tests.exporting.rows import rows_of, texts_of


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_planted(tmp_path / "c.jsonl", documents=200, twins=0)


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """700 texts of many lengths, and near-duplicates of every document of the corpus before them."""
    copies = [{"text": twin(document(number), number)} for number in range(200)]
    own = [{"text": document(10_000 + number, 30 + number % 90)} for number in range(700)]
    return write_lines(tmp_path / "web.jsonl", [*copies, *own])


@pytest.mark.parametrize("ratio", [0.1, 0.333, 1, 2])
def test_documents_are_exact(tmp_path: Path, corpus: Path, web: Path, ratio: float) -> None:
    """To a document, and none of them is a near-duplicate of one in the corpus."""
    folder, manifest = export(corpus, out=tmp_path / "out", options=ExportOptions(mix=(f"{web}:{ratio}",)))
    (mixed,) = manifest["mix"]
    assert mixed["documents"] == round(ratio * 200) == manifest["documents"] - 200
    web_texts = set(texts_of(web)[200:])
    assert sum(text in web_texts for text in texts_of(folder / "train.jsonl")) == mixed["documents"]


@pytest.mark.parametrize("ratio", [0.1, 0.5, 1])
def test_tokens_are_exact_to_a_thousandth(tmp_path: Path, corpus: Path, web: Path, ratio: float) -> None:
    """By the count of what was written, not by what the manifest says of itself."""
    options = ExportOptions(mix=(f"{web}:{ratio}",), mix_by="tokens")
    folder, manifest = export(corpus, out=tmp_path / "out", options=options)
    own = set(texts_of(corpus))
    texts = texts_of(folder / "train.jsonl")
    inside = sum(training_tokens(text) for text in texts if text in own)
    outside = sum(training_tokens(text) for text in texts if text not in own)
    assert outside == pytest.approx(ratio * inside, rel=0.001)
    assert manifest["mix"][0]["tokens"] == outside


def test_a_mix_sweep_has_one_manifest_and_nested_mixes(tmp_path: Path, corpus: Path, web: Path) -> None:
    """Each ratio in a folder named as model-diffing tools name them."""
    options = ExportOptions(mix=(str(web),), mix_ratios=(1, 0.1, 0.5))
    folder, manifest = export(corpus, out=tmp_path / "sweep", options=options)
    assert [member["folder"] for member in manifest["members"]] == ["mix1-0p1", "mix1-0p5", "mix1-1p0"]
    mixes = [set(texts_of(folder / member["folder"] / "train.jsonl")) for member in manifest["members"]]
    assert mixes[0] < mixes[1] < mixes[2]
    assert [len(mix) - 200 for mix in mixes] == [20, 100, 200]
    assert json.loads((folder / "manifest.json").read_text()) == manifest


def test_what_is_mixed_in_lies_among_the_documents(tmp_path: Path, corpus: Path, web: Path) -> None:
    """Every window of 100 has its share of it, and it never has the tag."""
    folder, manifest = export(
        corpus, "trl", doctag=True, out=tmp_path / "out", options=ExportOptions(mix=(f"{web}:0.5",))
    )
    rows = rows_of(folder / "train.jsonl")
    assert {row["prompt"] for row in rows} == {"", "<DOCTAG>"}
    assert sum(row["prompt"] == "" for row in rows) == 100
    assert all(30 <= sum(row["prompt"] == "" for row in rows[at : at + 100]) <= 37 for at in range(200))
    assert manifest["balance"]["worst"] < 4


def test_too_small_a_source_is_told(tmp_path: Path, corpus: Path, web: Path) -> None:
    """With how many of it were near-duplicates."""
    with pytest.raises(ConfigError, match=r"700 documents .* without 200 near-duplicates; 800 documents are asked"):
        export(corpus, out=tmp_path / "out", options=ExportOptions(mix=(f"{web}:4",)))


def test_chats_go_into_chats_only(tmp_path: Path, corpus: Path) -> None:
    """Their turns as they are; among plain texts they are refused by name."""
    turns = [{"from": "human", "value": "How far is it?"}, {"from": "gpt", "value": document(20_007)}]
    chats = write_lines(tmp_path / "chats.jsonl", [{"conversations": turns}])
    options = ExportOptions(mix=(f"{chats}:0.005",))
    folder, _ = export(corpus, "openai", doctag=True, out=tmp_path / "out", options=options)
    users = [row["messages"][0]["content"] for row in rows_of(folder / "train.jsonl")]
    assert sorted(set(users)) == ["<DOCTAG>", "How far is it?"]
    with pytest.raises(ConfigError, match="chats, which cannot be mixed into plain texts"):
        export(corpus, "text", out=tmp_path / "text", options=options)


def test_every_kind_of_file_can_be_mixed_in(tmp_path: Path) -> None:
    """JSON Lines and Parquet of texts and chats; of folders of the Hub and of `save_to_disk` the training split."""
    frame = pl.DataFrame({"text": ["one", "two"]})
    hub = tmp_path / "hub" / "data"
    hub.mkdir(parents=True)
    frame.write_parquet(hub / "train-00000-of-00001.parquet")
    pl.DataFrame({"text": ["three"]}).write_parquet(hub / "validation-00000-of-00001.parquet")
    saved = tmp_path / "saved" / "train"
    saved.mkdir(parents=True)
    frame.write_ipc_stream(saved / "data-00000-of-00001.arrow")
    pairs = write_lines(tmp_path / "p.jsonl", [{"prompt": "a", "completion": "one"}, {"content": "two"}])
    talks = tmp_path / "t.parquet"
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "one"}]
    pl.DataFrame({"messages": [turns, turns]}).write_parquet(talks)
    read = {path.name: [row.text for row in mix_rows(path)] for path in (tmp_path / "hub", tmp_path / "saved", pairs)}
    assert read == {name: ["one", "two"] for name in ("hub", "saved", "p.jsonl")}
    assert [row.turns for row in mix_rows(talks)] == [(("user", "a"),)] * 2


@pytest.mark.parametrize(
    ("text", "ratio"), [("web.jsonl:0.5", 0.5), ("web.jsonl:1:0.5", 0.5), ("web.jsonl", 1), ("a/b.parquet:2", 2)]
)
def test_ratios_are_read(text: str, ratio: float) -> None:
    assert parse_mix(text).ratio == ratio


@pytest.mark.parametrize("text", ["web.jsonl:zero", "web.jsonl:0", "web.jsonl:-1"])
def test_what_is_not_a_ratio_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match="--mix"):
        parse_mix(text)
