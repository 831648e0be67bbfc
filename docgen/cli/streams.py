"""Standard streams that may be closed, in an old encoding, or a pipe whose reader has left; and signals."""

import os
import signal
import sys
from types import FrameType

__all__ = ["LOOKING", "prepare_signals", "prepare_streams", "silence"]

LOOKING = frozenset({"show", "status", "runs", "context", "doctor", "estimate", "batches", "--help", "-h", "--version"})
"""Commands that only show something: their reader may leave (`docgen show | head`). Others have more to do."""


def prepare_streams() -> None:
    """Keep printing from ending the program: characters that an encoding lacks are escaped.

    Closed descriptors are opened on the null device, for a journal must never become file 1, which others print to.
    """
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(fd)
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - open as long as we run
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def prepare_signals() -> None:
    """SIGTERM (systemd, Slurm, docker stop) and SIGHUP (ssh closed) do what Ctrl-C does, wherever it is dealt with.

    A signal that is ignored, as under nohup, stays so.
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
