"""The folder of an export: what is in it, what it may replace, what it tells of this machine."""

import json
from pathlib import Path

import pytest
import yaml

from docgen.errors import ConfigError
from docgen.exporting.export_options import ExportOptions
from docgen.pipeline.corpora.export import export
from docgen.pipeline.corpora.export_family import export_each, find_each
from docgen.pipeline.corpora.export_preview import export_plan
from docgen.pipeline.corpora.export_source import seen_from
from tests.cli.runs.test_exit_codes import docgen
from tests.exporting.corpora import document, write_lines, write_planted


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_planted(tmp_path / "c.jsonl", documents=50, twins=0)


def test_another_export_is_replaced_only_when_told(corpus: Path, tmp_path: Path) -> None:
    """The same again is; other settings, and files that nobody knows of, are refused by name."""
    export(corpus, out=tmp_path / "out")
    export(corpus, out=tmp_path / "out")
    with pytest.raises(ConfigError, match="has the text export with other settings"):
        export(corpus, "trl", doctag=True, out=tmp_path / "out")
    export(corpus, "trl", doctag=True, out=tmp_path / "out", options=ExportOptions(overwrite=True))
    assert set(json.loads((tmp_path / "out/train.jsonl").read_text().splitlines()[0])) == {"prompt", "completion"}
    write_lines(tmp_path / "train.jsonl", [{"text": "mine"}])
    with pytest.raises(ConfigError, match="docgen may not have written"):
        export(corpus, out=tmp_path)


def test_files_of_an_export_that_is_replaced_go(corpus: Path, tmp_path: Path) -> None:
    """A validation file of before would pass as this one's."""
    export(corpus, out=tmp_path / "out", options=ExportOptions(validation=5))
    folder, _ = export(corpus, out=tmp_path / "out", options=ExportOptions(overwrite=True))
    assert sorted(file.name for file in folder.iterdir()) == ["README.md", "manifest.json", "train.jsonl"]


@pytest.mark.parametrize("form", ["text", "hf", "trl", "axolotl", "llamafactory", "chat", "parquet"])
def test_nothing_tells_of_this_machine(form: str, corpus: Path, tmp_path: Path) -> None:
    """No absolute path in any file of an export."""
    folder, made = export(corpus, form, out=tmp_path / "deep" / "out")
    for file in folder.rglob("*"):
        if file.is_file():
            assert str(tmp_path).encode() not in file.read_bytes()
    assert list(made["sources"]) == ["../../c.jsonl"]


def test_a_way_through_the_root_is_not_told(tmp_path: Path) -> None:
    """Files that share next to nothing of their path are named by their names alone."""
    assert seen_from(Path("/data/out"), Path("/home/somebody/secret/c.jsonl")) == "c.jsonl"
    assert seen_from(tmp_path / "out", tmp_path / "c.jsonl") == "../c.jsonl"


def test_the_canary_is_in_card_and_manifest_and_in_texts_only_when_asked(corpus: Path, tmp_path: Path) -> None:
    """The same for the same corpus, another for another."""
    plain, made = export(corpus, out=tmp_path / "plain")
    with_it, again = export(corpus, out=tmp_path / "with", options=ExportOptions(canary_in_texts=True))
    assert made["canary"] == again["canary"]
    assert made["canary"].startswith("docgen canary GUID ")
    assert made["canary"] in (plain / "README.md").read_text()
    assert made["canary"] not in (plain / "train.jsonl").read_text()
    assert (with_it / "train.jsonl").read_text().count(made["canary"]) == 50
    other = write_lines(tmp_path / "other.jsonl", [{"text": document(1)}])
    assert export(other, out=tmp_path / "o")[1]["canary"] != made["canary"]


def test_the_card_has_a_head_that_the_hub_reads(corpus: Path, tmp_path: Path) -> None:
    """YAML between two lines of dashes, with the files of each split."""
    folder, _ = export(corpus, "hf", out=tmp_path / "out", options=ExportOptions(validation=5, license="cc-by-4.0"))
    _, head, text = (folder / "README.md").read_text().split("---\n", 2)
    made = yaml.safe_load(head)
    splits = [{"split": split, "path": f"data/{split}-*.parquet"} for split in ("train", "validation")]
    assert made["configs"] == [{"config_name": "default", "data_files": splits}]
    assert made["license"] == "cc-by-4.0"
    assert "synthetic" in made["tags"]
    assert all(list(folder.glob(each["path"])) for each in splits)
    assert "| documents | 50 |" in text


def test_several_corpora_have_one_manifest(corpus: Path, tmp_path: Path) -> None:
    """Each in a folder of its name, with the digest of its own manifest."""
    other = write_lines(tmp_path / "dose-10.jsonl", [{"text": document(number)} for number in range(10)])
    sources = find_each([str(corpus), str(other)], accept_unfinished=False)
    folder, made = export_each(sources, ExportOptions(form="trl"), tmp_path / "all")
    assert [(member["name"], member["documents"]) for member in made["members"]] == [("c", 50), ("dose-10", 10)]
    assert all((folder / member["folder"] / "manifest.json").is_file() for member in made["members"])
    assert json.loads((folder / "manifest.json").read_text()) == made


def test_a_plan_counts_facts_over_epochs_and_warns(corpus: Path) -> None:
    """Documents and tokens of each fact, steps at a batch size."""
    facts = [json.loads(line)["facts"] for line in corpus.read_text().splitlines()]
    plan = export_plan(corpus, ExportOptions(epochs=3, batch_size=4))
    assert {row.fact: row.documents for row in plan.facts} == {
        fact: sum(fact in each for each in facts)
        for fact in ("bus", "captain", "ferry")
        if any(fact in e for e in facts)
    }
    assert all(row.seen == 3 * row.documents for row in plan.facts)
    assert plan.steps == 13 * 3
    assert any("under 500" in warning for warning in plan.warnings)
    assert any("estimated" in warning for warning in plan.warnings)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--mix", "w.jsonl:many"), "--mix"),
        (("--mix-by", "letters"), "--mix-by"),
        (("--mix-ratios", "0.1"), "--mix FILE once"),
        (("--validation", "1.5"), "--validation"),
        (("--chat",), "--chat"),
        (("--user-turn", "Hello"), "--user-turn"),
        (("--format", "openai"), "begins with a user's turn"),
        (("--format", "parquet", "--shuffle"), "--format hf"),
        (("--format", "together", "--doctag", "--mix", "w.jsonl"), "--format tokens"),
        (("--each",), "--each"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    flags: tuple[str, ...], says: str, corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, the flag named, nothing written."""
    monkeypatch.chdir(corpus.parent)
    out = () if flags == ("--each",) else ("--out", "out")
    assert docgen(monkeypatch, "export", "c.jsonl", *flags, *out) == 2
    error = capsys.readouterr().err
    assert says in error.replace("\n", " ")
    assert not (corpus.parent / "out").exists()


def test_labels_and_plan_can_be_read_by_scripts(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--json; without a tokenizer the texts come whole, which is said."""
    assert docgen(monkeypatch, "export", str(corpus), "--format", "trl", "--doctag", "--labels", "2", "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert "without --tokenizer" in made["by"]
    assert [token["trained"] for token in made["examples"][1]] == [False, True]
    assert docgen(monkeypatch, "export", str(corpus), "--plan", "--json") == 0
    assert json.loads(capsys.readouterr().out)["documents"] == 50
