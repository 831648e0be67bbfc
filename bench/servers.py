"""One run over 1, 4 and 16 servers, and over 4 and 16 of which some are slow, some fail half their calls and one dies.

    python bench/servers.py [--seconds 10] [--json FILE]

Each loopback server works on 8 requests at once, 0.4 s each, so it can do 20 a second; a slow one a quarter of that. Of
sixteen each takes twice as long, so that two cores are enough for engine and servers.
All run in this process with the engine. The rate is that of the replies between the first and the last tenth of a job
sized for that many seconds. Like servers are compared with the sum of what they can do; the unlike ones with the sum of
what the engine gets out of each of them alone, of the one that dies until its death. Exit code 1 below 0.9 of that, or
if a reply is lost.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.machine import machine
from docgen.errors import RequestFailed
from docgen.llm.engine import EngineOptions, open_engine
from docgen.llm.journal import Journal
from docgen.options.setting_types import ServerEntry
from tests.llm.support import request
from tests.loopback import Loopback, Options

CAPACITY, LATENCY = 8, 0.4
RATE = CAPACITY / LATENCY
GOOD = Options(capacity=CAPACITY, latency=LATENCY, canned=True, words=50)
SLOW = GOOD.model_copy(update={"latency": 4 * LATENCY})
FAILING = GOOD.model_copy(update={"faults": {"500": 0.5}})
ENOUGH = 0.9
UNLIKE = ("good", "slow", "failing", "good")
UNLIKE_16 = (*["slow"] * 2, *["failing"] * 3, *["good"] * 11)
MIXED_TIMES = 3
"""How much longer the job over mixed servers is: a slow server's last calls must not make up a tenth of it."""


@dataclass
class Outcome:
    """A job: replies a second between its tenths, and what the servers could do in that time."""

    case: str
    requests: int
    replies: int
    rate: float
    possible: float
    by_server: list[int]

    @property
    def share(self) -> float:
        """How much of what was possible."""
        return self.rate / self.possible


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    print(machine(), flush=True)
    outcomes = []
    for number in (1, 4, 16):
        servers, rates = _scaled([GOOD] * number, [RATE] * number)
        outcomes.append(_job(f"{number} server(s)", servers, rates, args.seconds))
    outcomes.append(_job("one slow, alone", [SLOW], [RATE / 4], 2 * args.seconds))
    outcomes.append(_job("one failing half its calls, alone", [FAILING], [RATE / 2], 2 * args.seconds))
    alone = {"good": outcomes[0].rate, "slow": outcomes[-2].rate, "failing": outcomes[-1].rate}
    for kinds in (UNLIKE, UNLIKE_16):
        servers = [{"good": GOOD, "slow": SLOW, "failing": FAILING}[kind] for kind in kinds]
        case = ", ".join(f"{kinds.count(kind)} {kind}" for kind in alone) + ", the last dying"
        servers, rates = _scaled(servers, [alone[kind] for kind in kinds])
        outcomes.append(_job(case, servers, rates, MIXED_TIMES * args.seconds, len(kinds) - 1))
    for each in outcomes:
        print(
            f"{each.case}: {each.replies} of {each.requests} replies, {each.rate:.1f}/s of {each.possible:.1f}/s "
            f"possible ({each.share:.2f}), by server {each.by_server}"
        )
    if args.json:
        args.json.write_text(json.dumps([asdict(each) for each in outcomes], indent=1))
    judged = [each for each in outcomes if not each.case.endswith("alone")]
    lost = any(each.replies < each.requests for each in judged)
    sys.exit(1 if lost or any(each.share < ENOUGH for each in judged) else 0)


def _scaled(servers: Sequence[Options], rates: Sequence[float]) -> tuple[list[Options], list[float]]:
    """The servers, sixteen of them at half their speed, and what they can do."""
    times = 2 if len(servers) > 4 else 1
    slowed = [each.model_copy(update={"latency": times * each.latency}) for each in servers]
    return slowed, [rate / times for rate in rates]


def _job(
    case: str, servers: Sequence[Options], rates: Sequence[float], seconds: float, dying: int | None = None
) -> Outcome:
    """`dying`: the number of the server that dies after a third of the job."""
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        running = [Loopback(options) for options in servers]
        for number, server in enumerate(running):
            if number != dying:
                stack.enter_context(server)
        if dying is not None:
            running[dying].__enter__()
        count = int(sum(rates) * seconds)
        ends, died = asyncio.run(_buy(running, count, Path(folder), dying, seconds / 3))
        by_server = [len(server.served) for server in running]
    first, last = ends[len(ends) // 10], ends[9 * len(ends) // 10]
    alive = 0.0 if dying is None else max(0.0, min(died, last) - first) / (last - first)
    possible = sum(rate * (alive if number == dying else 1.0) for number, rate in enumerate(rates))
    rate = (9 * len(ends) // 10 - len(ends) // 10) / (last - first)
    print(f"{case}: done", file=sys.stderr)
    return Outcome(case, count, len(ends), rate, possible, by_server)


async def _buy(
    servers: Sequence[Loopback], count: int, folder: Path, dying: int | None, after: float
) -> tuple[list[float], float]:
    """The times at which replies came, and of the death."""
    entries = tuple(ServerEntry(base_url=server.url) for server in servers)
    options = EngineOptions(engine="openai", servers=entries, concurrency=512, caching=False)
    ends, died = list[float](), 0.0

    async def kill() -> None:
        nonlocal died
        await asyncio.sleep(after)
        died = time.monotonic()
        if dying is not None:
            await asyncio.to_thread(servers[dying].__exit__)

    with Journal(folder / "llm.jsonl") as journal:
        async with open_engine(options, journal, say=lambda line: print(line, file=sys.stderr)) as engine:
            killing = asyncio.ensure_future(kill()) if dying is not None else None

            async def one(number: int) -> None:
                with suppress(RequestFailed):  # counted as lost
                    await engine.llm.complete(request(number))
                    ends.append(time.monotonic())

            await asyncio.gather(*(one(number) for number in range(count)))
            if killing is not None:
                await killing
    return sorted(ends), died


if __name__ == "__main__":
    main()
