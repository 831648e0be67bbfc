"""One run by several writers: exact shares, each reply its writer's own, one journal and one cap over all."""

import asyncio
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen.errors import ConfigError, RunError, StopRun
from docgen.files.append_log import read_entries
from docgen.files.run_folder.run_folder import RunFolder
from docgen.llm.batch.log import BatchLog
from docgen.llm.engine import BATCHES_FILE
from docgen.llm.journal import journal_totals
from docgen.options.audit import JudgeMode, JudgeOptions
from docgen.options.flag_parsing import read_models, read_servers
from docgen.options.last_step import Step
from docgen.options.run import RunOptions
from docgen.options.setting_types import WriterEntry
from docgen.pipeline.audit.audit import Audit
from docgen.pipeline.audit.judge_setup import Judge
from docgen.pipeline.estimate import estimate, estimate_cost
from docgen.pipeline.execution.batches import cancel_batches
from docgen.pipeline.execution.execute import execute
from docgen.pipeline.execution.request_and_reply_files import write_round
from docgen.pipeline.inputs.requested_inputs import propose
from docgen.pipeline.inputs.setup import Setup, reopen
from docgen.pipeline.status import summarise
from docgen.planning.slots.writers import draw_writers
from docgen.progress import SilentReporter
from tests.llm.support import billed, engine_over, request
from tests.loopback import Loopback, Options
from tests.runs import attempts, corpus, set_up_run
from tests.worlds import LIGHTHOUSE

HAIKU, SONNET = "claude-haiku-5-5", "claude-sonnet-5-5"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-loopback")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-loopback")


def _settled(folder: Path, url: str, other: str, **settings: Any) -> Setup:
    writers = (
        {"model": HAIKU, "share": 0.6},
        {"model": SONNET, "share": 0.4, "engine": "openai", "base_url": other},
    )
    asked: dict[str, Any] = {"n": 40, "engine": "anthropic", "model": None, "base_url": url, "verify": 0}
    return set_up_run(folder, **(asked | {"writers": writers} | settings))


@given(st.integers(1, 1500), st.lists(st.floats(0.01, 1), min_size=2, max_size=6), st.integers(0, 9))
def test_every_writer_has_its_share_to_within_one_document(n: int, parts: list[float], seed: int) -> None:
    shares = np.array(parts) / sum(parts)
    counts = np.bincount(draw_writers(n, shares.tolist(), seed), minlength=len(shares))
    assert np.abs(counts - shares * n).max() <= 1.0 + 1e-6


def test_a_longer_run_leaves_the_writers_of_the_first_hundreds_as_they_are() -> None:
    short, long = draw_writers(250, [0.6, 0.4], 1), draw_writers(1000, [0.6, 0.4], 1)
    assert (short[:200] == long[:200]).all()
    assert (draw_writers(250, [0.6, 0.4], 2) != short).any()


def test_documents_are_shared_out_and_each_is_its_writers(tmp_path: Path) -> None:
    with Loopback(Options()) as one, Loopback(Options()) as two:
        setup = _settled(tmp_path, one.url, two.url)
        execute(setup, Step.GENERATE, SilentReporter())
        wrote = Counter((row.model, "messages") for row in one.served) + Counter(
            (row.model, "chat") for row in two.served
        )
    assert set(wrote) == {(HAIKU, "messages"), (SONNET, "chat")}
    by_writer = Counter(corpus(setup).select("engine", "model").iter_rows())
    assert by_writer == {("anthropic", HAIKU): 24, ("openai", SONNET): 16}
    engines = Counter((entry["engine"], entry["model"]) for entry in read_entries(setup.run.journal))
    assert set(engines) == {("anthropic", HAIKU), ("openai", SONNET)}
    assert journal_totals(setup.run.journal).dollars == pytest.approx(billed([*one.served, *two.served]))
    setup.run.attempts.unlink()
    with Loopback(Options()) as one, Loopback(Options()) as two:
        execute(_settled(tmp_path, one.url, two.url), Step.GENERATE, SilentReporter())
        assert [*one.served, *two.served] == []  # every reply is found again under its writer


def test_writers_are_compared(tmp_path: Path) -> None:
    with Loopback(Options()) as one, Loopback(Options(faults={"empty": 0.3})) as two:
        setup = _settled(tmp_path, one.url, two.url, max_attempts=10)
        execute(setup, Step.GENERATE, SilentReporter())
    first, second = summarise(reopen(setup.run)).writers
    assert (first.documents, second.documents) == (24, 16)
    assert first.first_attempts_accepted == 1.0
    assert second.reasons["empty"] == len([a for a in attempts(setup) if a.verdict == "rejected"]) > 0
    shares = Audit(setup.context).scan(setup.run.path, reporter=SilentReporter()).salience.writers
    assert [(each.model, each.documents) for each in shares] == [(HAIKU, 24), (SONNET, 16)]


