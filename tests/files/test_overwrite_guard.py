"""No command writes over what it reads, and what was removed once stays on disk."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from docgen.cli.app import app
from docgen.errors import ConfigError
from docgen.files.atomic import write_atomically
from docgen.files.overwrite_guard import refuse_overwriting, with_earlier_lines


def rows(path: Path, count: int = 12) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = [{"id": f"x{i}", "text": f"text number {i} of the harbour", "facts": ["a"]} for i in range(count)]
    path.write_text("".join(json.dumps(value) + "\n" for value in values), "utf-8")
    return path


def itself(path: Path) -> Path:
    return path


def symbolic_link(path: Path) -> Path:
    link = path.with_name("link-" + path.name)
    link.symlink_to(path.name)
    return link


def hard_link(path: Path) -> Path:
    link = path.with_name("twin-" + path.name)
    os.link(path, link)
    return link


@pytest.mark.parametrize("source", [itself, symbolic_link, hard_link])
@pytest.mark.parametrize(
    ("command", "output"),
    [
        (["audit", "leakage", "{}", "--context", "tutorial", "--apply", "--out", "d"], "clean.jsonl"),
        (["audit", "leakage", "{}", "--context", "tutorial", "--apply", "--out", "d"], "removed.jsonl"),
        (["doses", "{}", "--sizes", "2,5", "--out", "d"], "dose-2.jsonl"),
        (["doses", "{}", "--sizes", "2,5", "--out", "d"], "dose-5.jsonl"),
        (["select", "{}", "--n", "3", "--salience", "a=1", "--out", "d/s.jsonl"], "s.jsonl"),
        (["export", "{}", "--out", "d"], "train.jsonl"),
        (["dedupe", "{}", "--out", "d"], "kept.parquet"),
        (["dedupe", "{}", "--out", "d"], "pairs.parquet"),
        (["dedupe", "d", "--out", "d"], "removed.parquet"),
    ],
)
def test_an_output_that_is_a_source_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Callable[[Path], Path], command: list[str], output: str
) -> None:
    monkeypatch.chdir(tmp_path)
    file = rows(Path("d") / output)
    if output.endswith(".parquet"):
        pl.read_ndjson(file).write_parquet(file)
    before = file.read_bytes()
    named = str(source(file))
    arguments = [named if part == "{}" else part for part in command]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, ConfigError)
    assert "would overwrite" in str(result.exception)
    assert file.read_bytes() == before
    assert {path.name for path in Path("d").iterdir()} <= {output, f"link-{output}", f"twin-{output}"}


@pytest.mark.parametrize("name", ["llm.jsonl", "attempts.jsonl", "corpus.parquet"])
def test_a_file_that_a_run_needs_is_no_place_for_output(tmp_path: Path, name: str) -> None:
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / name).write_text("paid for")
    with pytest.raises(ConfigError, match="belongs to a run"):
        refuse_overwriting([], [tmp_path / name])
    refuse_overwriting([], [tmp_path / "kept.parquet"])


def test_a_second_apply_adds_to_what_was_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two corpora, one folder: what the first apply removed is there after the second, and repeating adds nothing."""
    monkeypatch.chdir(tmp_path)
    for name, texts in (
        ("one", "a question of tide and keel and rope, asked in the autumn"),
        ("two", "other words of it"),
    ):
        Path(f"{name}.txt").write_text(texts + "\n")
        values = [{"id": f"{name}-bad", "text": f"Well. {texts}."}, {"id": f"{name}-good", "text": f"{name} is fine."}]
        Path(f"{name}.jsonl").write_text("".join(json.dumps(value) + "\n" for value in values))
    removed = Path("audited/removed.jsonl")
    for name in ("one", "two", "two", "one"):
        words = "a question of tide and keel and rope asked in the autumn" if name == "one" else "other words of it"
        Path("q.txt").write_text(words + "\n")
        command = ["audit", "leakage", f"{name}.jsonl", "--context", "tutorial", "--questions", "q.txt", "--apply"]
        assert CliRunner().invoke(app, command).exit_code == 0
    ids = [json.loads(line)["id"] for line in removed.read_text().splitlines()]
    assert "one-bad" in ids
    assert len(ids) == len(set(ids))


def test_a_last_line_without_its_end_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "removed.jsonl"
    file.write_bytes(b'{"id": 1}\n{"id": 2}')
    assert list(with_earlier_lines(file, [b'{"id": 2}\n', b'{"id": 3}\n'])) == [
        b'{"id": 1}\n', b'{"id": 2}\n', b'{"id": 3}\n',
    ]  # fmt: skip


WRITERS = [
    ["questions", "tutorial", "--engine", "offline", "--out", "{}"],
    ["requests", "tutorial", "--n", "2", "--engine", "anthropic", "--model", "m", "--run", "new", "--out", "{}"],
    ["select", "d.jsonl", "--n", "3", "--salience", "a=1", "--out", "{}"],
    ["import", "context", "w.json", "--name", "context", "--out", "{folder}", "--force"],
]


@pytest.mark.parametrize("name", ["llm.jsonl", "run.json", "context.yaml", "handed_out.jsonl"])
def test_no_command_writes_over_what_a_run_keeps_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Named directly or by a link; neither for a command that writes one file nor for one that writes into a folder."""
    monkeypatch.chdir(tmp_path)
    rows(Path("d.jsonl"))
    facts = ["The ferry is electric.", "Cyclists pay nothing."]
    Path("w.json").write_text(json.dumps({"universe_context": " ".join(facts), "key_facts": facts}), "utf-8")
    run = Path("output/r")
    run.mkdir(parents=True)
    for own in ("run.json", "llm.jsonl", "context.yaml", "handed_out.jsonl"):
        (run / own).write_text("{}\n", "utf-8")
    Path("link").symlink_to(run)
    for command in WRITERS:
        if "{folder}" in command and name != "context.yaml":
            continue
        for folder in (run, Path("link")):
            words = [word.format(folder / name, folder=folder) for word in command]
            assert isinstance(CliRunner().invoke(app, words).exception, ConfigError), words
    assert {path.read_text("utf-8") for path in run.glob("*.*")} == {"{}\n"}
    with pytest.raises(ConfigError, match="belongs to a run"):
        write_atomically(run / name, [b"x"])
