"""Terminal errors: one line that says why and what to do, exit code 1, nothing lost, and the run can be resumed."""

import sys
from pathlib import Path
from typing import Any

import pytest

from docgen.__main__ import main
from docgen.llm.journal import journal_totals
from docgen.llm.ratelimit import retry
from tests.loopback import Loopback, Options
from tests.worlds import LIGHTHOUSE

SMALL = ("--n", "6", "--types", "2", "--ideas", "3", "--words", "60-90", "--yes", "--quiet")


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(retry, "FAULT_BACKOFF", (0.001, 0.01))
    (tmp_path / "lighthouse.yaml").write_text(LIGHTHOUSE)


def docgen(monkeypatch: pytest.MonkeyPatch, url: str, *more: str) -> int:
    """Run the command; its exit code."""
    command = ["docgen", "run", "lighthouse.yaml", "--run", "job", "--base-url", url, *SMALL, *more]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as caught:
        main()
    return int(caught.value.code or 0)


@pytest.mark.parametrize(
    ("key", "options", "says"),
    [
        ("bad", Options(), "ANTHROPIC_API_KEY"),
        ("forbidden", Options(), "may not use this"),
        ("k", Options(models=("another-model",)), "--model"),
        ("k", Options(spend_limit=0), "spend limit"),
        ("k", Options(spend_limit=1), "spend limit"),
        ("k", Options(spend_limit=5), "spend limit"),
    ],
)
def test_a_terminal_error_is_one_line_and_exit_code_1(
    key: str, options: Options, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    with Loopback(options) as server:
        assert docgen(monkeypatch, server.url) == 1
        paid = len(server.served)
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error
    assert journal_totals(Path("output/job/llm.jsonl")).all.calls == paid


def test_the_same_command_goes_on_once_the_limit_is_raised(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And buys nothing twice."""
    served: list[Any] = []
    with Loopback(Options(spend_limit=5)) as server:
        assert docgen(monkeypatch, server.url) == 1
        served += server.served
    with Loopback() as server:
        assert docgen(monkeypatch, server.url) == 0
        served += server.served
    requests = [row.request for row in served]
    assert len(requests) == len(set(requests))
    assert "Traceback" not in capsys.readouterr().err


def test_a_cap_ends_the_run_cleanly(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with Loopback() as server:
        assert docgen(monkeypatch, server.url, "--max-cost", "0.002") == 1
    assert "--max-cost" in capsys.readouterr().err


def test_a_server_that_always_fails_ends_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Loopback(Options(faults={"html": 1.0})) as server:
        assert docgen(monkeypatch, server.url) == 1
    assert "Traceback" not in capsys.readouterr().err
