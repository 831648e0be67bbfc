"""Commands for bench/fuzz.py, started at once: each forked from a process that has imported everything before.

What an interpreter does before a command, some environments break too: those are started as a process of their own.
"""

import gc
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import docgen

__all__ = ["Done", "Forkers", "in_a_process"]

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Done:
    """How a command ended. `code` None: it was stopped after its time."""

    code: int | None
    output: str
    cpu: float = 0.0


def in_a_process(arguments: list[str], folder: Path, environment: dict[str, str], seconds: float) -> Done:
    """`docgen ARGUMENTS` as a process of its own."""
    command = [sys.executable, "-m", "docgen", *arguments]
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return Done(None, "")
    return Done(done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace"))


@dataclass
class Forkers:
    """So many processes that fork commands, `preload` loaded before their libraries; a context manager."""

    jobs: int
    environment: dict[str, str]
    preload: Path | None = None
    _free: "SimpleQueue[subprocess.Popen[str]]" = field(default_factory=SimpleQueue)
    _all: "list[subprocess.Popen[str]]" = field(default_factory=list)

    def __enter__(self) -> "Forkers":
        library = {"LD_PRELOAD": str(self.preload)} if self.preload else {}
        for _ in range(self.jobs):
            process = subprocess.Popen(
                [sys.executable, "-m", "bench.fuzz_commands"],
                cwd=ROOT, env=self.environment | library, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
            self._all.append(process)
            self._free.put(process)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._all:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)

    def __call__(self, arguments: list[str], folder: Path, environment: dict[str, str], seconds: float) -> Done:
        """`docgen ARGUMENTS` in `folder`; waits for its end."""
        process = self._free.get()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            order = {"arguments": arguments, "folder": str(folder), "environment": environment, "seconds": seconds}
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            return Done(answer["code"], answer["output"], answer["cpu"])
        finally:
            self._free.put(process)


def serve() -> None:
    """Take orders until there are no more."""
    for line in sys.stdin:
        print(json.dumps(carry_out(json.loads(line))), flush=True)


def carry_out(order: dict[str, Any]) -> dict[str, Any]:
    """Fork a command and wait for it."""
    with tempfile.TemporaryFile() as shown:
        pid = os.fork()
        if not pid:
            become(order, shown.fileno())
        deadline, code = time.monotonic() + order["seconds"], None
        while True:
            ended, status, used = os.wait4(pid, os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
                break
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                break
            time.sleep(0.005)
        shown.seek(0)
        return {"code": code, "output": shown.read().decode("utf-8", "replace"), "cpu": used.ru_utime + used.ru_stime}


def become(order: dict[str, Any], out: int) -> None:
    """Be the command, in the child; never returns."""
    from docgen.__main__ import main

    code = 1
    try:
        os.chdir(order["folder"])
        for descriptor in (1, 2):
            os.dup2(out, descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.clear()
        os.environ.update(order["environment"])
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.argv = ["docgen", *order["arguments"]]
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        os.environ.pop("FUZZ_FAULT", None)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def prepare() -> None:
    """Import what commands import, and wait for no retry longer than a moment."""
    from docgen.llm.ratelimit import control, retry
    from tests.e2e import forked_commands

    retry.FAULT_BACKOFF = retry.BUSY_BACKOFF = (0.001, 0.005)
    control.BUSY_SECONDS = 2.0  # a server that is busy for good stops a run after five minutes
    forked_commands._import_everything()
    for module in pkgutil.walk_packages(docgen.__path__, "docgen."):
        if not module.name.endswith("__main__"):
            with suppress(ImportError):  # what needs an extra
                importlib.import_module(module.name)
    for name in (
        "polars",
        "pyarrow",
        "scipy.optimize",
        "jinja2",
        "sqlite3",
        "rich.table",
        "anthropic",
        "aiohttp",
        "yaml",
    ):
        with suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()


if __name__ == "__main__":
    prepare()
    serve()
