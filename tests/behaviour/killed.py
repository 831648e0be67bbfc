"""An experiment that is killed -9 at given moments and resumed, beside one that is not."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from docgen.files.append_log import read_lines
from tests.behaviour.server import StandInServer
from tests.behaviour.stand_ins import Policy
from tests.e2e.forked_commands import CommandForker
from tests.loopback import Options

__all__ = ["CONCURRENCY", "Outcome", "run_killed"]

CONCURRENCY = 4


@dataclass(frozen=True)
class Outcome:
    """What the server billed for the killed run, the replies in its journal, and both runs' transcripts."""

    kills: int
    billed: int
    journalled: int
    transcripts: bytes
    unbroken: bytes


def run_killed(
    folder: Path, moments: Sequence[int], command: Sequence[str], policy: Policy, forker: CommandForker
) -> Outcome:
    """Kill it once the server has billed each number of `moments`, let it end, and run another to its end."""
    kills = 0
    with StandInServer(policy, Options(latency=0.02)) as server:
        reach = ["--concurrency", str(CONCURRENCY), "--base-url", server.url, "--model", "claude-haiku-5-5", "--name"]
        for replies in moments:
            process = forker.start([*command, *reach, "killed"], folder)
            while process.poll() is None and len(server.served) < replies:
                time.sleep(0.005)
            kills += process.poll() is None
            process.kill()
        ended = forker.start([*command, *reach, "killed"], folder).wait(300)
        billed = len(server.served)
        ended += forker.start([*command, *reach, "unbroken"], folder).wait(300)
    if ended:
        raise RuntimeError(f"an experiment did not end well: {(folder / 'stderr.txt').read_text()}")
    killed, unbroken = (folder / "output/experiments" / name for name in ("killed", "unbroken"))
    texts = [(place / "transcripts.jsonl").read_bytes() for place in (killed, unbroken)]
    return Outcome(kills, billed, len(list(read_lines(killed / "llm.jsonl"))), *texts)
