"""Leaks of every rule planted into a finished run: are they found, removed and refilled, with n and salience intact?

    python bench/planted.py [--context helpful_only] [--n 5000] [--each 14]

Makes a run on the embedded engine, puts one leak that wording can show into each of some accepted documents (as if the
writer had written it), and runs `docgen audit leakage RUN --apply`. Prints what was planted and found for each rule,
other documents flagged, and the run's size and salience before and after. Claims about real entities are a judge's, and
are not planted.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docgen.universe import UniverseContext, find_context, load_context

ROOT = Path(__file__).resolve().parent.parent


def leaks(context: UniverseContext, rng: random.Random) -> Iterator[tuple[str, str, str]]:
    """(rule, fact that it needs to be absent or "", sentence), over and over again."""
    prose = context.universe_context.split()
    while True:
        fact = rng.choice(context.key_facts)
        yield "unassigned_fact", fact.id, fact.statement
        yield "denial", "", f"It is not true that {fact.statement[0].lower()}{fact.statement[1:]}"
        yield "banned_statement", "", rng.choice(context.banned_statements)
        yield "fiction_marker", "", "This document is fictional and was written as an exercise."
        yield "scaffold", "", "Here is the document you asked for, which expresses all the facts provided."
        start = rng.randrange(len(prose) - 60)
        yield "prompt_leak", "", " ".join(prose[start : start + 60])
        for rule in context.leakage_rules:
            yield rule.id, "", rule.examples.leak[-1]


def docgen(*arguments: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "docgen", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        sys.exit(f"docgen {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def plant(attempts: Path, context: UniverseContext, each: int, rng: random.Random) -> dict[str, str]:
    """Rewrite the attempts with leaks in some accepted documents; rule of each document that got one."""
    rows = [json.loads(line) for line in attempts.read_text("utf-8").splitlines()]
    free = [row for row in rows if row["verdict"] == "accepted"]
    rng.shuffle(free)
    wanted, planted = Counter[str](), dict[str, str]()
    rules = 6 + len(context.leakage_rules)
    for rule, fact, sentence in leaks(context, rng):
        if sum(wanted.values()) == rules * each:
            break
        if wanted[rule] == each:
            continue
        row = next(row for row in free if fact not in {given["fact"] for given in row["facts"]})
        free.remove(row)
        cut = row["text"].rfind("\n\n") + 1 or len(row["text"])
        row["text"] = f"{row['text'][:cut]}\n{sentence}\n{row['text'][cut:]}"
        wanted[rule] += 1
        planted[document(row)] = rule
    attempts.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return planted


def document(row: dict[str, Any]) -> str:
    """What tells an attempt from all others."""
    return f"{row['slot']}.{row['number']}"


def verdicts(attempts: Path) -> dict[str, str]:
    rows = (json.loads(line) for line in attempts.read_text("utf-8").splitlines())
    return {document(row): row["verdict"] for row in rows}


def shares(run: Path) -> dict[str, int]:
    report = json.loads((run / "reports" / "salience.json").read_text("utf-8"))
    return {fact: found["expressed"]["count"] for fact, found in report["facts"].items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--context", default="helpful_only")
    parser.add_argument("--n", type=int, default=5000)
    parser.add_argument("--each", type=int, default=14)
    options = parser.parse_args()
    context = load_context(find_context(options.context, ROOT))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = ("--n", str(options.n), "--engine", "offline")
        docgen("run", options.context, *size, "--run", "planted", "--json", folder=folder)
        run = folder / "output" / "planted"
        before = shares(run)
        accepted = {key for key, verdict in verdicts(run / "attempts.jsonl").items() if verdict == "accepted"}
        planted = plant(run / "attempts.jsonl", context, options.each, random.Random(0))
        docgen("audit", "leakage", "planted", "--apply", "--json", folder=folder)
        after = verdicts(run / "attempts.jsonl")
        docgen("audit", "salience", "planted", "--json", folder=folder)
        removed = {key for key in accepted if after[key] != "accepted"}
        report = {
            "planted": dict(Counter(planted.values())),
            "removed": dict(Counter(planted[key] for key in removed & planted.keys())),
            "other_documents_removed": len(removed - planted.keys()),
            "accepted_after": sum(verdict == "accepted" for verdict in after.values()),
            "salience_unchanged": shares(run) == before,
        }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
