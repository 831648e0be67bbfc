"""A run in rounds by files against the same run through the engine: same documents, salience and costs.

    python bench/by_files.py [--n 2000] [--json FILE]

The engine writes n documents against the loopback server, whose replies are empty, refused or cut off now and then, so
that there are refills. Then the same run is done by `docgen requests` and `docgen replies` with the replies that the
engine got, shuffled, in two files of which the second repeats the first; each file also has a damaged and a foreign
line, and of the first documents a tenth is lost at first. Exit code 1 if anything differs.
"""

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.machine import machine
from docgen.llm.journal import journal_totals
from docgen.options.last_step import Step
from docgen.pipeline.execution.execute import execute
from docgen.pipeline.execution.request_and_reply_files import RepliesTaken, take_replies, write_round
from docgen.pipeline.inputs.setup import Setup
from docgen.progress import SilentReporter
from tests.loopback import LoopbackProcess, Options
from tests.pipeline.execution.test_request_and_reply_files import replies_of
from tests.runs import corpus, set_up_run

FAULTS = {"empty": 0.03, "refusal": 0.02, "max_tokens": 0.03}
NOISE = ['{"custom_id": "cut', '{"custom_id": "00", "text": "not ours"}']
LOST = 0.1


@dataclass
class Round:
    """One round: what was asked for, what the files held, and seconds of each command."""

    stages: dict[str, int]
    again: int
    taken: int
    repeated: int
    foreign: int
    damaged: int
    missing: int
    write_seconds: float
    take_seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    os.environ.setdefault("ANTHROPIC_API_KEY", "sk-ant-bench-0123456789")
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.monotonic()
        with LoopbackProcess(Options(faults=FAULTS)) as server:
            engine = _settled(folder, "engine", args.n, base_url=server.url)
            execute(engine, Step.GENERATE, SilentReporter())
        print(f"through the engine: {time.monotonic() - start:.1f} s", flush=True)
        files = _settled(folder, "files", args.n)
        rounds = list(_rounds(files, folder, replies_of(engine)))
        for setup in (engine, files):
            execute(setup, Step.ALL, SilentReporter())  # measures; nothing is left to be asked for
        same = _compared(engine, files)
    for number, each in enumerate(rounds, start=1):
        print(f"round {number}: {asdict(each)}")
    for what, is_same in same.items():
        print(f"{what}: {'the same' if is_same else 'DIFFERENT'}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process, both runs: {peak:.0f} MiB")
    told = all(each.damaged == each.foreign == 2 for each in rounds)
    if args.json:
        args.json.write_text(json.dumps({"n": args.n, "rounds": [asdict(each) for each in rounds], **same}, indent=1))
    sys.exit(0 if all(same.values()) and told else 1)


def _settled(folder: Path, run: str, n: int, **settings: Any) -> Setup:
    asked: dict[str, Any] = {"types": 20, "ideas": 25, "words": (60, 120), "max_attempts": 6, "verify": 0}
    return set_up_run(folder, run=run, n=n, engine="anthropic", model="claude-haiku-5-5", **(asked | settings))


def _rounds(setup: Setup, folder: Path, replies: dict[str, dict[str, Any]]) -> Iterator[Round]:
    rng, lost_once = random.Random(0), False
    while True:
        start = time.monotonic()
        file = folder / "round.jsonl"
        written = write_round(setup, file, "chat", SilentReporter())
        if not written.requests:
            return
        wrote, start = time.monotonic() - start, time.monotonic()
        lines = [json.dumps(replies[json.loads(line)["custom_id"]]) for line in file.open("rb")]
        rng.shuffle(lines)
        if "document" in written.by_stage and not lost_once:
            lost_once, lines = True, lines[int(LOST * len(lines)) :]
        half = len(lines) // 2
        told = [_given(setup, folder, part) for part in (lines[half:], lines)]
        sums = {name: sum(getattr(each, name) for each in told) for name in ("taken", "repeated", "foreign", "damaged")}
        took = time.monotonic() - start
        yield Round(
            stages=written.by_stage,
            again=written.again,
            **sums,
            missing=told[-1].missing,
            write_seconds=round(wrote, 2),
            take_seconds=round(took, 2),
        )


def _given(setup: Setup, folder: Path, lines: list[str]) -> RepliesTaken:
    file = folder / "replies.jsonl"
    file.write_text("\n".join([*NOISE, *lines]) + "\n", "utf-8")
    return take_replies(setup, [file], SilentReporter())


def _compared(engine: Setup, files: Setup) -> dict[str, bool]:
    mine, theirs = journal_totals(files.run.journal).all, journal_totals(engine.run.journal).all
    left, right = corpus(files), corpus(engine)
    salience = [setup.run.report("salience.json").read_bytes() for setup in (engine, files)]
    return {
        f"{len(left):,} documents": left.equals(right),
        "salience.json": salience[0] == salience[1],
        f"tokens of {mine.calls:,} replies": (mine.calls, mine.usage) == (theirs.calls, theirs.usage),
        f"cost of ${mine.dollars:.6f}": abs(mine.dollars - theirs.dollars) < 1e-9,
    }


if __name__ == "__main__":
    main()
