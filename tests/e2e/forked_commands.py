"""Processes of the real command that start at once: forked from one that has imported everything and started nothing.

A kill -9 hits a forked process as it hits any other; only the seconds of importing are saved.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from functools import partial
from importlib import import_module
from pathlib import Path
from runpy import run_path
from typing import Any

from tests.stateful.crashes import inject, quick_batches, quick_retries

__all__ = ["Child", "CommandForker"]

ROOT = Path(__file__).parents[2]
WRITE_ANEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


class Child:
    """One forked command; like `subprocess.Popen` as far as tests need it."""

    def __init__(self, forker: "CommandForker", pid: int, errors: Path) -> None:
        self._forker, self.pid, self._errors = forker, pid, errors
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        if self.returncode is None:
            self.returncode = self._forker.ask({"poll": self.pid})
        return self.returncode

    def wait(self, timeout: float) -> int:
        """The exit code, once there is one."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() >= deadline:
                raise subprocess.TimeoutExpired("docgen", timeout)
            time.sleep(0.005)
        return code

    def send_signal(self, number: int) -> None:
        """Signal it, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)
        self.wait(10)

    def communicate(self, timeout: float = 60) -> tuple[str, str]:
        """Wait for its end; what it wrote to standard error."""
        self.wait(timeout)
        return "", self._errors.read_text("utf-8") if self._errors.exists() else ""


class CommandForker:
    """The process that forks; a context manager."""

    def __enter__(self) -> "CommandForker":
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.forked_commands"],
            cwd=ROOT, env=clean, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.ask({"ready": True})
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)

    def start(
        self,
        arguments: list[str],
        folder: Path,
        crash: tuple[str, int, float] | None = None,
        errors: Path | None = None,
        module: str = "docgen.__main__",
        out: Path | None = None,
    ) -> Child:
        """`docgen ARGUMENTS` in `folder`; `crash`: killed by itself, see `tests.stateful.crashes.inject`.

        What it prints goes to the file `errors`, standard output to `out` if that is given. Another `module` is started
        by its `main`; one that ends in .py is a script.
        """
        errors = errors or folder / "stderr.txt"
        order: dict[str, object] = {
            "start": arguments,
            "folder": str(folder),
            "errors": str(errors),
            "crash": crash,
            "module": module,
            "out": str(out or errors),
        }
        pid = self.ask(order)
        assert pid is not None
        return Child(self, pid, errors)

    def ask(self, order: dict[str, object]) -> int | None:
        """Give an order, get a number or nothing."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: int | None = json.loads(self._process.stdout.readline())
        return answer


def serve() -> None:
    """Take orders until there are no more."""
    for line in sys.stdin:
        order = json.loads(line)
        if "start" in order:
            answer: int | None = os.fork() or _become(order)
        elif "poll" in order:
            pid, status = os.waitpid(order["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = threading.active_count()
        print(json.dumps(answer), flush=True)


def _become(order: dict[str, Any]) -> int:
    """Be the command, in the child; never returns."""
    module = order["module"]
    main = partial(run_path, module, run_name="__main__") if module.endswith(".py") else import_module(module).main
    os.chdir(order["folder"])
    streams = {path: os.open(path, WRITE_ANEW, 0o644) for path in (order["out"], order["errors"])}
    os.dup2(streams[order["out"]], 1)
    os.dup2(streams[order["errors"]], 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["docgen", *order["start"]]
    if order["crash"]:
        inject(*order["crash"])
    code = 70
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _import_everything() -> None:
    """What a start of the command spends its first seconds on."""
    import docgen.cli.shared.cost_consent
    import docgen.llm.providers.anthropic
    from docgen.audit.detect.rule_scanner import LeakageScanner
    from docgen.dedupe.index import NearDuplicateIndex
    from docgen.prompts.style_pools import style_pools
    from tests.worlds import lighthouse

    quick_batches()
    quick_retries()
    style_pools(0)
    NearDuplicateIndex(threshold=0.8, ngram=5).check_and_add([1], ["a text to compile the kernel with"])
    LeakageScanner(lighthouse()).scan("A text.", frozenset(), ())
    for module in (docgen.cli.shared.cost_consent, docgen.llm.providers.anthropic):
        assert module


if __name__ == "__main__":
    _import_everything()
    serve()
