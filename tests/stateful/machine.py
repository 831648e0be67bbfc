"""A hypothesis machine whose rules are commands over run folders, and what must hold after each of them."""

import json
import os
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from docgen.llm.engine import dollars_at_most
from tests.e2e.forked_commands import Child, CommandForker
from tests.llm.support import billed
from tests.loopback import BatchOptions, Loopback, Options
from tests.worlds import LIGHTHOUSE

__all__ = ["RunFolders"]

MODEL = "claude-haiku-5-5"
LITTLE = 0.0001
"""A cap in dollars under which no call may be made."""
CONCURRENCY = 2
ENDS = (0, 1, 2, 130)
Crash = tuple[str, int, float] | int | None
CRASHES: st.SearchStrategy[Crash] = st.one_of(
    st.none(),
    st.integers(0, 8),
    st.tuples(st.just("write"), st.integers(1, 40), st.sampled_from([0.0, 0.5, 1.0])),
    st.tuples(st.just("rename"), st.integers(1, 12), st.sampled_from([0.0, 1.0])),
)
"""None: left alone. A number: kill -9 after so many replies. Else: a crash at that write or rename."""


class RunFolders(RuleBasedStateMachine):
    """A run, its forks and corpora made of them, against a server that counts what it bills.

    When a process is killed depends on timing, so rules have no preconditions: where there is nothing to work on they
    do nothing, and what hypothesis draws does not depend on it.
    """

    forker: CommandForker
    server: Loopback
    finished: ClassVar[list[list[str]] | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="docgen-stateful-"))
        (self.folder / "light.yaml").write_text(LIGHTHOUSE, "utf-8")
        self.first = len(self.server.served)
        self.bill: Counter[str] = Counter()
        self.caps: dict[str, float] = {}
        self.lost = 0
        self.journals: dict[Path, Counter[bytes]] = {}
        self.withdrawn: dict[str, set[str]] = {}
        self.sources: dict[Path, bytes] = {}
        self.number = 0
        self.steps: list[str] = []

    def teardown(self) -> None:
        """In the end the run can be finished, and has its documents."""
        try:
            if "r" in self.caps:
                self.finish()
        finally:
            if self.finished is not None:
                self.finished.append(self.steps)
            shutil.rmtree(self.folder, ignore_errors=True)

    # what commands do

    def command(self, run: str, *arguments: str, crash: Crash = None) -> int | None:
        """One command that may spend for `run`, killed or not; its exit code."""
        return self.commands(run, [list(arguments)], [crash])[0]

    def commands(self, run: str, each: list[list[str]], crashes: list[Crash]) -> list[int | None]:
        """Commands that run at once."""
        before, begun = len(self.server.served), time.monotonic()
        self.steps.append(f"{each} {crashes}")
        children = []
        for arguments, crash in zip(each, crashes, strict=True):
            self.number += 1
            errors = self.folder / f"{self.number}.txt"
            injected = crash if isinstance(crash, tuple) else None
            children.append(self.forker.start(arguments, self.folder, injected, errors))
        for child, crash in zip(children, crashes, strict=True):
            if isinstance(crash, int):
                self.kill_after(child, before + crash)
        for child, crash in zip(children, crashes, strict=True):
            _, words = child.communicate(60)
            assert "Traceback" not in words, words
            assert "Usage:" not in words, words
            assert child.returncode in ENDS or (crash is not None and child.returncode == -9), (child.returncode, words)
        self.steps[-1] += f" -> {[child.returncode for child in children]} in {time.monotonic() - begun:.1f} s"
        self.set_up_run()
        self.bill[run] += billed(self.server.served[before:])  # type: ignore[assignment]
        self.lost += CONCURRENCY * sum(child.returncode == -9 for child in children)
        return [child.returncode for child in children]

    def kill_after(self, child: Child, served: int) -> None:
        deadline = time.monotonic() + 30
        while child.poll() is None and len(self.server.server.served) < served and time.monotonic() < deadline:
            time.sleep(0.002)
        child.send_signal(9)

    def set_up_run(self) -> None:
        """Wait until the server has answered and billed all that it was asked."""
        server = self.server.server
        while server._in_flight or any(batch.status != "ended" for batch in list(server.batches.values())):
            time.sleep(0.005)

    def job(self, run: str, *more: str, tries: int = 2) -> list[str]:
        settings = ("--types", "2", "--ideas", "3", "--words", "60-90", "--verify", "0", "--max-attempts", str(tries))
        engine = ("--engine", "anthropic", "--model", MODEL, "--base-url", self.server.url)
        how = ("--concurrency", str(CONCURRENCY), "--max-cost", str(self.caps[run]), "--yes", "--quiet")
        return [*more, *settings, *engine, *how]

    # the rules

    @initialize(n=st.integers(3, 5), cap=st.sampled_from([LITTLE, 0.02, 0.5]), crash=CRASHES, together=st.booleans())
    def start(self, n: int, cap: float, crash: Crash, together: bool) -> None:
        """By one process, or by two while everything has still to be bought."""
        self.n = n
        self.caps["r"] = cap
        if together:
            self.two_at_once((crash, None))
        else:
            self.resume(crash)

    @rule(crash=CRASHES)
    def resume(self, crash: Crash) -> None:
        self.command("r", *self.job("r", "run", "light.yaml", "--run", "r", "--n", str(self.n)), crash=crash)

    @rule(crash=CRASHES)
    def batch(self, crash: Crash) -> None:
        job = self.job("r", "run", "light.yaml", "--run", "r", "--n", str(self.n), "--batch")
        self.command("r", *job, crash=crash)

    @rule(crashes=st.tuples(CRASHES, CRASHES))
    def two_at_once(self, crashes: tuple[Crash, Crash]) -> None:
        job = self.job("r", "run", "light.yaml", "--run", "r", "--n", str(self.n))
        self.commands("r", [job, job], list(crashes))

    @rule(name=st.sampled_from(["f", "g"]), crash=CRASHES)
    def fork(self, name: str, crash: Crash) -> None:
        """With another seed half of the time; what its base has bought it never buys."""
        if not self.is_run("r"):
            return
        self.caps.setdefault(name, 0.5)
        seed = "0" if name == "f" else "1"
        before, of_base = set(self.keys(name)), set(self.keys("r"))
        job = self.job(name, "run", "r", "--fork", name, "--seed", seed, "--n", str(self.n))
        self.command(name, *job, crash=crash)
        assert not (set(self.keys(name)) - before) & of_base, "a fork bought what its base has"

    @rule(which=st.integers(0, 4), crash=CRASHES)
    def apply(self, which: int, crash: Crash) -> None:
        """A document fails an audit: it is withdrawn, and another is written in its place."""
        texts = self.accepted("r")
        if not texts:
            return
        text = texts[which % len(texts)]
        self.ask_about(text)
        command = ("audit", "leakage", "r", "--questions", "q.txt", "--apply", "--yes", "--quiet")
        if self.command("r", *command, "--base-url", self.server.url, crash=crash) in (0, 1):
            self.withdrawn.setdefault("r", set()).add(text)

    @rule(unfinished=st.booleans(), crash=CRASHES)
    def export(self, unfinished: bool, crash: Crash) -> None:
        if not self.is_run("r"):
            return
        more = ("--accept-unfinished",) if unfinished else ()
        if self.command("r", "export", "r", "--quiet", *more, crash=crash) == 0:
            assert sorted(self.exported("r", "text")) == sorted(self.accepted("r"))
            assert unfinished or len(self.accepted("r")) == self.n

    @rule(hours=st.sampled_from([-2, 2]), name=st.sampled_from(["attempts.jsonl", "corpus.parquet", "*"]))
    def set_clock(self, hours: int, name: str) -> None:
        """As after a copy from a machine with another clock."""
        self.steps.append(f"clock {hours} {name}")
        for path in (self.folder / "output" / "r").glob(name):
            at = path.stat().st_mtime + 3600 * hours
            os.utime(path, (at, at))

    @rule(which=st.integers(0, 4), again=st.booleans(), in_place=st.booleans(), crash=CRASHES)
    def clean_files(self, which: int, again: bool, in_place: bool, crash: Crash) -> None:
        """--apply over files: into a folder of their own, over what an earlier one left, or over themselves."""
        self.number += 1
        texts = self.accepted("r")
        if not texts:
            return
        source = self.folder / f"s{self.number}" / "clean.jsonl"
        earlier = [path for path in self.sources if path.exists()]
        if again and earlier:
            source = earlier[which % len(earlier)]
        else:
            source.parent.mkdir()
            source.write_text("".join(json.dumps({"id": str(i), "text": text}) + "\n" for i, text in enumerate(texts)))
        self.sources[source] = source.read_bytes()
        rows = [json.loads(line) for line in self.sources[source].splitlines()]
        if not rows:
            return
        self.ask_about(rows[which % len(rows)]["text"])
        out = source.parent if in_place else self.folder / f"out-{source.parent.name}"
        command = ("audit", "leakage", str(source), "--context", "light.yaml", "--questions", "q.txt", "--apply")
        code = self.command("none", *command, "--out", str(out), "--quiet", crash=crash)
        if code in (0, 1) and (out / "clean.jsonl").exists():
            kept = [path.read_bytes() for path in (out / "clean.jsonl", out / "removed.jsonl") if path.exists()]
            found = {json.loads(line)["text"] for data in kept for line in data.splitlines()}
            assert {row["text"] for row in rows} <= found

    def ask_about(self, text: str) -> None:
        (self.folder / "q.txt").write_text(" ".join(text.split()[3:40]) + "\n")

    def finish(self) -> None:
        """With a cap that suffices, what is left is written, and nothing of before is bought again."""
        self.caps["r"] = 5.0
        for _ in range(3):
            job = self.job("r", "run", "light.yaml", "--run", "r", "--n", str(self.n), tries=9)
            code = self.command("r", *job, *(["--batch"] if self.has_open_batch("r") else []))
            self.books_balance()
            if code == 0:
                break
        assert code == 0, self.words()
        assert len(self.accepted("r")) == self.n
        assert self.command("r", "export", "r", "--quiet") == 0, self.words()
        assert sorted(self.exported("r", "text")) == sorted(self.accepted("r"))
        self.no_withdrawn_document_is_exported()

    # what must hold

    @invariant()
    def books_balance(self) -> None:
        """What the server billed is in a journal, but for what was in flight at kills; once; and counted at least."""
        keys = [key for run in self.caps for key in self.keys(run)]
        assert all(len(self.keys(run)) == len(set(self.keys(run))) for run in self.caps), "bought twice"
        calls = len(self.server.served) - self.first
        waiting = sum(row.batched for row in self.server.served[self.first :]) if self.has_open_batch(*self.caps) else 0
        assert 0 <= calls - len(keys) <= self.lost + waiting, (calls, len(keys), self.lost, waiting)
        for run, cap in self.caps.items():
            assert self.bill[run] <= cap + 1e-9, (run, self.bill[run], cap)
            journal = self.folder / "output" / run / "llm.jsonl"
            booked = dollars_at_most(journal) if journal.exists() else 0.0
            assert self.bill[run] <= booked + 1e-9, (run, self.bill[run], booked)

    @invariant()
    def journals_only_grow(self) -> None:
        for run in self.caps:
            path = self.folder / "output" / run / "llm.jsonl"
            now = Counter(self.lines(run, "llm.jsonl"))
            assert not self.journals.get(path, Counter()) - now, "a journal has lost lines"
            self.journals[path] = now

    @invariant()
    def no_withdrawn_document_is_exported(self) -> None:
        for run in self.caps:
            accepted = self.accepted(run)
            assert len(accepted) <= self.n
            for form in (self.folder / "output" / run / "export").glob("*"):
                for text in self.exported(run, form.name):
                    assert text in accepted, f"{form} has a document that is not in the corpus"
                    assert text not in self.withdrawn.get(run, ()), f"{form} has a withdrawn document"

    @invariant()
    def sources_stay_as_they_are(self) -> None:
        for path, data in self.sources.items():
            assert path.read_bytes() == data, f"{path} was written over"

    # looking at folders

    def is_run(self, run: str) -> bool:
        return (self.folder / "output" / run / "run.json").exists()

    def lines(self, run: str, name: str) -> list[bytes]:
        """Whole lines: a torn one at the end is what a kill leaves."""
        path = self.folder / "output" / run / name
        return path.read_bytes().split(b"\n")[:-1] if path.exists() else []

    def keys(self, run: str) -> list[str]:
        return [json.loads(line)["key"] for line in self.lines(run, "llm.jsonl")]

    def accepted(self, run: str) -> list[str]:
        attempts: list[dict[str, Any]] = [json.loads(line) for line in self.lines(run, "attempts.jsonl")]
        return [attempt["text"] for attempt in attempts if attempt["verdict"] == "accepted"]

    def exported(self, run: str, form: str) -> list[str]:
        path = self.folder / "output" / run / "export" / form / "train.jsonl"
        return [json.loads(line)["text"] for line in path.read_bytes().splitlines()] if path.exists() else []

    def has_open_batch(self, *runs: str) -> bool:
        from docgen.llm.batch.log import read_batches

        return any(entry.open for run in runs for entry in read_batches(self.folder / "output" / run / "batches.jsonl"))

    def words(self) -> str:
        """What the commands said, for a failure."""
        said = [f"{path.name}: {path.read_text()[-400:]}" for path in sorted(self.folder.glob("*.txt"))]
        return "\n".join([*self.steps, *said[-4:]])


def loopback() -> Loopback:
    """The server that all examples share."""
    return Loopback(Options(latency=0.01, batches=BatchOptions(seconds=0.05)))
