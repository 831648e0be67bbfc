"""Runs recorded with settings that nobody may begin a run with any more: they are read, and nothing is bought."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.runs.test_exit_codes import docgen
from tests.cli.runs.writers import enter_key
from tests.loopback import Loopback

READING = (
    ("status",), ("show", "--sample", "1"), ("batches",), ("audit", "leakage"),
    ("export", "--format", "trl"), ("view", "--export", "site"),
)  # fmt: skip
SETTINGS: tuple[dict[str, Any], ...] = (
    {"extra": {"best_of": 5}},
    {"extra": {"tools": [{"name": "search"}]}},
    {"extra": {"speed": "fast"}, "max_cost": 5.0},
)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda value: next(iter(value["extra"])))
def test_a_run_with_settings_that_are_refused_today_is_read_and_buys_nothing(
    settings: dict[str, Any], place: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Every command that reads; generating and judging say which field, and what to do about it."""
    file = place / "output/anthropic/run.json"
    meta = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps(meta | {"config": meta["config"] | settings}), "utf-8")
    enter_key(monkeypatch, server)
    for first, *more in READING:
        words = [first, *more[:1], "anthropic", *more[1:]] if first == "audit" else [first, "anthropic", *more]
        code = docgen(monkeypatch, *words)
        assert (code, words, capsys.readouterr().err if code else "") == (0, words, "")
    served = len(server.served)
    for command in (["generate", "anthropic", "--n", "4"], ["audit", "leakage", "anthropic", "--judge", "all"]):
        assert docgen(monkeypatch, *command, "--yes") == 2
        errors = capsys.readouterr().err
        line = next(line for line in errors.splitlines() if line.startswith("Error"))
        assert next(iter(settings["extra"])) in line
        assert "--config" in line
    assert len(server.served) == served
    Path("c.toml").write_text("[extra]\n", "utf-8")
    anew = ("generate", "anthropic", "--n", "4", "--config", "c.toml", "--yes")
    assert docgen(monkeypatch, *anew, "--accept-changes") == 0
    assert len(server.served) > served
