"""Kills the real command at random moments, starts it again, and balances the books with the server's.

A call is *lost* when the server billed it and its reply is in no journal. A kill may lose what was in flight then, and
nothing else may ever lose anything.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from docgen.files.append_log import read_lines
from tests.e2e.forked_commands import Child, CommandForker
from tests.worlds import LIGHTHOUSE

__all__ = ["Books", "Job", "Kill", "asked"]

ROOT = Path(__file__).parents[2]
MODEL = "claude-haiku-5-5"
SETTLE_SECONDS = 0.3


@dataclass(frozen=True)
class Kill:
    """One kill: when, and where the job stood then; `lost` are the calls that this kill cost."""

    seconds: float
    replies: int
    journalled: int
    lost: int
    accepted: int


@dataclass(frozen=True)
class Books:
    """What the server billed and what the run has: calls, and calls bought more than once."""

    billed: int
    journalled: int
    repeated: int

    @property
    def lost(self) -> int:
        """Billed calls that are in no journal."""
        return self.billed - self.journalled


class Job:
    """`docgen run` of n documents in `folder`, against a server at `url` that logs what it bills to `log`."""

    def __init__(
        self, folder: Path, url: str, log: Path, n: int, concurrency: int = 8, forker: CommandForker | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lighthouse.yaml").write_text(LIGHTHOUSE, "utf-8")
        self.folder, self.url, self.log, self.concurrency = folder, url, log, concurrency
        self.forker = forker
        self.run = folder / "output" / "job"
        settings = {"n": n, "concurrency": concurrency, "types": 4, "ideas": 5, "words": "60-200", "max-attempts": 12}
        named = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
        self.command = [
            *("run", "lighthouse.yaml", "--run", "job", "--engine", "anthropic"),
            *("--base-url", url, "--model", MODEL, "--yes", "--quiet", *named),
        ]  # fmt: skip

    def start(self) -> "subprocess.Popen[str] | Child":
        """Begin it, or go on with it, in a process of its own."""
        if self.forker:
            return self.forker.start(self.command, self.folder)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}
        return subprocess.Popen(
            [sys.executable, "-m", "docgen", *self.command],
            cwd=self.folder, env=clean | {"PYTHONPATH": str(ROOT)}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def finish(self, timeout: float = 600) -> tuple[int | None, str]:
        """Run it to its end; exit code and standard error."""
        process = self.start()
        _, errors = process.communicate(timeout=timeout)
        return process.returncode, errors

    def kill(self, seconds: float, replies: int = 1) -> Kill | None:
        """Start it and kill -9 it so long after so many replies (0: its start); None when it was done before that."""
        before, until = self.books().lost, asked(self.url)["served"] + replies
        process = self.start()
        while process.poll() is None and asked(self.url)["served"] < until:
            time.sleep(0.005)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        finally:
            process.communicate(timeout=60)
        if process.returncode != -signal.SIGKILL:
            return None
        self.set_up_run()
        books = self.books()
        return Kill(seconds, replies, books.journalled, books.lost - before, self.accepted())

    def set_up_run(self) -> None:
        """Wait until the server has answered, and billed, everything it was asked."""
        while asked(self.url)["in_flight"]:
            time.sleep(0.02)
        time.sleep(SETTLE_SECONDS)

    def books(self) -> Books:
        """The server's log against the journal."""
        billed = [json.loads(line)["request"] for _, line in read_lines(self.log)]
        journalled = sum(1 for _ in read_lines(self.run / "llm.jsonl"))
        return Books(len(billed), journalled, len(billed) - len(set(billed)))

    def keys(self) -> list[str]:
        """Request keys in the journal."""
        return [json.loads(line)["key"] for _, line in read_lines(self.run / "llm.jsonl")]

    def accepted(self) -> int:
        """Accepted attempts on disk."""
        return sum(b'"verdict":"accepted"' in line for _, line in read_lines(self.run / "attempts.jsonl"))

    def corpus(self) -> pl.DataFrame:
        """corpus.parquet."""
        return pl.read_parquet(self.run / "corpus.parquet")

    def salience(self) -> dict[str, int]:
        """Documents by fact, from the corpus."""
        facts = self.corpus()["facts"].explode().drop_nulls().struct.field("fact")
        return dict(sorted(facts.value_counts().iter_rows()))

    def status(self) -> dict[str, Any]:
        """What `docgen status --json` says."""
        command = [sys.executable, "-m", "docgen", "status", "job", "--json"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def asked(url: str) -> dict[str, Any]:
    """The server's own figures."""
    with urllib.request.urlopen(f"{url}/stats", timeout=10) as reply:
        figures: dict[str, Any] = json.load(reply)
    return figures
