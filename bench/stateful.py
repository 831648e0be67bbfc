"""Many and long orders of commands over run folders, killed anywhere; see tests/stateful/machine.py for what must hold.

    python bench/stateful.py [--examples 200] [--steps 12] [--seed 1] [--show]

Exits 1 at the first violation, printed with the commands that led to it. When a process dies depends on timing,
so a failing example is not shrunk.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from traceback import extract_tb

sys.path.insert(0, str(Path(__file__).parents[1]))

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from bench.machine import machine
from tests.e2e.forked_commands import CommandForker
from tests.stateful.machine import RunFolders, loopback

__all__ = ["main"]

MACHINE = "tests/stateful/machine.py"


def main() -> int:
    """Run the examples; print what was done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print every command")
    options = parser.parse_args()
    print(machine("hypothesis", "polars"), flush=True)
    many = settings(
        max_examples=options.examples, stateful_step_count=options.steps, deadline=None, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
    )  # fmt: skip
    ends: Counter[str] = Counter()
    begun = time.monotonic()

    class Counted(list[list[str]]):
        """Examples as they finish: counted and, if asked, printed."""

        def append(self, steps: list[str]) -> None:
            ends.update({"examples": 1, "commands": sum("->" in step for step in steps)})
            ends["killed"] += sum("-9" in step.rpartition("->")[2] for step in steps)
            if options.show:
                print("\n".join(steps), flush=True)
            if ends["examples"] % 20 == 0:
                print(f"{dict(ends)} after {time.monotonic() - begun:.0f} s", flush=True)

    with CommandForker() as forker, loopback() as server:
        RunFolders.forker, RunFolders.server, RunFolders.finished = forker, server, Counted()
        failed = False
        try:
            run_state_machine_as_test(seed(options.seed)(RunFolders), settings=many)
        except Exception as error:
            failed = True
            frames = reversed(extract_tb(error.__traceback__))
            check = next((frame.name for frame in frames if MACHINE in frame.filename), "")
            words = str(error).splitlines()
            print("".join(getattr(error, "__notes__", [])), f"\n{error}\nFAILED {check}: {words[-1][:150]}", flush=True)
        billed = len(server.served)
    print(f"{dict(ends)}, {billed} replies billed, {time.monotonic() - begun:.0f} s:", "FAILED" if failed else "holds")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
