"""A process that kills itself at a write or a rename, as a power cut or kill -9 would at the worst moment."""

import os
import signal
from pathlib import Path
from typing import Any

__all__ = ["inject", "quick_batches", "quick_retries"]


def inject(call: str, number: int, share: float) -> None:
    """At the `number`-th write or rename below the current folder: do `share` of it, and be gone.

    Of a write that share of its bytes is written; a rename is done if `share` is more than a half.
    """
    here, uses = str(Path.cwd()), 0

    def is_time() -> bool:
        nonlocal uses
        uses += 1
        return uses == number

    real_write, real_replace, real_unlink = os.write, Path.replace, Path.unlink

    def write(fd: int, data: Any) -> int:
        if fd > 2 and str(Path(f"/proc/self/fd/{fd}").readlink()).startswith(here) and is_time():
            real_write(fd, bytes(data)[: int(len(data) * share)])
            os.kill(os.getpid(), signal.SIGKILL)
        return real_write(fd, data)

    def replace(self: Path, target: Any) -> Path:
        if is_time():
            if share > 0.5:
                real_replace(self, target)
            os.kill(os.getpid(), signal.SIGKILL)
        return real_replace(self, target)

    def unlink(self: Path, missing_ok: bool = False) -> None:
        if is_time():
            if share > 0.5:
                real_unlink(self, missing_ok)
            os.kill(os.getpid(), signal.SIGKILL)
        real_unlink(self, missing_ok)

    if call == "write":
        os.write = write
    else:
        Path.replace, Path.unlink = replace, unlink  # type: ignore[method-assign, assignment]


def quick_batches() -> None:
    """Batches are looked at every few milliseconds instead of every few seconds."""
    from docgen.llm import engine
    from docgen.llm.batch.log import BatchPlan
    from docgen.pipeline.execution import batches

    quick, original = BatchPlan(poll=(0.02, 0.05), looks=(0.02, 0.05)), engine._open_batch_runner
    engine._open_batch_runner = lambda api, sync, budget, plan: original(api, sync, budget, quick)
    batches.POLL_SECONDS = 0.02  # type: ignore[attr-defined]


def quick_retries() -> None:
    """Failed calls are repeated after hundredths of a second instead of half a second and more."""
    from docgen.llm.ratelimit import retry

    retry.FAULT_BACKOFF, retry.BUSY_BACKOFF = (0.01, 0.1), (0.01, 0.1)
