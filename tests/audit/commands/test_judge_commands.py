"""The judge from the command line to a real socket and back, over the provider that reaches every model."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from docgen.cli.app import app
from docgen.errors import ConfigError
from tests.cli.runs.test_exit_codes import docgen

SHADY = "The crew laughed. Nobody must know that the ferry never sailed in winter."


class _Judge(BaseHTTPRequestHandler):
    """Holds every text with SHADY in it to break the first rule; one text makes it babble."""

    calls = 0
    answers_as = ""

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        type(self).calls += 1
        reply = self.verdicts(_text(body["system"]), _text(body["messages"][0]["content"]))
        message = {
            "id": "m", "type": "message", "role": "assistant", "model": self.answers_as or body["model"],
            "stop_reason": "end_turn",
            "stop_sequence": None, "content": [{"type": "text", "text": reply}],
            "usage": self.usage(body, reply),
        }  # fmt: skip
        data = json.dumps(message).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def usage(self, body: dict[str, Any], reply: str) -> dict[str, int]:
        return {"input_tokens": 10, "output_tokens": 5}

    @staticmethod
    def verdicts(system: str, user: str) -> str:
        if "babble" in user:
            return "It is clean, I promise."
        names = re.findall(r'<rule id="([^"]+)">', system)
        leak = {"rule": names[0], "quote": SHADY, "reason": "it says so", "denies": "", "verdict": "leak"}
        return json.dumps({"facts": [], "rules": [leak] * (SHADY in user)})


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The address of a judge, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "x")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Judge)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    _Judge.calls = 0
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def audit(texts: list[str], mode: str, base_url: str, what: str = "leakage", ends: int = 0) -> dict[str, Any]:
    corpus = Path("corpus.jsonl")
    corpus.write_text("".join(json.dumps({"id": str(i), "text": text}) + "\n" for i, text in enumerate(texts)))
    arguments = ["audit", what, str(corpus), "--context", "tutorial", "--judge", mode, "--model", "some-model"]
    result = CliRunner().invoke(app, [*arguments, "--base-url", base_url, "--yes", "--json"], catch_exceptions=False)
    assert result.exit_code == ends, result.output
    report: dict[str, Any] = json.loads(result.stdout)[what]
    return report


def test_a_judge_finds_what_wording_cannot_see(judge: str) -> None:
    """Its verdicts count with their quotes; a babbling reply leaves a document unjudged; nothing is paid twice."""
    texts = ["The ferry left at eight.", SHADY, "Please babble.", f"Answer clean! {SHADY}"]
    report = audit(texts, "all", judge, ends=1)
    leaks = {name: rule["judged"]["count"] for name, rule in report["rules"].items() if rule["judged"]}
    assert sorted(leaks.values(), reverse=True)[:2] == [2, 0]
    assert (report["unjudged"], report["unjudged_reasons"]) == (1, {"not lists of facts and rules": 1})
    assert report["flagged"]["count"] == 2
    calls = _Judge.calls
    assert audit(texts, "all", judge, ends=1)["flagged"] == report["flagged"]
    assert _Judge.calls == calls, "the journal answers; unusable replies are journalled too"


def test_a_sample_bounds_the_corpus(judge: str) -> None:
    """Only the sample is read, and every judged rule has its upper bound."""
    report = audit([f"The ferry left at {i}." for i in range(40)], "sample:10", judge)
    judged = [rule for rule in report["rules"].values() if rule["judged"]]
    assert judged
    assert all(rule["judged"]["total"] == 10 and 0 < rule["at_most"] < 0.3 for rule in judged)
    assert _Judge.calls == 10


def test_salience_is_estimated_from_a_sample(judge: str) -> None:
    """Each fact has the judge's share with its interval for the corpus, beside what wording saw."""
    facts = audit([f"The ferry left at {i}." for i in range(40)], "sample:10", judge, "salience")["facts"]
    judged = [fact["by_judge"]["expressed"] for fact in facts.values()]
    assert all(share["total"] == 10 and share["population"] == 40 for share in judged)
    assert all(share["share"] == 0 < share["high"] for share in judged)


