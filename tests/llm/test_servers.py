"""A run over several servers: who is free works, who is dead is passed over and tried again, one cap holds for all."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from docgen.errors import ConfigError, StopRun
from docgen.llm.engine import EngineOptions, open_engine
from docgen.llm.errors import Transient
from docgen.llm.journal import Journal
from docgen.llm.protocol import Completion
from docgen.llm.ratelimit.control import RateControl
from docgen.llm.servers import pool as pools
from docgen.llm.servers.circuit_breaker import Health
from docgen.llm.servers.pool import Server
from docgen.llm.servers.states import ServerState, read_states, write_states
from docgen.options.run import RunOptions, load_config, resolve
from docgen.options.setting_types import ServerEntry
from docgen.pipeline.status import summarise
from tests.llm.support import Plain, billed, request
from tests.loopback import Loopback, Options, every_fault
from tests.runs import set_up_run

DEAD = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-usual-0123456789")
    monkeypatch.setenv("OTHER_KEY", "sk-other-0123456789")


def job(
    folder: Path, urls: Sequence[str], count: int, keys: Sequence[str | None] = (), **options: Any
) -> tuple[list[Completion], list[str]]:
    """The replies to `count` requests over these servers, and what was said."""
    said: list[str] = []
    entries = tuple(ServerEntry(base_url=url, key=keys[number] if keys else None) for number, url in enumerate(urls))
    asked = EngineOptions(**{"engine": "openai", "servers": entries, "concurrency": 16, **options})

    async def run() -> list[Completion]:
        with Journal(folder / "llm.jsonl") as journal:
            async with open_engine(asked, journal, say=said.append) as engine:
                return await asyncio.gather(*(engine.llm.complete(request(n)) for n in range(count)))

    return asyncio.run(run()), said


def test_every_server_works_and_a_faster_one_works_more(tmp_path: Path) -> None:
    with Loopback(Options(latency=0.01, capacity=4)) as fast, Loopback(Options(latency=0.1, capacity=4)) as slow:
        replies, said = job(tmp_path, [fast.url, slow.url], 200)
        counts = len(fast.served), len(slow.served)
    assert len(replies) == sum(counts) == 200
    assert counts[0] > 2 * counts[1] > 0
    assert f"{fast.url}: {counts[0]} replies" in "\n".join(said)


@pytest.mark.parametrize("engine", ["openai", "anthropic"])
def test_a_dead_servers_calls_go_elsewhere_and_that_is_said(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test-0123456789")
    with Loopback(Options(latency=0.02)) as server:
        replies, said = job(tmp_path, [DEAD, server.url], 60, engine=engine)
    assert len(replies) == 60 == len(server.served)
    assert sum(f"{DEAD} does not answer" in line for line in said) == 1


def test_a_failing_server_costs_nothing_but_tries(tmp_path: Path) -> None:
    """Nothing is lost or paid twice, whatever one of them does."""
    faults = every_fault(0.5, without=("slow", "empty", "refusal", "max_tokens", "reset", "truncated", "html"))
    with Loopback(Options(faults=faults, latency=0.01)) as bad, Loopback(Options(latency=0.01)) as good:
        replies, _ = job(tmp_path, [bad.url, good.url], 120)
        served = [*bad.served, *good.served]
    assert len(replies) == 120 == len(served)


def test_a_server_that_refuses_its_key_is_left_out_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER_KEY", "bad")
    with Loopback() as first, Loopback() as second:
        replies, said = job(tmp_path, [first.url, second.url], 40, keys=["OTHER_KEY", None])
        assert not first.served
    assert len(replies) == 40
    assert any("is left out" in line for line in said)


def test_the_cap_is_one_for_all(tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(Loopback(Options(latency=0.01))) for _ in range(3)]
        with pytest.raises(StopRun, match="cap"):
            job(tmp_path, [server.url for server in servers], 100, max_cost=0.002, caching=False)
        rows = [row for server in servers for row in server.served]
    assert 0 < billed(rows) <= 0.002


def test_a_run_without_any_server_stops_in_words_of_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "ALL_DOWN_SECONDS", 0.5)
    with pytest.raises(StopRun, match="none of the 2 servers answers"):
        job(tmp_path, [DEAD, "http://127.0.0.1:10"], 40)


def test_a_server_that_was_down_is_tried_again_with_one_call() -> None:
    health, now, fault = Health(), time.monotonic(), Transient("connection", "refused")
    assert [health.failed(now, fault) for _ in range(4)] == [False, False, True, False]
    assert not health.may_be_called(now, 0)
    assert (health.may_be_called(now + 2.1, 0), health.may_be_called(now + 2.1, 1)) == (True, False)
    health.failed(now + 2.1, fault)
    assert not health.may_be_called(now + 4.2, 0), "the second pause is longer"
    assert health.succeeded()
    assert health.may_be_called(now + 4.2, 5)


def test_a_key_goes_to_no_server_that_a_run_folder_alone_names(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"only named by run\.json"):
        job(tmp_path, [DEAD], 1, keys=["OTHER_KEY"], is_unnamed=True)


def test_servers_stand_in_a_file_and_one_named_address_takes_their_place(tmp_path: Path) -> None:
    file = tmp_path / "servers.toml"
    file.write_text('[[servers]]\nbase-url = "http://a"\nkey = "A_KEY"\n[[servers]]\nbase-url = "http://b"\n')
    config = resolve(None, file, RunOptions())
    assert config.servers == (ServerEntry(base_url="http://a", key="A_KEY"), ServerEntry(base_url="http://b"))
    assert resolve(config, None, RunOptions(base_url="http://c")).servers is None
    assert type(config).model_validate(config.model_dump(mode="json")) == config
    file.write_text('[[servers]]\nbase-url = "http://a"\nkey = "sk-1234"\n')
    with pytest.raises(ConfigError):
        resolve(None, file, RunOptions())
    assert load_config(file)


def test_servers_show_in_the_status_of_a_run_that_has_several_now(tmp_path: Path) -> None:
    """Not those of an earlier start; and a file that cannot be written ends nothing."""
    several = set_up_run(tmp_path, n=3, engine="openai", model="m", servers=(ServerEntry(base_url=DEAD),) * 2)
    write_states(several.run.journal, [ServerState(name="a", replies=3, in_flight=0)])
    assert [each.name for each in summarise(several).servers] == ["a"]
    assert summarise(set_up_run(tmp_path, n=3, engine="openai", model="m", base_url=DEAD)).servers == ()
    (tmp_path / "file").touch()
    write_states(tmp_path / "file" / "llm.jsonl", [])


def test_calls_that_fail_at_one_server_wait_for_another_that_is_full(tmp_path: Path) -> None:
    """Where they failed there is always room, and they would soon have failed for good."""
    with Loopback(Options(faults={"500": 0.9})) as bad, Loopback(Options(latency=0.02, capacity=2)) as good:
        replies, _ = job(tmp_path, [bad.url, good.url], 120)
        assert len(replies) == 120
        assert len(bad.served) + len(good.served) == 120
    states = {state.name: state for state in read_states(tmp_path / "llm.jsonl")}
    assert states[good.url].replies == len(good.served)
    assert {state.in_flight for state in states.values()} == {0}


def test_a_server_is_not_sent_many_times_what_it_works_on() -> None:
    """Five replies a second of which the fastest take 1.6 s: it works on eight, and may have three times as many."""
    server = Server("slow", Plain(), RateControl(512, gentle=True))
    assert server.room(0.0) == 64
    for number in range(32):
        server.answers.append(number / 5)
        server.answered(number / 5, 1.6 if number < 8 else 10.0)
    assert server.room(32 / 5) == 24
