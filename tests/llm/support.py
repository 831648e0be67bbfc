"""Shared helpers of the engine's tests."""

import datetime as dt
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from docgen.llm.cost.pricing import load_prices
from docgen.llm.engine import Engine, EngineOptions, open_engine
from docgen.llm.journal import Journal
from docgen.llm.protocol import Completion, Request, Usage
from tests.loopback import Served

MODEL = "claude-haiku-5-5"
SCHEMA = {"type": "object", "properties": {"ideas": {"type": "array", "items": {"type": "string"}}}}


def request(number: int = 0, **fields: Any) -> Request:
    """A small document request; each number is another prompt."""
    defaults: dict[str, Any] = {
        "stage": "document",
        "system": "You write.",
        "model": MODEL,
    }
    defaults |= {"user": f"Write document {number} in 30 words.", "max_tokens": 500, "cacheable": True}
    return Request(**(defaults | fields))


class Plain:
    """An LLM that answers by a function and records its calls."""

    engine = "fake"

    def __init__(self, answer: Callable[[Request], Completion] | None = None) -> None:
        self.calls: list[Request] = []
        self._answer = answer or (lambda request: completion(f"reply to {request.user}"))

    async def complete(self, request: Request) -> Completion:
        self.calls.append(request)
        return self._answer(request)


def completion(text: str = "text", **fields: Any) -> Completion:
    """A completion worth a fraction of a cent."""
    defaults = {"stop_reason": "end_turn", "model": MODEL, "usage": Usage(input=10, output=20), "dollars": 0.001}
    return Completion(text=text, **(defaults | fields))


@asynccontextmanager
async def engine_over(url: str, folder: Path, **options: Any) -> AsyncIterator[Engine]:
    """The real engine against a loopback server, with its journal in `folder`."""
    with Journal(folder / "llm.jsonl") as journal:
        async with open_engine(EngineOptions(base_url=url, **options), journal) as engine:
            yield engine


def billed(served: Iterable[Served]) -> float:
    """Dollars that the server would charge."""
    prices = load_prices()
    total = 0.0
    for row in served:
        usage = Usage(input=row.input, output=row.output, cache_read=row.cache_read, cache_write=row.cache_write)
        total += prices.cost(row.model, usage, row.batched) or 0.0
    return total


def age(log: Path, days: int) -> None:
    """Make the entries of a log `days` days older."""
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    for row in rows:
        if "at" in row:
            row["at"] = (dt.datetime.fromisoformat(row["at"]) - dt.timedelta(days=days)).isoformat()
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