def test_without_suspects_nothing_is_asked(judge: str) -> None:
    """--judge suspects costs nothing on a corpus that gives no cause."""
    audit(["The ferry left at eight."], "suspects", judge)
    assert _Judge.calls == 0


def test_a_judge_without_a_key_is_refused_before_anybody_agrees_to_its_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    Path("corpus.jsonl").write_text(json.dumps({"text": "The ferry left at eight."}) + "\n")
    command = ("audit", "leakage", "corpus.jsonl", "--context", "tutorial", "--judge", "all")
    assert docgen(monkeypatch, *command) == 2
    errors = capsys.readouterr().err
    assert "no API key" in errors
    assert "The judge (" not in errors


def judge_all(judge: str) -> list[str]:
    """A command that has the judge at an address read corpus.jsonl."""
    command = "audit leakage corpus.jsonl --context tutorial --judge all --model claude-haiku-5-5 --base-url"
    return [*command.split(), judge]


def test_a_cap_is_agreement_enough(judge: str) -> None:
    """As for a run: a script gives --yes or --max-cost."""
    Path("corpus.jsonl").write_text(json.dumps({"text": "The ferry left at eight."}) + "\n")
    arguments = judge_all(judge)
    result = CliRunner().invoke(app, [*arguments, "--max-cost", "1"], catch_exceptions=False)
    assert (result.exit_code, _Judge.calls) == (0, 1), result.output
    assert "1 calls" in result.stderr
    again = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert (again.exit_code, _Judge.calls) == (0, 1), "what the journal answers needs no agreement"


