"""Nothing is sent whose reply could not be kept, and what could not be kept stays booked."""

import asyncio
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from docgen.errors import RequestFailed
from docgen.files.append_log import AppendLog, read_lines
from docgen.llm.cost.budget import SPEND_FILE, Budget, uncertain_dollars
from docgen.llm.cost.pricing import load_prices
from docgen.llm.errors import Transient
from docgen.llm.journal import Journal
from docgen.llm.protocol import Completion
from docgen.llm.providers.anthropic import AnthropicLLM
from tests.llm.support import billed, completion, engine_over, request
from tests.loopback import Loopback, Options


@contextmanager
def limit(kind: int, value: int) -> Iterator[None]:
    """A lower limit of the process."""
    soft, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value, hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))


async def ask(url: str, folder: Path, count: int, **options: Any) -> list[BaseException | Completion]:
    async with engine_over(url, folder, caching=False, **options) as engine:
        calls = (engine.llm.complete(request(n)) for n in range(count))
        return await asyncio.gather(*calls, return_exceptions=True)


@pytest.mark.parametrize("size", [0, 2_000])
def test_nothing_is_sent_where_the_journal_cannot_grow(size: int, tmp_path: Path) -> None:
    """Start after start, as a supervisor would."""
    with Loopback() as server:
        for _ in range(3):
            with limit(resource.RLIMIT_FSIZE, size), suppress(OSError):  # the ledger cannot be closed cleanly either
                results = asyncio.run(ask(server.url, tmp_path, 5))
                assert all(isinstance(result, OSError) for result in results)
        assert server.served == []
    assert (tmp_path / "llm.jsonl").read_bytes() == b""


@pytest.mark.parametrize("size", [12_000, 30_000])
def test_what_is_sent_before_the_disk_is_full_is_journalled(size: int, tmp_path: Path) -> None:
    with Loopback() as server:
        with limit(resource.RLIMIT_FSIZE, size):
            results = asyncio.run(ask(server.url, tmp_path, 60, concurrency=2))
        replies = [result for result in results if isinstance(result, Completion)]
        assert 0 < len(replies) == len(server.served) < 60
        assert len(list(read_lines(tmp_path / "llm.jsonl"))) == len(replies)
    assert uncertain_dollars(tmp_path / SPEND_FILE) == 0.0


def test_a_reply_that_the_disk_did_not_take_is_booked_for_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cap holds over starts by the server's count, though no journal knows of the replies."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Journal, "put", full)
    cap, bills = 0.01, list[float]()
    with Loopback() as server:
        for _ in range(12):
            asyncio.run(ask(server.url, tmp_path, 3, max_cost=cap, concurrency=1))
            bills.append(billed(server.served))
            assert uncertain_dollars(tmp_path / SPEND_FILE) >= bills[-1]
    assert 0 < bills[0] <= bills[-1] <= cap
    assert bills[-1] == bills[-2], "once the cap is used up nothing more is sent"


def test_a_loss_that_cannot_be_written_stays_under_the_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither journal nor ledger took it; the next start books what was reserved."""
    prices, ledger = load_prices(), tmp_path / SPEND_FILE
    budget, worst = Budget(prices, 1.0, ledger=ledger), prices.worst_case(request()) or 0.0
    assert budget.try_reserve(worst)
    budget.spent += 0.0001
    budget.release(worst)
    append = AppendLog.append

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(AppendLog, "append", full)
    with pytest.raises(OSError, match="No space"):
        budget.book_unjournalled(request(), completion(dollars=0.0001))
    monkeypatch.setattr(AppendLog, "append", append)
    assert uncertain_dollars(ledger) >= worst
    budget.close()
    assert uncertain_dollars(ledger) == pytest.approx(worst)


def closed_port() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


async def send(url: str) -> None:
    llm = AnthropicLLM(api_key="k", base_url=url)
    try:
        await llm.complete(request())
    finally:
        await llm.aclose()


def failure(url: str) -> Transient:
    with pytest.raises(Transient) as caught:
        asyncio.run(send(url))
    return caught.value


def test_a_refused_connection_is_not_booked() -> None:
    error = failure(closed_port())
    assert (error.kind, error.maybe_billed) == ("connection", False)


def test_a_connection_for_which_there_is_no_file_descriptor_is_not_booked(tmp_path: Path) -> None:
    with Loopback() as server:

        async def starved() -> None:
            llm = AnthropicLLM(api_key="k", base_url=server.url)
            try:
                highest = os.dup(0)
                os.close(highest)
                with limit(resource.RLIMIT_NOFILE, highest):
                    await llm.complete(request())
            finally:
                await llm.aclose()

        with pytest.raises(RequestFailed) as caught:
            asyncio.run(starved())
        assert isinstance(caught.value, Transient)
        assert not caught.value.maybe_billed
        assert server.served == []


def test_a_connection_that_breaks_after_the_request_is_booked() -> None:
    with Loopback(Options(faults={"reset": 1.0})) as server:
        assert failure(server.url).maybe_billed
