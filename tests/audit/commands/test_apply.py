"""--apply and --judge beside a run: what they ask before they spend, what they leave behind, and how they end."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
import typer
from typer.testing import CliRunner, Result

from docgen.cli.app import app
from docgen.cli.shared import cost_consent
from docgen.errors import ConfigError, StopRun
from docgen.llm.fake import FakeLLM
from docgen.options.audit import JudgeOptions
from docgen.pipeline.audit.corpus import as_asked
from docgen.pipeline.audit.judge_setup import Judge
from docgen.pipeline.inputs.setup import Setup
from docgen.progress import SilentReporter
from docgen.prompts.requests import ModelOptions
from tests.loopback import Loopback, Options
from tests.runs import run_job, set_up_run
from tests.worlds import writes_well

LEAK = "\n\nDear [Recipient Name],\n\nplease look."
PRICED = "claude-haiku-5-5"


def docgen(*arguments: str) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def server(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """Its documents are good; as a judge it babbles. The environment names it: a run folder alone would get no key."""
    with Loopback(Options(judge="babbles")) as loopback:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", loopback.url)
        yield loopback


def finished(place: Path, **settings: Any) -> Setup:
    setup = set_up_run(place, n=10, **({"engine": "offline"} | settings))
    run_job(setup, FakeLLM(writes_well))
    return setup


def paid(place: Path, server: Loopback, **settings: Any) -> Setup:
    """A finished run whose next calls would go to the server."""
    return finished(place, engine="anthropic", model=PRICED, base_url=server.url, **settings)


def spoil(setup: Setup, slot: int, more: str = LEAK) -> None:
    """Plant something in the accepted document of a slot."""
    rows = [json.loads(line) for line in setup.run.attempts.read_text("utf-8").splitlines()]
    for row in rows:
        if row["slot"] == slot and row["verdict"] == "accepted":
            row["text"] += more
    setup.run.attempts.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def test_judge_keeps_to_the_cap_of_its_run(place: Path, server: Loopback) -> None:
    paid(place, server, max_cost=1e-6)
    with pytest.raises(StopRun, match="cap"):
        docgen("audit", "leakage", "r", "--judge", "all")
    assert server.served == []


def test_judge_is_asked_as_its_run_asks_and_flags_come_first(place: Path) -> None:
    prices = place / "prices.toml"
    prices.write_text((Path(__file__).parents[3] / "docgen/data/prices.toml").read_text("utf-8"), "utf-8")
    address = "http://run.example"
    settings: dict[str, Any] = {"engine": "anthropic", "model": PRICED, "base_url": address, "concurrency": 7}
    finished(place, **settings)
    fork = set_up_run(
        place, run="fork", base="r", max_cost=2.0, prices=str(prices), extra={"top_k": 3}, effort="low", **settings
    )
    judge = Judge.of(JudgeOptions(), fork)
    asked = judge.engine
    assert (asked.base_url, asked.concurrency, asked.max_cost, asked.prices) == (address, 7, 2.0, prices)
    assert judge.model == ModelOptions(PRICED, "low", (("top_k", 3),))
    assert judge.parents == fork.parents != ()
    other = Judge.of(JudgeOptions(base_url="http://flag.example", max_cost=1.0, model="n"), fork)
    assert (other.engine.base_url, other.engine.max_cost, other.model.model) == ("http://flag.example", 1.0, "n")
    assert Judge.of(JudgeOptions(), None).engine.base_url is None, "files leave it to the environment"


@pytest.mark.parametrize("flag", [("--max-cost", "-1"), ("--concurrency", "0"), ("--engine", "nonsense")])
def test_settings_of_a_judge_are_checked_like_those_of_a_run(place: Path, flag: tuple[str, str]) -> None:
    finished(place)
    with pytest.raises(ConfigError, match=flag[0]):
        docgen("audit", "leakage", "r", "--judge", "all", "--yes", *flag)


def test_dead_judge_is_no_clean_bill(place: Path, server: Loopback) -> None:
    """Exit code 1, said loudly, and neither a report nor the corpus is changed by it."""
    setup = paid(place, server)
    spoil(setup, 3)
    reports = {file: file.read_bytes() for file in setup.run.report("").glob("*.*")}
    before = setup.run.attempts.read_bytes()
    result = docgen("audit", "leakage", "r", "--judge", "all", "--max-cost", "9", "--apply", "--html", "--json")
    assert result.exit_code == 1
    assert "NO USABLE VERDICT on ANY of the 10 documents" in result.stderr
    assert json.loads(result.stdout)["leakage"]["unjudged"] == 10
    assert {file: file.read_bytes() for file in setup.run.report("").glob("*.*")} == reports != {}
    assert setup.run.attempts.read_bytes() == before


def test_ideas_without_a_verdict_are_not_clean(place: Path, server: Loopback) -> None:
    paid(place, server)
    result = docgen("audit", "ideas", "r", "--judge", "--yes", "--json")
    assert result.exit_code == 1
    assert "NO USABLE VERDICT on ANY of the 12 ideas" in result.stderr
    told = json.loads(result.stdout)
    assert told["findings"] == []
    assert told["spent"] > 0, "calls without a verdict are paid for all the same"


def test_a_calibration_made_from_nothing_is_not_kept(place: Path, server: Loopback) -> None:
    row = {"id": "1", "text": "The boat left." + LEAK, "leaks": [{"rule": "scaffold", "evidence": "[Recipient Name]"}]}
    Path("gold.jsonl").write_text(json.dumps(row) + "\n")
    command = (
        "audit",
        "calibrate",
        "gold.jsonl",
        "--context",
        "tutorial",
        "--judge",
        "--base-url",
        server.url,
        "--model",
        PRICED,
    )
    result = docgen(*command, "--max-cost", "5", "--json")
    assert result.exit_code == 1
    assert "NO USABLE VERDICT on ANY of the 1 documents" in result.stderr
    assert result.stdout == ""
    assert list(place.glob("output/calibration/*")) == []


@pytest.mark.parametrize("command", ["leakage", "salience", "diversity", "all", "ideas", "calibrate"])
def test_every_audit_can_be_quiet_and_speak_json(command: str) -> None:
    told = docgen("audit", command, "--help").output
    assert "--json" in told
    assert "--quiet" in told


def test_refilling_is_not_paid_unasked(place: Path, server: Loopback) -> None:
    """The same agreement as for a run: what it costs, then --yes or --max-cost."""
    setup = paid(place, server)
    spoil(setup, 3)
    before = setup.run.attempts.read_bytes()
    with pytest.raises(ConfigError, match="--yes or --max-cost"):
        docgen("audit", "leakage", "r", "--apply")
    assert (server.served, setup.run.attempts.read_bytes()) == ([], before)
    with pytest.raises(StopRun, match="cap"):
        docgen("audit", "leakage", "r", "--apply", "--max-cost", "0.000001")
    assert server.served == []


def test_refilling_says_what_it_costs_and_how_the_run_stands(place: Path, server: Loopback) -> None:
    setup = paid(place, server)
    spoil(setup, 3)
    result = docgen("audit", "leakage", "r", "--apply", "--yes")
    assert result.exit_code == 0, result.output
    assert "1 documents to be removed and written again: about 2 calls, about $" in result.stderr
    assert "10 of 10 documents accepted - complete" in result.stdout
    assert len(server.served) >= 1


def test_a_run_left_short_ends_with_1_and_claims_nothing_else(place: Path) -> None:
    setup = finished(place, max_attempts=1)
    spoil(setup, 3)
    result = docgen("audit", "leakage", "r", "--apply", "--json")
    assert result.exit_code == 1
    assert "9 of 10 now. Short of n" in result.stderr
    assert json.loads(result.stdout)["leakage"]["flagged"]["count"] == 1


def test_reports_after_apply_are_those_of_the_options_given(place: Path) -> None:
    """A question that a document holds is gone from the corpus, and later reports say that it was looked for."""
    setup = finished(place, words=(100, 200))
    question = "Which keeper of the old harbour tower was the first one to count every passing ship in winter?"
    (place / "questions.txt").write_text(question + "\n", "utf-8")
    spoil(setup, 3, f"\n\n{question}")
    result = docgen("audit", "leakage", "r", "--questions", "questions.txt", "--off", "denial", "--apply")
    assert result.exit_code == 0, result.output
    rules = json.loads(setup.run.report("leakage.json").read_bytes())["rules"]
    assert rules["eval_contamination"]["documents"] == 0
    assert "denial" not in rules
    assert question not in setup.run.corpus.read_bytes().decode("latin-1")


def test_limits_with_apply_are_held_against_what_remains(place: Path) -> None:
    """Both are said; a run that was mended ends with 0."""
    setup = finished(place, words=(100, 200))
    spoil(setup, 3)
    result = docgen("audit", "leakage", "r", "--apply", "--fail-over", "scaffold=0", "--fail-over", "any=0.5")
    assert result.exit_code == 0, result.output
    assert "As found, over the limit: scaffold\n" in result.stderr
    assert "What remains is within the limits" in result.stderr


def test_reports_compare_a_fork_with_its_base_and_with_given_files(place: Path) -> None:
    finished(place)
    fork = set_up_run(place, run="fork", base="r", n=10, engine="offline")
    run_job(fork, FakeLLM(writes_well))
    assert json.loads(fork.run.report("diversity.json").read_bytes())["reference"] == "r"
    report = json.loads(docgen("audit", "all", "fork", "--json").stdout)["diversity"]
    assert report["reference"] == "r"
    assert all(item["lift"] is not None for item in report["common"]["openings"])
    Path("other.jsonl").write_text(json.dumps({"text": "The boat left."}) + "\n")
    given = json.loads(docgen("audit", "all", "fork", "--json", "--reference", "other.jsonl").stdout)["diversity"]
    assert given["reference"] == "other.jsonl"


def test_what_is_asked_is_what_the_run_asks(place: Path) -> None:
    """Salience and directness as overridden, not as the context has them."""
    setup = finished(place, salience={"keeper": 0.5}, stated={"keeper": 0.25})
    asked = {fact.id: fact for fact in as_asked(setup.context, setup).key_facts}["keeper"]
    assert (asked.salience, asked.directness.stated, asked.directness.implied) == (0.5, 0.25, 0.75)


def test_nothing_to_remove_is_said(place: Path) -> None:
    setup = finished(place)
    before = setup.run.attempts.read_bytes()
    result = docgen("audit", "leakage", "r", "--apply")
    assert (result.exit_code, setup.run.attempts.read_bytes()) == (0, before)
    assert "nothing was removed" in result.stderr


def test_rows_are_removed_one_by_one_and_kept_whole(place: Path) -> None:
    """Two rows may have the same id, and columns that no audit knows stay as they are, of whatever type."""
    rows = [
        {"id": "a", "text": "The boat left at eight.", "meta": {"split": 1}, "tag": 1, "odd": "\ud800"},
        {"id": "a", "text": "The boat left." + LEAK, "meta": {"other": None}, "tag": "one"},
        {"text": "The boat came back."},
    ]
    Path("corpus.jsonl").write_text("".join(json.dumps(row) + "\n\n" for row in rows))
    result = docgen("audit", "leakage", "corpus.jsonl", "--context", "tutorial", "--apply", "--out", "out", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["leakage"]["flagged"]["count"] == 1
    assert "2 documents in out" in result.stderr
    kept = [json.loads(line) for line in Path("out/clean.jsonl").read_text("utf-8").splitlines()]
    assert kept == [rows[0], rows[2]]
    (removed,) = [json.loads(line) for line in Path("out/removed.jsonl").read_text("utf-8").splitlines()]
    assert [finding["rule"] for finding in removed.pop("findings")] == ["scaffold"]
    assert removed == rows[1]


def test_parquet_rows_are_kept_whole(place: Path) -> None:
    frame = pl.DataFrame({"text": ["The boat left.", "The boat." + LEAK], "n": [1, 2], "raw": [b"\xff", b"a"]})
    frame.with_columns(day=pl.date(2024, 5, 1)).write_parquet("corpus.parquet")
    docgen("audit", "leakage", "corpus.parquet", "--context", "tutorial", "--apply", "--out", "out")
    kept = json.loads(Path("out/clean.jsonl").read_text("utf-8"))
    assert kept == {"text": "The boat left.", "n": 1, "raw": "_w==", "day": "2024-05-01"}


def test_saying_no_ends_with_0(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it does in a run."""
    terminal = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(cost_consent, "sys", SimpleNamespace(stdin=terminal, stderr=terminal))
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: False)
    with pytest.raises(typer.Exit) as ended:
        cost_consent.ask_to_spend("About $5", False, SilentReporter())
    assert ended.value.exit_code == 0


@pytest.mark.parametrize("limit", ["any=nan", "any=-0.1", "any=1.5", "any=inf", "any="])
def test_a_limit_is_a_share(place: Path, limit: str) -> None:
    finished(place)
    with pytest.raises(ConfigError, match="--fail-over"):
        docgen("audit", "leakage", "r", "--fail-over", limit)


@pytest.mark.parametrize("columns", ["60", "80"])
def test_names_of_rules_and_facts_are_never_cut(place: Path, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    docgen("run", "tutorial", "--n", "5", "--types", "3", "--ideas", "3", "--engine", "offline", "-q")
    shown = docgen("audit", "all", "tutorial").stdout
    report = json.loads(docgen("audit", "all", "tutorial", "--json").stdout)
    names = [*report["leakage"]["rules"], *report["salience"]["facts"]]
    parts = [part for name in names for part in ([name] if columns == "80" else re.split(r"(?<=[_-])", name))]
    assert [part for part in parts if part not in shown] == []
