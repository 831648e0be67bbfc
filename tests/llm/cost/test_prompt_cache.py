"""Prompt caching: one request warms the cache, and the rest read from it."""

import asyncio
from pathlib import Path

import pytest

from docgen.audit.judge.requests import idea_request, judge_request
from docgen.audit.rules.leakage_rule import Rule
from docgen.errors import RequestFailed
from docgen.llm.cost.pricing import load_prices
from docgen.llm.journal import Tally
from docgen.llm.prompt_cache import PromptCacheWarmer, pays_to_cache
from docgen.llm.protocol import Completion, Request, Usage
from docgen.prompts.requests import ModelOptions
from docgen.records import Document
from tests.llm.support import MODEL, Plain, completion, engine_over, request
from tests.loopback import Loopback
from tests.worlds import lighthouse

LONG = "The world has rules, and every document keeps them. " * 200
PRICES = load_prices()
OPTIONS = ModelOptions(MODEL)
LONG_RULES = (Rule(id="long", description=LONG),)


def test_parallel_requests_pay_for_one_write_of_the_cache(tmp_path: Path) -> None:
    async def run(url: str) -> None:
        async with engine_over(url, tmp_path) as engine:
            await asyncio.gather(*(engine.llm.complete(request(n, system=LONG)) for n in range(50)))

    with Loopback() as server:
        asyncio.run(run(server.url))
        writes = [row for row in server.served if row.cache_write]
        reads = [row for row in server.served if row.cache_read]
    assert (len(writes), len(reads)) == (1, 49)


JUDGING = {
    "document": lambda n: judge_request((), LONG_RULES, lighthouse(), OPTIONS, Document(text=f"Document {n}.")),
    "ideas": lambda n: idea_request(LONG_RULES, lighthouse(), OPTIONS, [f"Idea {n}."]),
}


@pytest.mark.parametrize("what", JUDGING)
def test_judge_requests_are_cached_and_their_usage_says_so(what: str, tmp_path: Path) -> None:
    """A judge reads thousands of documents behind the same rules: one call writes the cache, the others read it."""
    asked = [JUDGING[what](n) for n in range(5)]
    assert len({request.system for request in asked}) == 1

    async def run(url: str) -> tuple[list[Completion], Tally]:
        async with engine_over(url, tmp_path) as engine:
            replies = await asyncio.gather(*map(engine.llm.complete, asked))
            return replies, engine.journal.totals.by_stage[f"judge_{what}", MODEL]

    with Loopback() as server:
        replies, tally = asyncio.run(run(server.url))
        served = [(bool(row.cache_write), bool(row.cache_read)) for row in server.served]
    assert sorted(served) == [(False, True)] * 4 + [(True, False)]
    total = sum((reply.usage for reply in replies), Usage())
    assert total.cache_write > 0
    assert total.cache_read == 4 * total.cache_write
    assert (tally.cache_read, tally.cache_write) == (total.cache_read, total.cache_write)


def test_the_rest_wait_for_the_first_and_then_go_together() -> None:
    order: list[str] = []

    class Slow(Plain):
        async def complete(self, request: Request) -> Completion:
            order.append(f"in {request.user}")
            await asyncio.sleep(0.01)
            order.append(f"out {request.user}")
            return completion()

    async def run() -> None:
        llm = PromptCacheWarmer(Slow(), lambda _: True)
        await asyncio.gather(*(llm.complete(request(user=str(n))) for n in range(4)))

    asyncio.run(run())
    assert order[:2] == ["in 0", "out 0"]
    assert [entry[:2] for entry in order[2:5]] == ["in"] * 3


def test_when_the_first_fails_the_next_goes_ahead() -> None:
    calls: list[str] = []

    def answer(asked: Request) -> Completion:
        calls.append(asked.user)
        if len(calls) == 1:
            raise RequestFailed("500", "no")
        return completion()

    async def run() -> list[Completion | BaseException]:
        llm = PromptCacheWarmer(Plain(answer), lambda _: True)
        calls = (llm.complete(request(user=str(n))) for n in range(4))
        return await asyncio.gather(*calls, return_exceptions=True)

    results = asyncio.run(run())
    assert [isinstance(result, Completion) for result in results] == [False, True, True, True]


@pytest.mark.parametrize(
    ("asked", "pays"),
    [
        (request(system=LONG), True),
        (request(system="short"), False),
        (request(system=LONG, cacheable=False), False),
        (request(system=LONG, model="my-own-model"), False),
    ],
)
def test_a_breakpoint_is_set_only_where_it_can_pay(asked: Request, pays: bool) -> None:
    assert pays_to_cache(PRICES)(asked) is pays