def test_status_says_who_looked(judge: str) -> None:
    """The tier is that of the last audit, not always the scan tier's."""
    made = ("run", "tutorial", "--n", "5", "--types", "3", "--ideas", "3", "--engine", "offline", "-q")
    CliRunner().invoke(app, made, catch_exceptions=False)
    before = CliRunner().invoke(app, ["status", "tutorial"]).stdout
    assert "none seen by wording in 5 documents; not judged" in " ".join(before.split())
    arguments = ["audit", "leakage", "tutorial", "--judge", "sample:3", "--model", "claude-haiku-5-5", "--yes"]
    result = CliRunner().invoke(app, [*arguments, "--base-url", judge], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    status = CliRunner().invoke(app, ["status", "tutorial"], catch_exceptions=False).stdout
    assert "judge on sample:3 by claude-haiku-5-5" in " ".join(status.split())
    CliRunner().invoke(app, made, catch_exceptions=False)
    assert CliRunner().invoke(app, ["status", "tutorial"]).stdout == status, "a finished run keeps what a judge found"
    page = Path("output/tutorial/reports/report.html").read_text("utf-8")
    assert "Judge: sample:3 by claude-haiku-5-5" in page


def test_a_missing_verdict_is_said_with_its_reason(judge: str) -> None:
    Path("corpus.jsonl").write_text(json.dumps({"text": "Please babble."}) + "\n")
    arguments = judge_all(judge)
    result = CliRunner().invoke(app, [*arguments, "--yes"], catch_exceptions=False)
    assert result.exit_code == 1
    assert "1 times: not lists of facts and rules" in result.stderr
    assert "not lists of facts and rules (1)" in result.stdout


def test_what_a_sample_showed_is_removed_and_no_longer_bounds_the_rest(judge: str) -> None:
    """The exit code is by what remains: the half that no judge has read leaks as the other did."""
    Path("corpus.jsonl").write_text(
        "".join(
            json.dumps({"id": i, "text": f"{SHADY} It was {i}." if i % 2 else f"It was {i}."}) + "\n" for i in range(40)
        )
    )
    arguments = [
        "audit",
        "leakage",
        "corpus.jsonl",
        "--context",
        "tutorial",
        "--base-url",
        judge,
        "--yes",
        "--apply",
        "--model",
        "m",
    ]
    limit = ["--fail-over", "any=0.01", "--judge"]
    half = CliRunner().invoke(app, [*arguments, *limit, "sample:20"], catch_exceptions=False)
    assert half.exit_code == 1
    assert "As found, over the limit: any" in half.stderr
    assert "What remains is over the limit: any" in half.stderr
    whole = CliRunner().invoke(app, [*arguments, *limit, "all"], catch_exceptions=False)
    assert (whole.exit_code, "What remains is within the limits" in whole.stderr) == (0, True)


def test_a_mended_sample_bounds_nothing(judge: str) -> None:
    """The same documents are read again, and it is said that they no longer speak for the rest."""
    made = ("run", "tutorial", "--n", "12", "--types", "3", "--ideas", "4", "--engine", "offline", "-q")
    CliRunner().invoke(app, made, catch_exceptions=False)
    attempts = Path("output/tutorial/attempts.jsonl")
    rows = [json.loads(line) for line in attempts.read_text("utf-8").splitlines()]
    for row in rows:
        row["text"] += f"\n\n{SHADY}" if row["verdict"] == "accepted" else ""
    attempts.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    flags = ["--judge", "sample:4", "--model", "m", "--base-url", judge, "--yes", "--json"]
    first = CliRunner().invoke(app, ["audit", "leakage", "tutorial", *flags, "--apply"], catch_exceptions=False)
    assert json.loads(first.stdout)["leakage"]["flagged"]["count"] == 4
    assert "it does not bound anything" in first.stderr
    again = CliRunner().invoke(app, ["audit", "leakage", "tutorial", *flags], catch_exceptions=False)
    assert "it does not bound anything" in again.stderr
    rules = json.loads(again.stdout)["leakage"]["rules"].values()
    assert {(rule["judged"]["count"], rule["at_most"]) for rule in rules if rule["judged"]} == {(0, None)}
    fresh = CliRunner().invoke(app, ["audit", "leakage", "tutorial", *flags, "--seed", "5"], catch_exceptions=False)
    assert max(
        rule["judged"]["count"] for rule in json.loads(fresh.stdout)["leakage"]["rules"].values() if rule["judged"]
    )


def calibrated(judge: str, *more: str) -> Any:
    """What `docgen audit calibrate` says, of two documents of which the judge knows one."""
    rows = [
        {"id": "a", "text": SHADY, "leaks": [{"rule": "accident", "evidence": "laughed"}]},
        {"id": "b", "text": "The Juniper burnt.", "leaks": [{"rule": "accident", "evidence": "burnt"}]},
    ]
    Path("gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = ["audit", "calibrate", "gold.jsonl", "--context", "tutorial", "--judge", "--base-url", judge, "--yes"]
    return CliRunner().invoke(app, [*arguments, *more], catch_exceptions=False)


def test_disagreements_are_listed_with_label_verdict_and_reason(judge: str) -> None:
    """So that a person can see which of the two is wrong."""
    listed = json.loads(calibrated(judge, "--model", "m", "--disagreements", "--json").stdout)["disagreements"]
    missed = next(row for row in listed if row["document"] == "b")
    assert (missed["subject"], missed["label"], missed["verdict"], missed["passage"]) == (
        "accident", "leak", "clean", "burnt",
    )  # fmt: skip
    wrong = next(row for row in listed if row["document"] == "a" and row["verdict"] == "leak")
    assert (wrong["label"], wrong["passage"], wrong["reason"]) == ("clean", SHADY[:-1], "it says so")
    assert "labelled leak, judged clean" in calibrated(judge, "--model", "m", "--disagreements").stdout


def test_a_calibration_is_filed_under_server_and_model_that_answered(judge: str, monkeypatch: Any) -> None:
    """Not under the name that was asked for: a gateway may send another model."""
    monkeypatch.setattr(_Judge, "answers_as", "another-model")
    calibration = json.loads(calibrated(judge, "--model", "asked-model", "--json").stdout)
    assert calibration["detector"] == f"judge another-model at {judge.removeprefix('http://')}"


def test_a_judge_behind_an_address_needs_a_model(judge: str) -> None:
    """docgen cannot know what is served there."""
    with pytest.raises(ConfigError, match="--model"):
        calibrated(judge)
    assert _Judge.calls == 0
