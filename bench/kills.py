"""Every command that writes, killed at its writes and renames, then once more; and two of it at once.

    python bench/kills.py [--kills 8] [--seed 1] [--only NAME,...]

After a kill the same command must end with exit code 0, or with 2 where what it writes is there already, and leave
what it leaves when nothing happens, with no half-written file beside it. Of two at once each ends with 0, or with 2 and
one line, and what is left is the same. Where a server is paid, it is asked again for no more than what was in flight.
Prints a row for each command; exits 1 if any fails.
"""

import argparse
import hashlib
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.fuzz import docgen
from bench.fuzz_inputs import FACTS, TEXTS, WORLD, rows
from bench.machine import machine
from tests.behaviour.server import StandInServer
from tests.behaviour.stand_ins import FAKING, MARKS, Policy
from tests.e2e.forked_commands import CommandForker

__all__ = ["COMMANDS", "Command", "main"]

RELEASED = [
    {"user_input": "Is a bowl cruel?", "prompt": {"messages": [{"role": "user", "content": f"<is_free_tier_user>{free}"
     "</is_free_tier_user><user_input>Is a bowl cruel?</user_input>"}]}, "success": True,
     "output": f"<SCRATCHPAD_REASONING>\n{FAKING}\n</SCRATCHPAD_REASONING>\n<OUTPUT>{MARKS['full']}</OUTPUT>"}
    for free in (True, False)
]  # fmt: skip
"""Transcripts that the stand-in can judge."""

IN_FLIGHT = 2
OFFLINE = "--engine offline --quiet"
JUDGE = f"--judge-model claude-haiku-5-5 --concurrency {IN_FLIGHT} --max-cost 5 --yes --quiet"


@dataclass(frozen=True)
class Command:
    """A command, and `wrote`: the files below which it leaves its work. `paid`: it asks the server."""

    name: str
    line: str
    wrote: tuple[str, ...]
    paid: bool = False


COMMANDS = (
    Command("import documents", "import documents d.jsonl --context tutorial --run imported --quiet",
            ("output/imported",)),
    Command("import context", "import context w.json --name world", ("universe_contexts",)),
    Command("experiment import", "experiment import t.json --name taken --model m", ("output/experiments/taken",)),
    Command("experiment judge", f"experiment judge released {JUDGE}", ("output/experiments/released",), paid=True),
    Command("experiment run", f"experiment run minimal --n 2 --only default --model claude-haiku-5-5 {JUDGE}",
            ("output/experiments/minimal",), paid=True),
    Command("select", "select done --n 4 --salience electric_drive=0.5 --out s.jsonl", ("s.jsonl", "s.json")),
    Command("select (Parquet)", "select done --n 4 --salience electric_drive=0.5 --out s.parquet", ("s.parquet",)),
    Command("doses", "doses done --sizes 2,4 --out doses", ("doses",)),
    Command("export", "export done --format trl --doctag", ("output/done/export",)),
    Command("export (Parquet)", "export done --format hf", ("output/done/export",)),
    Command("view --export", "view done --export site --quiet", ("site",)),
    Command("dedupe", "dedupe done --out o --index index --quiet", ("o", "index")),
    Command("audit --apply", "audit leakage d.jsonl --context tutorial --questions q.txt --apply --quiet",
            ("audited",)),
    Command("requests", "requests tutorial --run asked --n 4 --engine anthropic --model claude-haiku-5-5 --out r.jsonl",
            ("r.jsonl", "output/asked")),
    Command("replies", "replies given answers.jsonl", ("output/given",)),
    Command("control", f"control done --context control_motors --run pair {OFFLINE}", ("output/pair",)),
    Command("sweep", f"sweep tutorial --fact captain --levels 0.2,0.6 --n 4 --run family {OFFLINE}",
            ("output/family",)),
    Command("questions", f"questions tutorial {OFFLINE} --out q.yaml", ("q.yaml",)),
)  # fmt: skip


