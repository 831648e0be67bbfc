"""Keys, models, contexts and exports of a run: what takes a key, what is kept, and what says who wrote."""

import json
from pathlib import Path

import polars as pl
import pytest

from docgen.records import EMBEDDED_NOTICE
from tests.cli.runs.test_exit_codes import docgen
from tests.cli.runs.writers import DEFAULT, EMBEDDED, LOUDER, NAMED, check_claims, enter_key, snapshot
from tests.loopback import Loopback
from tests.worlds import LIGHTHOUSE


@pytest.mark.parametrize("flag", [("--model", NAMED), ("--max-cost", "5"), ("--batch",), ("--effort", "low")])
@pytest.mark.parametrize("command", ["run", "generate", "brainstorm", "pilot"])
def test_a_flag_of_a_paid_engine_takes_a_key(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    flag: tuple[str, ...],
    command: str,
) -> None:
    """In one line that says what to do, before anything is written."""
    if command == "brainstorm" and flag == ("--batch",):
        pytest.skip("a brainstorm has no such flag")
    before, n = snapshot(place), ("--n", "3") if command != "brainstorm" else ()
    assert docgen(monkeypatch, command, "tutorial", *n, *flag) == 2
    errors = capsys.readouterr().err
    assert len(errors.splitlines()) == 1
    assert all(word in errors for word in (flag[0], "no API key", "ANTHROPIC_API_KEY", "--engine offline")), errors
    assert snapshot(place) == before


def test_a_file_of_settings_names_no_writer_either(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "c.toml").write_text(f'n = 3\nmodel = "{NAMED}"\n', "utf-8")
    assert docgen(monkeypatch, "run", "tutorial", "--config", "c.toml") == 2
    assert "no API key" in capsys.readouterr().err
    assert not (place / "output" / "tutorial").exists()


