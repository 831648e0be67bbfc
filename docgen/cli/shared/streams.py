"""Standard streams and signals as they really are: closed, in an old encoding, a pipe whose reader is gone.

Everything printed on them goes through `docgen.text.output.secret_redaction`: tables, JSON, warnings and tracebacks.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any, TextIO, cast

from docgen.text.output.sanitize import printable
from docgen.text.output.secret_redaction import (
    json_for_screen,
    redact_secrets,
    remember_secrets,
    screen_text,
    variables_in,
)

__all__ = ["LOOKING", "GuardedStream", "prepare_signals", "prepare_streams", "say", "say_json", "silence"]

LOOKING = frozenset(
    {
        "show",
        "prompt",
        "tail",
        "open",
        "status",
        "runs",
        "context",
        "doctor",
        "estimate",
        "batches",
        "--help",
        "-h",
        "--version",
    }
)
"""Commands that only show something: their reader may close the pipe (`docgen show | head`). Others have more to do."""


class GuardedStream:
    """A text stream that prints no secrets and no terminal control sequences.

    It has no `buffer`, to which click would otherwise write directly. `drawing` is the same for live bars, which move
    the cursor and print docgen's own words only: it hides secrets and lets control sequences pass.
    """

    def __init__(self, inner: TextIO, clean: Callable[[str], str] = screen_text) -> None:
        self._inner, self._clean = inner, clean

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":
            raise AttributeError(name)
        return getattr(self._inner, name)

    def write(self, text: str) -> int:
        """Print it."""
        self._inner.write(self._clean(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Print them."""
        for line in lines:
            self.write(line)

    @property
    def drawing(self) -> "GuardedStream":
        """For live bars."""
        return GuardedStream(self._inner, redact_secrets)


def prepare_streams() -> None:
    """Make sure that nothing printed can end the program, reveal a secret or control the terminal.

    What an encoding cannot represent is escaped. Closed descriptors are opened on the null device, since a journal must
    never become file 1, which others print to.
    """
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(fd)
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - open as long as we run
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    remember_secrets(*variables_in(os.environ))
    sys.stdout, sys.stderr = (cast("TextIO", GuardedStream(stream)) for stream in (sys.stdout, sys.stderr))


def prepare_signals() -> None:
    """SIGTERM (systemd, Slurm, docker stop) and SIGHUP (ssh closed) do what Ctrl-C does, wherever that is handled.

    A signal that is ignored, as under nohup, stays ignored.
    """

    def as_ctrl_c(_number: int, _frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, as_ctrl_c)


def silence() -> None:
    """Discard what is left in buffers: the reader of the pipe is gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nowhere, number)


def say(text: str, *, err: bool = False, fg: str | None = None, bold: bool | None = None) -> None:
    """Print a line for a person; a file name or a server's words in it cannot control the terminal."""
    import typer

    typer.secho(printable(redact_secrets(text)), err=err, fg=fg, bold=bold)


def say_json(document: str) -> None:
    """Print a JSON document for a script: what could control a terminal is escaped, and so not lost."""
    import typer

    typer.echo(json_for_screen(document))