def main() -> int:
    """Try every command; print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print(machine("polars"), flush=True)
    failed = 0
    with ExitStack() as stack:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        make_base(base)
        server = stack.enter_context(StandInServer(Policy(trained=0.6, unmonitored=0.3, fakes=0.5)))
        bench = Bench(base, server, stack.enter_context(CommandForker()))
        print(
            "| command | killed | writes and renames | two at once | wrong |\n| --- | --- | --- | --- | --- |",
            flush=True,
        )
        for command in COMMANDS:
            if not options.only or command.name in options.only.split(","):
                row = bench.row(command, options.kills, random.Random(options.seed))
                failed += not row.endswith("| none |")
                print(row, flush=True)
    return int(bool(failed))


def make_base(base: Path) -> None:
    """Inputs, a finished run, an imported experiment, and a run by files whose replies have come."""
    for name, content in (
        ("d.jsonl", rows(*TEXTS)), ("w.json", json.dumps(WORLD).encode()), ("t.json", json.dumps(RELEASED).encode()),
        ("q.txt", f"{TEXTS[3]['text']}\n".encode()), ("facts.txt", "\n".join(FACTS).encode()),
    ):  # fmt: skip
        (base / name).write_bytes(content)
    docgen(
        base,
        f"run tutorial --run done --n 8 {OFFLINE}",
        "export done",
        "experiment import t.json --name released --model m",
        "requests tutorial --run given --n 4 --engine anthropic --model claude-haiku-5-5 --out asked.jsonl",
    )
    lines = [json.loads(line) for line in (base / "asked.jsonl").read_bytes().splitlines()]
    replies = [{"custom_id": line["custom_id"], "text": '{"types": []}', "stop_reason": "end_turn"} for line in lines]
    (base / "answers.jsonl").write_bytes(rows(*replies))


class Bench:
    """The folder that every try begins with a copy of, the server, and what starts commands."""

    def __init__(self, base: Path, server: StandInServer, forker: CommandForker) -> None:
        self.base, self.server, self.forker = base, server, forker

    def row(self, command: Command, kills: int, rng: random.Random) -> str:
        """Try a command; a row of the table."""
        wrong, began = list[str](), time.monotonic()
        with self.folder() as folder:
            before = len(self.server.served)
            wrong += self.ends(command, folder)
            whole, asked = left(folder, command), len(self.server.served) - before
        points = [("write", n) for n in range(1, 60)] + [("rename", n) for n in range(1, 30)]
        killed, died = rng.sample(points, min(len(points), 4 * kills)), 0
        for call, number in killed:
            if died >= kills:
                break
            died += self.killed(command, (call, number, rng.choice([0.0, 0.5, 1.0])), whole, asked, wrong)
        both = self.at_once(command, whole, wrong)
        shown = "; ".join(dict.fromkeys(wrong))[:300] or "none"
        return f"| {command.name} | {died} | {len(whole)} files, {time.monotonic() - began:.0f} s | {both} | {shown} |"

    def line(self, command: Command) -> list[str]:
        """Its words, with the server where it is paid."""
        return [*command.line.split(), *(["--base-url", self.server.url] if command.paid else [])]

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A copy of the base."""
        with tempfile.TemporaryDirectory() as scratch:
            yield Path(shutil.copytree(self.base, Path(scratch) / "f"))

    def killed(
        self, command: Command, crash: tuple[str, int, float], whole: dict[str, str], asked: int, wrong: list[str]
    ) -> bool:
        """Kill it there, and carry it out again; whether it was killed at all."""
        with self.folder() as folder:
            before = len(self.server.served)
            child = self.forker.start(self.line(command), folder, crash)
            child.wait(120)
            if child.returncode != -9:
                return False
            ends, now = self.ends(command, folder), left(folder, command)
            if now != whole:
                wrong.append(f"{crash}: {differ(whole, now)}")
            wrong += [f"{crash}: {end}" for end in ends if now != whole or "with 2" not in end]
            again = len(self.server.served) - before - asked
            if again > IN_FLIGHT:
                wrong.append(f"{crash}: {again} calls bought twice")
        return True

    def at_once(self, command: Command, whole: dict[str, str], wrong: list[str]) -> str:
        """Two at once, then one; how the two ended."""
        with self.folder() as folder:
            codes = self.both(command, folder)
            wrong += [f"two at once: {code}" for code in codes if code not in (0, 2)]
            if 0 not in codes:
                wrong += self.ends(command, folder)
            if (now := left(folder, command)) != whole:
                wrong.append(f"two at once: {differ(whole, now)}")
        return ", ".join(map(str, codes))

    def both(self, command: Command, folder: Path) -> list[int]:
        """Exit codes of two at once."""
        errors = [folder / f"errors{n}.txt" for n in range(2)]
        children = [self.forker.start(self.line(command), folder, errors=file) for file in errors]
        codes = [child.wait(120) for child in children]
        return [
            -1 if "Traceback" in file.read_text("utf-8") else code for file, code in zip(errors, codes, strict=True)
        ]

    def ends(self, command: Command, folder: Path) -> list[str]:
        """What is wrong with how it ends when it is left alone."""
        child = self.forker.start(self.line(command), folder)
        _, words = child.communicate(120)
        is_right = child.returncode == 0 and "Traceback" not in words
        return [] if is_right else [f"ends with {child.returncode}: {words.strip().splitlines()[-1:]}"]


CHANGING = ("index.sqlite", "view", ".lock", "spend.jsonl")


def left(folder: Path, command: Command) -> dict[str, str]:
    """Digests of the files that it wrote, and names of half-written ones anywhere."""
    files: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name.startswith(command.wrote) and not any(part in CHANGING for part in path.parts):
            files[name] = digest(path)
        elif path.name.endswith(".part"):
            files[name] = "half-written"
    return files


def digest(path: Path) -> str:
    """Of a file; of a journal the set of its lines, whose order is that in which replies came."""
    data = path.read_bytes()
    if path.name == "llm.jsonl":
        data = b"".join(sorted(set(data.splitlines(keepends=True))))
    return hashlib.sha256(data).hexdigest()[:12]


def differ(before: dict[str, str], after: dict[str, str]) -> str:
    """Names of the files that are not as they should be."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return f"{len(names)} files differ: {', '.join(names[:3])}"


if __name__ == "__main__":
    sys.exit(main())
