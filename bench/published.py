"""A published corpus end to end, as a session: python bench/published.py NAME CONTEXT CORPUS FACT=SHARE,...

CONTEXT is a universe context of another tool, CORPUS its documents. Every command that works on documents from
elsewhere is called in an empty folder; commands and what they print go to standard output, as in docs/published.md.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

COMMANDS = """
import context context.yaml --name {name}
context check {name}
import documents corpus.jsonl --context {name} --run theirs
status theirs
show theirs --sample 2
audit all theirs
dedupe theirs
select theirs --n 20 --salience {salience} --context {name} --out chosen.jsonl
doses theirs --sizes 10,20,40 --out doses
export theirs --format trl --doctag --validation 0.1
export theirs --plan
view theirs --export site --licence MIT
"""


def main(name: str, context: Path, corpus: Path, salience: str) -> int:
    environment = os.environ | {"COLUMNS": "80", "PYTHONPATH": str(Path(__file__).parents[1])}
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(context, Path(folder, "context.yaml"))
        shutil.copy(corpus, Path(folder, "corpus.jsonl"))
        for line in COMMANDS.format(name=name, salience=salience).strip().splitlines():
            command = [sys.executable, "-m", "docgen", *shlex.split(line)]
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            failed += done.returncode != 0
            print(f"$ docgen {line}\n{done.stdout}{done.stderr if done.returncode else ''}", flush=True)
    print(f"{failed} commands failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]))