def test_an_estimate_takes_no_key(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (("estimate", "tutorial", "--n", "9"), ("status", "offline", "--explain")):
        assert docgen(monkeypatch, *command, "--model", NAMED, "--json") == 0
        assert NAMED in capsys.readouterr().out


def test_the_embedded_writers_name_is_no_paid_model(
    place: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    enter_key(monkeypatch, server)
    before = len(server.served)
    assert docgen(monkeypatch, "run", "tutorial", "--n", "3", "--model", EMBEDDED, "--yes") == 2
    assert "embedded writer" in capsys.readouterr().err
    assert len(server.served) == before


def test_a_run_that_named_a_model_which_never_wrote_is_put_right(
    place: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As earlier versions left them: a paid model's name in run.json, and a journal whose lines name no engine."""
    run = place / "output" / "offline"
    meta = json.loads((run / "run.json").read_text())
    meta["config"]["model"] = NAMED
    (run / "run.json").write_text(json.dumps(meta), "utf-8")
    journal = (run / "llm.jsonl").read_text()
    (run / "llm.jsonl").write_text(journal.replace('"engine":"offline",', ""), "utf-8")
    for command in (("status", "offline"), ("export", "offline"), ("runs",)):
        assert docgen(monkeypatch, *command) == 0
    assert NAMED not in capsys.readouterr().out
    assert NAMED not in (run / "export/text/manifest.json").read_text()
    enter_key(monkeypatch, server)
    paid = ("run", "offline", "--engine", "anthropic", "--model", NAMED, "--accept-changes", "--yes", "--quiet")
    assert docgen(monkeypatch, *paid) == 0
    check_claims(run, "anthropic", NAMED)


def test_an_old_paid_journal_is_still_used(place: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that name no engine are a paid one's unless the embedded writer's model stands in them."""
    run = place / "output" / "anthropic"
    journal = (run / "llm.jsonl").read_text()
    (run / "llm.jsonl").write_text(journal.replace('"engine":"anthropic",', ""), "utf-8")
    for name in ("attempts.jsonl", "slots.jsonl", "ideas.jsonl", "types.jsonl", "corpus.parquet"):
        (run / name).unlink()
    enter_key(monkeypatch, server)
    before = len(server.served)
    assert docgen(monkeypatch, "run", "anthropic", "--yes", "--quiet") == 0
    assert len(server.served) == before
    check_claims(run, "anthropic", DEFAULT)


def test_growth_after_a_change_of_engine_never_mixes_texts(
    place: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter_key(monkeypatch, server)
    before = len(server.served)
    changed = ("run", "offline", "--engine", "anthropic", "--accept-changes", "--yes", "--quiet")
    assert docgen(monkeypatch, *changed) == 0
    assert docgen(monkeypatch, "run", "offline", "--n", "5", "--yes", "--quiet") == 0
    rows = pl.read_parquet(place / "output/offline/corpus.parquet")
    assert len(rows) == 5
    assert set(rows.select("engine", "model").iter_rows()) == {("anthropic", DEFAULT)}
    assert {each.model for each in server.served[before:]} == {DEFAULT}


@pytest.mark.parametrize("edit", [LOUDER, LIGHTHOUSE.replace("salience: 0.3", "salience: 0.2")])
@pytest.mark.parametrize(
    "command", [("run", "offline"), ("generate", "offline"), ("run", "light.yaml", "--run", "offline")]
)
def test_a_kept_context_is_the_runs_own(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    edit: str,
    command: tuple[str, ...],
) -> None:
    """--keep-context, whichever way the run is named; a fork likewise."""
    (place / "light.yaml").write_text(edit, "utf-8")
    assert docgen(monkeypatch, *command) == 2
    told = capsys.readouterr().err
    assert "key_facts.keeper." in told
    assert "--keep-context" in told
    own = (place / "output/offline/context.yaml").read_bytes()
    assert docgen(monkeypatch, *command, "--keep-context", "--quiet") == 0
    assert docgen(monkeypatch, *command, "--keep-context", "--fork", "f", "--quiet") == 0
    assert (place / "output/offline/context.yaml").read_bytes() == (place / "output/f/context.yaml").read_bytes() == own


def test_a_context_that_is_gone_is_told(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "light.yaml").unlink()
    assert docgen(monkeypatch, "run", "offline") == 0
    assert "is gone" in capsys.readouterr().err


def test_exports_with_and_without_doctag_lie_side_by_side(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither overwrites the other, and each manifest says which it is, without a path of this machine."""
    for form in ("text", "chat"):
        for tag in ((), ("--doctag",)):
            assert docgen(monkeypatch, "export", "offline", "--format", form, *tag, "--quiet") == 0
    folders = place / "output/offline/export"
    assert {folder.name for folder in folders.iterdir()} == {"text", "text-doctag", "chat", "chat-doctag"}
    for folder in folders.iterdir():
        manifest = (folder / "manifest.json").read_text()
        assert json.loads(manifest)["doctag"] == folder.name.endswith("-doctag")
        assert str(place) not in manifest
        assert (folder / json.loads(manifest)["context"]["source"]).resolve() == (place / "light.yaml").resolve()


def test_rows_exported_from_files_keep_their_label(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From corpus.parquet, and from an export of it; a paid corpus has no such column."""
    for source, name in (("offline", "a"), ("anthropic", "b")):
        file = f"output/{source}/corpus.parquet"
        for form in ("parquet", "text"):
            assert docgen(monkeypatch, "export", file, "--format", form, "--out", f"{name}/{form}", "--quiet") == 0
            file = f"{name}/parquet/train.parquet"
        rows = [json.loads(line) for line in (place / name / "text/train.jsonl").read_text().splitlines()]
        assert [row.get("writer") for row in rows] == [EMBEDDED_NOTICE if source == "offline" else None] * 3
        manifest = json.loads((place / name / "text/manifest.json").read_text())
        assert manifest.get("writer") == (EMBEDDED_NOTICE if source == "offline" else None)
        assert not any(path.startswith("/") for path in manifest["sources"])


def test_screens_say_whose_texts_they_show(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = ("status", "show", "export"), ("audit", "all"), ("audit", "diversity")
    for run in ("offline", "anthropic"):
        for command in (*((name,) for name in commands[0]), *commands[1:]):
            assert docgen(monkeypatch, *command, run) == 0
            assert (EMBEDDED_NOTICE in capsys.readouterr().out) == (run == "offline"), command
    assert docgen(monkeypatch, "runs") == 0
    assert f"offline is the {EMBEDDED_NOTICE}" in " ".join(capsys.readouterr().out.split())
