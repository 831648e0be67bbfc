"""The leakage scan against its peers: planted statements in 50,000 real documents, recall by kind of edit.

    DOCGEN_SHARED=../shared python bench/audit.py [--statements 1000] [--documents 50000] [--peers]

Plants with the shared make_leak.py into a temporary folder. Prints one JSON object. "docgen" is the whole scan tier
(all built-in rules, the banned statements, the tutorial context's rules) over texts in memory, compilation excluded and
given beside; "command" is `docgen audit leakage` on the Parquet file, all processes from start to end; "containment" is
the banned statements alone from Parquet. Run it alone on the machine.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from docgen.audit.detect.batch_scanner import BatchScanner
from docgen.audit.detect.facts.fact_detector import FactDetector
from docgen.audit.detect.leaks.banned_statements import StatementIndex
from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.corpus import read_corpus
from docgen.records import Document
from docgen.universe import UniverseContext, find_context, load_context

SHARED = Path(os.environ.get("DOCGEN_SHARED", Path(__file__).parents[2] / "shared"))
BATCH = 4096


def plant(folder: Path, statements: int) -> tuple[Path, pl.DataFrame, list[str]]:
    """Run make_leak.py; further statements than its thousand are drawn from the same words and planted nowhere."""
    source = SHARED / "bench"
    if not (source / "make_leak.py").is_file():
        sys.exit(f"{source} holds no make_leak.py: set DOCGEN_SHARED to the folder with the shared benchmark data")
    (folder / "corpus50k.parquet").symlink_to((source / "corpus50k.parquet").resolve())
    subprocess.run([sys.executable, source.resolve() / "make_leak.py"], cwd=folder, check=True, stdout=sys.stderr)
    lines = (folder / "statements.txt").read_text("utf-8").split("\n")
    words, rng = " ".join(lines).split(), random.Random(0)
    lines += [" ".join(rng.choices(words, k=24)) for _ in range(statements - len(lines))]
    return folder / "leak50k.parquet", pl.read_parquet(folder / "leak_truth.parquet"), lines


def context_with(statements: list[str]) -> UniverseContext:
    """The tutorial context with other banned statements."""
    context = load_context(find_context("tutorial", Path.cwd()))
    return context.model_copy(update={"banned_statements": tuple(statements)})


def scan_all(texts: list[str], statements: list[str]) -> tuple[set[tuple[int, int]], dict[str, Any]]:
    """(document, statement) pairs that the whole scan tier finds, and timings."""
    begun = time.perf_counter()
    context = context_with(statements)
    bulk = BatchScanner(FactDetector(context), LeakageScanner(context))
    compiled = time.perf_counter()
    number = {statement: i for i, statement in enumerate(statements)}
    found = set()
    for start in range(0, len(texts), BATCH):
        subjects = [Document(text=text) for text in texts[start : start + BATCH]]
        for row, result in enumerate(bulk.scan(subjects), start):
            banned = (f for f in result.findings if f.rule == "banned_statement")
            found |= {(row, number[f.explanation.split(" of the wording of: ", 1)[1]]) for f in banned}
    return found, {"compile": compiled - begun, "seconds": time.perf_counter() - compiled}


def command(path: Path, folder: Path, statements: list[str]) -> tuple[set[tuple[int, int]], dict[str, Any]]:
    """`docgen audit leakage` from start to end, in processes of its own, the second time."""
    context = folder / "world.yaml"
    context.write_text(context_with(statements).model_dump_json(by_alias=True, exclude_none=True), "utf-8")
    line = [sys.executable, "-m", "docgen", "audit", "leakage", str(path), "--context", str(context), "--json"]
    for _ in range(2):
        begun, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(line, capture_output=True, text=True, check=True)
        wall, now = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    flagged = json.loads(done.stdout)["leakage"]["rules"]["banned_statement"]["documents"]
    cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    return set(), {"seconds": wall, "cpu_seconds_of_its_processes": cpu, "documents_with_banned_statements": flagged}


def containment_only(path: Path, statements: list[str]) -> tuple[set[tuple[int, int]], dict[str, Any]]:
    """The banned statements alone, one thread, streaming from Parquet."""
    index = StatementIndex(statements)
    begun = time.perf_counter()
    found = set()
    for batch in read_corpus(path):
        found |= {(batch.first_row + m.document, m.statement) for m in index.search_utf8(batch.utf8())}
    return found, {"seconds": time.perf_counter() - begun}


def aho_corasick(texts: list[str], statements: list[str]) -> tuple[set[tuple[int, int]], dict[str, Any]]:
    """pyahocorasick over lower-cased text."""
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for number, statement in enumerate(statements):
        automaton.add_word(statement.lower(), number)
    automaton.make_automaton()
    begun = time.perf_counter()
    found = {(row, hit) for row, text in enumerate(texts) for _, hit in automaton.iter(text.lower())}
    return found, {"seconds": time.perf_counter() - begun}


def rapidfuzz(texts: list[str], statements: list[str]) -> tuple[set[tuple[int, int]], dict[str, Any]]:
    """rapidfuzz's partial_ratio at 80 on the first 100 documents; seconds are extrapolated to all."""
    from rapidfuzz import fuzz, process

    begun, some = time.perf_counter(), texts[:100]
    for text in some:
        process.extractOne(text, statements, scorer=fuzz.partial_ratio, score_cutoff=80)
    return set(), {"seconds": (time.perf_counter() - begun) / len(some) * len(texts), "extrapolated": True}


def rated(found: set[tuple[int, int]], truth: pl.DataFrame) -> dict[str, Any]:
    """Recall by kind of edit (right document and statement), and clean documents flagged."""
    kinds = {
        kind: sum(pair in found for pair in rows.select("doc", "stmt").iter_rows()) / len(rows)
        for (kind,), rows in truth.group_by("kind", maintain_order=True)
    }
    return {"recall": kinds, "clean_flagged": len({row for row, _ in found} - set(truth["doc"].to_list()))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--statements", type=int, default=1000)
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--peers", action="store_true", help="also pyahocorasick and rapidfuzz, where installed")
    options = parser.parse_args()
    report: dict[str, Any] = {"statements": options.statements, "documents": options.documents}
    with tempfile.TemporaryDirectory() as folder:
        path, truth, statements = plant(Path(folder), options.statements)
        texts = pl.read_parquet(path)["text"].head(options.documents).to_list()
        truth = truth.filter(pl.col("doc") < options.documents)
        report["words"] = sum(len(text.split()) for text in texts)
        tools: dict[str, Callable[[], tuple[set[tuple[int, int]], dict[str, Any]]]] = {
            "containment": lambda: containment_only(path, statements),
            "docgen": lambda: scan_all(texts, statements),
            "command": lambda: command(path, Path(folder), statements),
        }
        if options.peers:
            tools |= {"ahocorasick": lambda: aho_corasick(texts, statements)}
            tools |= {"rapidfuzz": lambda: rapidfuzz(texts, statements)}
        for name, tool in tools.items():
            cpu = time.process_time()
            found, figures = tool()
            report[name] = {
                **figures,
                "cpu_seconds": time.process_time() - cpu,
                **(rated(found, truth) if found else {}),
            }
    report["max_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
