"""No key on a screen or a disk, whoever echoes it; and none sent to an address that a run folder alone names."""

import ast
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from docgen.errors import ConfigError
from docgen.llm.ratelimit import retry
from docgen.options.run import RunOptions, resolve
from tests.cli.runs.test_exit_codes import docgen
from tests.cli.runs.writers import KEYS, SMALL, snapshot
from tests.loopback import Loopback
from tests.loopback.compose import compose, system_text
from tests.worlds import LIGHTHOUSE

KEY = "sk-loop-SECRET-77"
MODEL = ("--model", "claude-haiku-5-5")
PACKAGE = Path(__file__).parents[2] / "docgen"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setattr(retry, "FAULT_BACKOFF", (0.001, 0.002))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "light.yaml").write_text(LIGHTHOUSE, "utf-8")
    return tmp_path


def is_document(body: dict[str, Any]) -> bool:
    return "output_config" not in body and "document" in system_text(body)


def message(text: str) -> dict[str, Any]:
    usage = {"input_tokens": 5, "output_tokens": 5}
    return {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "model": "m", "usage": usage}


def in_plain_text(key: str) -> Callable[[dict[str, Any]], Any]:
    return lambda body: (200, f"upstream error; request was: Bearer {key}", {}) if is_document(body) else None


def in_a_document(key: str) -> Callable[[dict[str, Any]], Any]:
    """Good documents that quote the key."""
    import random

    def reply(body: dict[str, Any]) -> Any:
        if not is_document(body):
            return None
        text = compose(body, random.Random(json.dumps(body)))
        return 200, message(text.replace(". ", f". The note on the desk said {key}. ", 1)), {}

    return reply