def test_one_cap_holds_over_all_writers(tmp_path: Path) -> None:
    with Loopback(Options()) as one, Loopback(Options()) as two:
        setup = _settled(tmp_path, one.url, two.url, n=400, max_cost=0.08, concurrency=8)
        with pytest.raises(StopRun, match=r"\$0\.08"):
            execute(setup, Step.GENERATE, SilentReporter())
        assert 0 < billed([*one.served, *two.served]) <= 0.08
        assert two.served


def test_an_estimate_adds_up_the_writers(tmp_path: Path) -> None:
    """Each at its own price."""
    setup = _settled(tmp_path, "http://127.0.0.1:9", "http://127.0.0.1:9", n=1000)
    stages = [(each.model, each.calls) for each in estimate(setup).stages if each.stage == "document"]
    mixed = estimate(setup).dollars(batch=False) or 0
    cheap = estimate(setup.with_model(HAIKU)).dollars(batch=False) or 0
    dear = estimate(setup.with_model(SONNET)).dollars(batch=False) or 0
    assert stages == [("", 660), (SONNET, 440)]
    assert cheap < mixed < dear


def test_an_estimate_without_a_key_is_that_with_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "world.yaml"
    source.write_text(LIGHTHOUSE, "utf-8")
    writers = (WriterEntry(model=SONNET, share=0.6), WriterEntry(model=HAIKU, share=0.4))
    asked = RunOptions(n=100, writers=writers)

    def dollars() -> float | None:
        proposal = propose(RunFolder(tmp_path / "output" / "r"), source, asked, priced_only=True)
        return estimate_cost(proposal, None).dollars(batch=False)

    with_key = dollars()
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.delenv("OPENAI_API_KEY")
    assert dollars() == with_key


def test_another_share_is_another_run(tmp_path: Path) -> None:
    setup = _settled(tmp_path, "http://127.0.0.1:9", "http://127.0.0.1:9")
    changed = [
        each.model_copy(update={"share": share})
        for each, share in zip(setup.config.writers or (), (0.5, 0.5), strict=True)
    ]
    assert setup.config.identity() != setup.config.model_copy(update={"writers": tuple(changed)}).identity()


