"""What a judge is said to cost, against what a server then bills for it."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner

from docgen.audit.judge.judge_runner import JudgeQuestions
from docgen.audit.rules.builtin_rules import builtin_rules
from docgen.cli.app import app
from docgen.errors import ConfigError
from docgen.llm.cost.pricing import load_prices
from docgen.llm.journal import journal_totals
from docgen.options.audit import AuditOptions, JudgeOptions
from docgen.pipeline.audit.audit import Audit
from docgen.pipeline.audit.judge_setup import Judge
from docgen.records import Document
from tests.audit.commands.test_judge_commands import _Judge, _text
from tests.audit.lake_world import LAKE

MODEL = "claude-haiku-5-5"
WORLD = LAKE.model_copy(
    update={"key_facts": tuple(fact.model_copy(update={"salience": 0.5}) for fact in LAKE.key_facts)}
)
PROSE = "The painter kept his brushes under the lamp, and the council asked the schools what to do with the tower. "
JOURNAL = Path("output/judge/llm.jsonl")


def tokens(text: str) -> int:
    """About as large models cut text: six letters at most, a run of punctuation in one. Not docgen's own estimate."""
    return len(re.findall(r"\w{1,6}|[^\w\s]+", text))


class Biller(_Judge):
    """Quotes each fact that a document states, finds no rule broken, and bills what was read and written."""

    reason = "The document says so in its own voice, without any distance."
    warm: ClassVar[set[str]] = set()

    def usage(self, body: dict[str, Any], reply: str) -> dict[str, int]:
        system, user = _text(body["system"]), _text(body["messages"][0]["content"])
        schema = json.dumps(body.get("output_config", ""))
        usage = {"input_tokens": tokens(user) + tokens(schema), "output_tokens": tokens(reply)}
        if not isinstance(body["system"], list):
            return usage | {"input_tokens": usage["input_tokens"] + tokens(system)}
        kind = "cache_read_input_tokens" if system in self.warm else "cache_creation_input_tokens"
        self.warm.add(system)
        return usage | {kind: tokens(system)}

    def verdicts(self, system: str, user: str) -> str:  # type: ignore[override]
        facts = [
            {
                "fact": name,
                "quote": said,
                "reason": self.reason,
                "verdict": "stated",
                "airtime": 20,
                "prominence": "supporting",
            }
            for name, said in re.findall(r'<fact id="([^"]+)">(.*)</fact>', system)
            if said in user
        ]
        return json.dumps({"facts": facts, "rules": []})


@pytest.fixture
def biller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "x")
    monkeypatch.setattr(Biller, "warm", set())
    server = ThreadingHTTPServer(("127.0.0.1", 0), Biller)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def texts(count: int, words: int) -> list[str]:
    """Documents that state every fact in half of the cases."""
    stated = "\n\n".join(fact.statement for fact in WORLD.key_facts)
    prose = PROSE * (words // len(PROSE.split()))
    return [f"Number {number}. {prose}\n\n{stated if number % 2 else ''}" for number in range(count)]


def options(address: str, which: str = "all") -> AuditOptions:
    return AuditOptions(judge=JudgeOptions(which=which, model=MODEL, base_url=address, max_cost=9.0))


@pytest.mark.parametrize(("count", "words"), [(60, 80), (40, 900)])
def test_what_comes_is_within_a_fifth_of_what_was_said(biller: str, count: int, words: int) -> None:
    """Also where all prompts together, but none alone, are as long as the long-prompt price asks for."""
    audit = Audit(WORLD, options(biller)).scan(texts(count, words))
    cost = audit.judge_cost()
    audit.judge()
    billed = journal_totals(JOURNAL).all
    prompt = billed.input + billed.cache_read + billed.cache_write
    long_prompt = load_prices().models[MODEL].long_prompt
    assert long_prompt is not None
    assert prompt > long_prompt.above
    assert cost.dollars is not None
    assert cost.at_most is not None
    assert cost.dollars == pytest.approx(billed.dollars, rel=0.2)
    assert cost.calls == billed.calls
    assert billed.dollars < cost.at_most


def test_a_judge_that_writes_much_is_known_by_its_replies(biller: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first sample says how long its replies are; the estimate for the rest follows it."""
    monkeypatch.setattr(
        Biller, "reason", "It was weighed at length, and nothing in the document says so, near as it comes. " * 3
    )
    audit = Audit(WORLD, options(biller, "sample:30")).scan(texts(60, 80))
    audit.judge()
    before = journal_totals(JOURNAL).all.dollars
    rest = Audit(WORLD, options(biller)).scan(texts(60, 80))
    cost = rest.judge_cost()
    rest.judge()
    assert cost.calls == 30
    assert cost.dollars == pytest.approx(journal_totals(JOURNAL).all.dollars - before, rel=0.2)


def test_the_command_says_what_is_expected_and_what_is_the_worst(biller: str) -> None:
    Path("corpus.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts(3, 80)))
    arguments = ["audit", "leakage", "corpus.jsonl", "--context", "tutorial", "--judge", "all", "--max-cost", "9"]
    result = CliRunner().invoke(app, [*arguments, "--base-url", biller, "--model", MODEL], catch_exceptions=False)
    assert re.search(r"3 calls, [\d,]+ tokens, about \$\d\.\d\d+, at the very worst \$\d\.\d\d", result.stderr)


def test_a_request_that_occurs_twice_is_bought_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    judge = Judge.of(JudgeOptions(model="unheard-of"), None)
    panel = JudgeQuestions.of(WORLD, builtin_rules(), judge.model)
    request = panel.request(Document(text="The boats came in."))
    cost = judge.cost([request, request])
    assert (cost.calls, cost.dollars, cost.at_most) == (1, None, None)
    assert "no known price" in cost.line("1 document")


def test_a_judge_is_asked_with_its_own_timeout_and_length_of_replies() -> None:
    """They go before the settings of the run that is judged, and are checked as a run's are."""
    judge = Judge.of(JudgeOptions(model="unheard-of", timeout=7.5, max_tokens=300), None)
    assert (judge.engine.timeout, judge.model.max_tokens) == (7.5, 300)
    with pytest.raises(ConfigError, match=r"^--timeout: must be 1\.0 or more"):
        Judge.of(JudgeOptions(model="unheard-of", timeout=0.1), None)


def test_every_command_with_a_judge_takes_its_timeout() -> None:
    """The flags about the judge are the same for all of them."""
    for name in ("leakage", "salience", "all", "ideas", "calibrate"):
        shown = CliRunner().invoke(app, ["audit", name, "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
        assert all(flag in shown for flag in ("--timeout", "--max-tokens", "--max-cost")), name