def in_an_error(key: str) -> Callable[[dict[str, Any]], Any]:
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": f"x-api-key {key} \x1b[2J"}}
    return lambda body: (400, error, {}) if is_document(body) else None


@pytest.mark.parametrize("echo", [in_plain_text, in_a_document, in_an_error])
@pytest.mark.parametrize("written", [KEY, KEY.lower()])
def test_a_key_that_a_server_echoes_is_nowhere(
    echo: Callable[[str], Any],
    written: str,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither in any file nor in what `run`, `show` and `status` print, as JSON or not."""
    with Loopback() as server:
        server.server.script = echo(written)
        run = ("run", "light.yaml", "--run", "r", "--n", "2", "--max-attempts", "1", "--verify", "0", *MODEL, *SMALL)
        docgen(monkeypatch, *run, "--base-url", server.url, "--max-cost", "1")
        docgen(monkeypatch, "show", "r", "--sample", "2", "--json")
        docgen(monkeypatch, "show", "r", "--rejected")
        docgen(monkeypatch, "status", "r", "--json")
        docgen(monkeypatch, "export", "r", "--accept-unfinished")
    out, errors = capfd.readouterr()
    files = snapshot(place)
    assert any(name.endswith("attempts.jsonl") for name in files)
    for shown in (out, errors, *(data.decode("utf-8", "replace") for data in files.values())):
        assert KEY.lower() not in shown.lower()
        assert "\x1b[2J" not in shown
    assert any(b"[key]" in data for data in files.values())


BATCH = (
    '{"token": "t", "state": "created", "batch": "msgbatch_1", "stage": "document", "model": "claude-haiku-5-5", '
    '"at": "2026-01-01T00:00:00+00:00", "keys": ["abababababababababababababababab"], "worst": 0.01, "counts": {}}\n'
)
COMMANDS = (
    ("batches", "r"), ("batches", "r", "--cancel"), ("generate", "r"), ("run", "r", "--n", "4"),
    ("audit", "leakage", "r", "--judge", "all"), ("control", "r", "--context", "control_motors"),
    ("generate", "r", "--fork", "f", "--n", "4"),
)  # fmt: skip


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run as somebody might hand it on: half done."""
    place = tmp_path_factory.mktemp("foreign")
    (place / "light.yaml").write_text(LIGHTHOUSE, "utf-8")
    with pytest.MonkeyPatch.context() as patch, Loopback() as server:
        patch.chdir(place)
        patch.setenv("ANTHROPIC_API_KEY", KEY)
        run = ("run", "light.yaml", "--run", "r", "--n", "3", "--verify", "0", *MODEL, *SMALL)
        assert docgen(patch, *run, "--base-url", server.url, "--quiet") == 0
    folder = place / "output" / "r"
    for name, kept in (("attempts.jsonl", 1), ("llm.jsonl", -2)):
        lines = (folder / name).read_bytes().splitlines(keepends=True)
        (folder / name).write_bytes(b"".join(lines[:kept]))
    (folder / "corpus.parquet").unlink()
    return place


@pytest.mark.parametrize("how", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLOUD_SECRET"])
def test_no_key_goes_to_an_address_that_a_run_folder_alone_names(
    how: str, foreign: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nor what a header of its settings would take from the environment; named by the user, the address gets it."""
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(how, "cloud-secret-1")
    for number, command in enumerate(COMMANDS):
        folder = tmp_path / str(number)
        shutil.copytree(foreign, folder)
        monkeypatch.chdir(folder)
        run = folder / "output" / "r"
        if command[0] == "batches":
            (run / "batches.jsonl").write_text(BATCH)
        with Loopback() as thief:
            meta = json.loads((run / "run.json").read_text())
            headers = {"x-take": f"${{{how}}}"} if how == "CLOUD_SECRET" else {}
            meta["config"] |= {"base_url": thief.url, "headers": headers}
            (run / "run.json").write_text(json.dumps(meta))
            money = () if command[0] == "batches" else ("--yes",)
            assert docgen(monkeypatch, *command, *money) == 2, command
            assert f"--base-url {thief.url}" in capfd.readouterr().err, command
            assert thief.server.arrivals == []
            if command[0] == "generate" and how == "ANTHROPIC_API_KEY":
                assert docgen(monkeypatch, *command, "--base-url", thief.url, *money) == 0
                assert thief.served


SETTINGS = (
    ('base_url = "http://me:pass-word-9@127.0.0.1:9"', "pass-word-9"),
    ('base_url = "http://127.0.0.1:9/v1?api_key=pass-word-9"', "pass-word-9"),
    ('[extra]\napi_key = "pass-word-9"', "pass-word-9"),
    ('[extra.provider]\naccess_token = "pass-word-9"', "pass-word-9"),
    ('[extra]\nupstream = ["Bearer pass-word-9"]', "pass-word-9"),
    (f'[extra]\nnote = "{KEY}"', KEY),
    ('[headers]\nx-auth-token = "pass-word-9"', "pass-word-9"),
    ('[headers]\ncookie = "session=pass-word-9"', "pass-word-9"),
    ('[headers]\nx-upstream = "Basic pass-word-9"', "pass-word-9"),
    (f'[headers]\nx-note = "{KEY}"', KEY),
    ('[[servers]]\nbase-url = "http://127.0.0.1:9"\nkey = "pass-word-9"', "pass-word-9"),
)


@pytest.mark.parametrize(("settings", "secret"), SETTINGS)
@pytest.mark.parametrize("command", ["run", "plan"])
def test_a_key_among_the_settings_is_refused_and_neither_shown_nor_kept(
    settings: str, secret: str, command: str, place: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Run folders and manifests keep their settings."""
    (place / "c.toml").write_text(settings)
    assert docgen(monkeypatch, command, "light.yaml", "--n", "2", "--config", "c.toml", *MODEL, *SMALL) == 2
    out, errors = capfd.readouterr()
    assert secret not in out + errors
    assert len(errors.splitlines()) == 1
    assert not (place / "output").exists()


def test_a_key_written_into_a_writer_is_not_shown(place: Path) -> None:
    (place / "c.toml").write_text('[[writers]]\nmodel = "m"\nshare = 1.0\nkey = "pass-word-9"')
    with pytest.raises(ConfigError) as raised:
        resolve(None, place / "c.toml", RunOptions())
    assert "pass-word-9" not in str(raised.value)


def test_settings_that_only_sound_like_keys_are_taken(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = '[extra]\neos_token = "</s>"\nprompt_cache_key = "a"\nlogit = [1]\n[headers]\nx-tier = "free"\n'
    (place / "c.toml").write_text(taken + 'x-api-key = "${ANTHROPIC_API_KEY}"\n')
    with Loopback() as server:
        run = ("plan", "light.yaml", "--run", "r", "--n", "2", "--config", "c.toml", *MODEL, *SMALL)
        assert docgen(monkeypatch, *run, "--base-url", server.url) == 0
    assert KEY not in (place / "output" / "r" / "run.json").read_text()


def test_commands_print_in_one_place_only() -> None:
    """`say`, `say_json` and the console hide secrets and control characters; click and print do not."""
    bare = []
    for file in sorted((PACKAGE / "cli").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called in ("typer.echo", "typer.secho", "click.echo", "print", "sys.stdout.write", "sys.stderr.write"):
                bare.append(f"{file.relative_to(PACKAGE)}: {called}")
    of_streams = ["cli/shared/streams.py: typer.secho", "cli/shared/streams.py: typer.echo"]
    assert bare == ["cli/entry.py: print", "cli/manual.py: print", *of_streams]
