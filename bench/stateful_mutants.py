"""Whether bench/stateful.py can fail: each of these faults is put into a copy of docgen, and it is run over that.

    python bench/stateful_mutants.py [--examples 40] [--steps 8] [--only NAME,...]

Prints which faults were caught, after how many commands and by what, and exits 1 if any was not.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MUTANTS", "Mutant", "main"]

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Mutant:
    """A fault: in `file`, `old` (which is there once) becomes `new`."""

    name: str
    file: str
    old: str
    new: str

    def changed(self, text: str) -> str:
        """The file with the fault. Raises `ValueError` if it does not hold `old` once any more."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.file} does not hold its text once any more")
        return text.replace(self.old, self.new)


MUTANTS = tuple(
    Mutant(**fields) for fields in tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))["mutant"]
)


def main() -> int:
    """Try every fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=40)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if not options.only or mutant.name in options.only.split(",")]
    missed = [mutant.name for mutant in chosen if not _caught(mutant, options.examples, options.steps)]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} caught; missed: {', '.join(missed) or 'none'}")
    return 1 if missed else 0


def _caught(mutant: Mutant, examples: int, steps: int) -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("docgen", "bench", "tests", "templates", "universe_contexts", "pyproject.toml", "README.md"):
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, Path(scratch) / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, scratch)
        file = Path(scratch) / "docgen" / mutant.file
        file.write_text(mutant.changed(file.read_text("utf-8")), "utf-8")
        command = [sys.executable, "bench/stateful.py", "--examples", str(examples), "--steps", str(steps)]
        environment = os.environ | {"PYTHONPATH": scratch}
        done = subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True, check=False)
        lines = done.stdout.splitlines()
        why = next((line for line in lines if line.startswith("FAILED")), "")
        commands = re.search(r"'commands': (\d+)", lines[-1] if lines else "")
        end = "caught" if done.returncode else "MISSED"
        print(f"| {mutant.name} | {end} | {commands[1] if commands else 0} | {why[:160]} |", flush=True)
        return done.returncode != 0


if __name__ == "__main__":
    sys.exit(main())