@pytest.mark.parametrize(
    ("writers", "words"),
    [
        ([{"model": HAIKU, "share": 0.6}, {"model": SONNET, "share": 0.6}], "sum to 1.2"),
        ([{"model": HAIKU, "share": 0.5}, {"model": HAIKU, "share": 0.5}], "is named twice"),
        ([{"model": HAIKU, "share": 0.5}, {"model": "x", "share": 0.5, "engine": "offline"}], "embedded writer"),
        ([{"model": "x", "share": 0.6, "engine": "openai"}, {"model": HAIKU, "share": 0.4}], "not anthropic"),
    ],
)
def test_what_cannot_be_shared_out_is_said(tmp_path: Path, writers: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        set_up_run(tmp_path, n=10, engine="anthropic", model=None, writers=tuple(writers))


def test_an_engine_of_the_main_writer_is_not_given_to_another_silently(tmp_path: Path) -> None:
    writers = ({"model": "x", "share": 0.6, "engine": "openai"}, {"model": HAIKU, "share": 0.4})
    with pytest.raises(ConfigError, match=f"{HAIKU} has none"):
        set_up_run(tmp_path, n=10, engine=None, model=None, writers=writers)


def test_writers_at_servers_of_their_own_need_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing goes to the run's own server, unless a judge's calls do."""
    monkeypatch.delenv("OPENAI_API_KEY")
    with Loopback(Options()) as one, Loopback(Options()) as two:
        writers = tuple(
            {"model": model, "share": 0.5, "engine": "openai", "base_url": each.url}
            for model, each in ((HAIKU, one), (SONNET, two))
        )
        execute(set_up_run(tmp_path, n=4, engine=None, model=None, writers=writers), Step.GENERATE, SilentReporter())
        assert one.served
        assert two.served
    with pytest.raises(ConfigError, match="no API key"):
        set_up_run(tmp_path, run="b", n=4, engine=None, model=None, writers=writers, judge_model="another")


def test_a_lower_limit_holds_at_a_writers_own_server_too(tmp_path: Path) -> None:
    """As `docgen ctl --concurrency` sets it."""
    writer = WriterEntry(model=SONNET, share=0.4, engine="openai")

    async def ask(one: str, two: str) -> None:
        writers = (writer.model_copy(update={"base_url": two}),)
        async with engine_over(one, tmp_path, engine="anthropic", writers=writers, caching=False) as engine:
            assert engine.control is not None
            engine.control.limit_to(1)
            calls = (request(n, model=SONNET, engine="openai") for n in range(6))
            await asyncio.gather(*map(engine.llm.complete, calls))

    with Loopback(Options()) as one, Loopback(Options(latency=0.02)) as two:
        asyncio.run(ask(one.url, two.url))
        assert (len(two.served), two.server.peak) == (6, 1)


def test_a_judge_who_is_a_writer_is_asked_where_that_writes(tmp_path: Path) -> None:
    writers = (
        {"model": "x", "share": 0.6, "engine": "openai", "base_url": "http://one"},
        {"model": "y", "share": 0.4, "engine": "openai", "base_url": "http://two", "key": "OPENAI_API_KEY"},
    )
    setup = set_up_run(tmp_path, n=4, engine=None, model=None, writers=writers)
    judge, other, another = (
        Judge.of(JudgeOptions(which=JudgeMode("all"), model=model), setup).engine for model in (None, "y", "z")
    )
    assert (judge.base_url, judge.servers) == ("http://one", ())
    assert [(each.base_url, each.key) for each in other.servers] == [("http://two", "OPENAI_API_KEY")]
    assert (another.base_url, another.servers) == (None, ())


def test_a_key_that_is_not_set_is_looked_for_among_the_writers(tmp_path: Path) -> None:
    writer = {"model": SONNET, "share": 1.0, "engine": "openai", "base_url": "http://one", "key": "NO_SUCH_KEY"}
    with pytest.raises(ConfigError, match=r"\[\[writers\]\] http://one: the environment variable NO_SUCH_KEY"):
        set_up_run(tmp_path, n=4, engine=None, model=None, writers=(writer,))


def test_a_run_has_a_status_before_its_number_of_documents_is_known(tmp_path: Path) -> None:
    setup = _settled(tmp_path, "http://127.0.0.1:9", "http://127.0.0.1:9", n=None)
    assert [each.documents for each in summarise(setup).writers] == [0, 0]


def test_documents_stay_their_writers_when_a_run_grows(tmp_path: Path) -> None:
    """The slots of the last hundred change writers then, and those already written keep theirs."""
    assert (draw_writers(30, [0.6, 0.4], 3) != draw_writers(70, [0.6, 0.4], 3)[:30]).any()
    with Loopback(Options()) as one, Loopback(Options()) as two:
        for n in (30, 70):
            setup = _settled(tmp_path, one.url, two.url, n=n, seed=3)
            execute(setup, Step.GENERATE, SilentReporter())
    wrote = Counter(corpus(setup)["model"])
    assert [each.documents for each in summarise(setup).writers] == [wrote[HAIKU], wrote[SONNET]]


def test_a_file_of_requests_is_for_one_engine(tmp_path: Path) -> None:
    """Replies in files name no engine, so that those of another would never be found again."""
    setup = _settled(tmp_path, "http://127.0.0.1:9", "http://127.0.0.1:9")
    with pytest.raises(RunError, match="writer of the openai engine"):
        write_round(setup, tmp_path / "round.jsonl", "chat", SilentReporter())
    assert not (tmp_path / "round.jsonl").exists()


def test_models_and_addresses_are_read_as_typed() -> None:
    assert read_models(["gpt=4"]) == ("gpt=4", None)  # a name: there is nothing that it would share with
    assert read_models(["a"]) == ("a", None)
    model, writers = read_models(["a/b:c=0.6", "d=.4"])
    assert (model, [(each.model, each.share) for each in writers or ()]) == (None, [("a/b:c", 0.6), ("d", 0.4)])
    address, servers = read_servers(["http://one", "http://two:8000"])
    assert (address, [each.base_url for each in servers or ()]) == (None, ["http://one", "http://two:8000"])
    with pytest.raises(ConfigError, match="has no share"):
        read_models(["a", "b=0.4"])


def test_batches_are_cancelled_wherever_writers_have_moved_since(tmp_path: Path) -> None:
    setup = _settled(tmp_path, "http://127.0.0.1:9", "http://127.0.0.1:9")
    with closing(BatchLog(setup.run.path / BATCHES_FILE)) as log:
        log.intend(["ab" * 16], "document", HAIKU, 0.1)
    assert cancel_batches(setup) == 1  # one that is not identified yet
