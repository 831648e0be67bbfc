r"""docgen dedupe beside its peers, on the same files, in one run: recall, precision, wrong, left, time, CPU, memory.

    python bench/dedupe.py --rows 10000 50000 --venv ../bench-peers
    python bench/dedupe.py --rows 200000 --only docgen daft

Needs the benchmark data: the folder `bench` of DOCGEN_SHARED, or ../shared beside the checkout. The peers are installed
into the folder that --venv names, not into the project. 200,000 rows are four times the 50,000 with the letters rotated
differently in each, so that nothing resembles across and the exact truth is known. Times are of whole processes.

Recall and precision: of all pairs at Jaccard 0.8 or more. Wrong: removed though no twin reaches 0.7. Left: true pairs
of which both documents stay. A peer's removals are all but the first document of each of its clusters, docgen's are
what it removed.
"""

import argparse
import importlib.util
import os
import string
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("pyarrow", "datasketch==2.0.0", "xxhash", "rensa==0.5.0", "gaoya==0.2.2", "daft==0.7.26", "numpy", "scipy")
ROW_GROUP = 10_000


@dataclass(frozen=True)
class Tool:
    """A peer's driver script and its arguments after input and output."""

    label: str
    script: str = ""
    arguments: tuple[str, ...] = ()


TOOLS = {
    "datasketch": Tool("datasketch 2.0, as its README (9x13)", "b_ds_naive.py"),
    "datasketch-fast": Tool("datasketch, fastest path, 2 processes (25x5)", "b_ds_fast.py", ("25", "5", "2")),
    "rensa": Tool("rensa 0.5, as its README (16x8)", "b_rensa.py", ("readme", "16")),
    "rensa-batch": Tool("rensa batch (32x4)", "b_rensa.py", ("batch", "32")),
    "gaoya": Tool("gaoya 0.2.2 (25x5)", "b_gaoya.py", ("25", "5")),
    "daft": Tool("Daft 0.7.26 native minhash (20x6)", "b_daft.py", ("120", "20", "6")),
    "docgen": Tool("docgen dedupe (20x6, verified)"),
    "docgen-full": Tool("docgen dedupe, writing whole documents"),
}


@dataclass(frozen=True)
class Cost:
    """Of one process: wall and CPU seconds, peak resident MB."""

    wall: float
    cpu: float
    megabytes: float


def main() -> int:
    options = parse()
    shared = find_shared()
    if not (shared / "corpus50k.parquet").exists():
        print(f"No benchmark data in {shared}. Set DOCGEN_SHARED to the folder that holds bench/.", file=sys.stderr)
        return 2
    chosen = options.only or [name for name in TOOLS if name != "docgen-full"]
    python = peer_python(options.venv) if any(TOOLS[name].script for name in chosen) else Path(sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        warm_up(chosen, python, Path(folder), shared)
        for rows in options.rows:
            corpus, truth = prepare(shared, rows, Path(folder))
            print(f"\n{rows:,} documents, {os.cpu_count()} processors\n\n{HEAD}", flush=True)
            for name in chosen:
                print(line(TOOLS[name], run(name, python, shared, corpus, Path(folder)), truth, shared), flush=True)
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[10_000], help="10000, 50000, 200000 or any up to 200000"
    )
    parser.add_argument("--only", nargs="+", choices=list(TOOLS), help="default: all peers and docgen")
    parser.add_argument("--venv", type=Path, default=ROOT.parent / "bench-peers", help="for the peers' packages")
    return parser.parse_args()


def find_shared() -> Path:
    return Path(os.environ.get("DOCGEN_SHARED", ROOT.parent / "shared")) / "bench"


def peer_python(venv: Path) -> Path:
    """The interpreter of the peers' environment, which is made if it is not there."""
    python = venv / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES], check=True)
    return python.absolute()


def warm_up(chosen: Sequence[str], python: Path, folder: Path, shared: Path) -> None:
    """Run each tool once on 500 documents: what is compiled once after an installation is not what is timed here."""
    small = folder / "small.parquet"
    pl.read_parquet(shared / "corpus50k.parquet", n_rows=500).write_parquet(small)
    for name in chosen:
        run(name, python, shared, small, folder)
        cost, _ = run(name, python, shared, small, folder)
        print(f"{TOOLS[name].label}: 500 documents, the second time, in {cost.wall:.2f} s ({cost.cpu:.2f} CPU s)")


def prepare(shared: Path, rows: int, folder: Path) -> tuple[Path, Path]:
    """Corpus and truth of that many rows."""
    source, truth = shared / "corpus50k.parquet", np.load(shared / "gt50k.npz")
    whole = pl.read_parquet(source, columns=["id", "text"])
    if rows == whole.height:
        return source, shared / "gt50k.npz"
    copies = -(-rows // whole.height)
    frames = [rotated(whole, copy) for copy in range(copies)]
    corpus = folder / f"corpus{rows}.parquet"
    pl.concat(frames).head(rows).write_parquet(corpus, compression="zstd", row_group_size=ROW_GROUP)
    shift = np.arange(copies)[:, None] * whole.height
    a, b = (truth["a"][None] + shift).ravel(), (truth["b"][None] + shift).ravel()
    inside = (a < rows) & (b < rows)
    sizes, jaccard = np.tile(truth["L"], copies)[:rows], np.tile(truth["j"], copies)[inside]
    np.savez(folder / f"truth{rows}.npz", a=a[inside], b=b[inside], j=jaccard, L=sizes)
    return corpus, folder / f"truth{rows}.npz"


def rotated(corpus: pl.DataFrame, copy: int) -> pl.DataFrame:
    """Each letter moved 6 * copy places: other words, but the same similarities among them."""
    if copy == 0:
        return corpus
    turn: Callable[[str], str] = lambda letters: letters[6 * copy :] + letters[: 6 * copy]  # noqa: E731
    low, high = string.ascii_lowercase, string.ascii_uppercase
    table = str.maketrans(low + high, turn(low) + turn(high))
    texts = [text.translate(table) for text in corpus["text"]]
    return pl.DataFrame({"id": corpus["id"] + copy * corpus.height, "text": texts})


def docgen_command(corpus: Path, out: Path, name: str) -> list[str]:
    wanted = ["--ids-only", "--pairs"] if name == "docgen" else []
    return [sys.executable, "-m", "docgen", "dedupe", str(corpus), "--out", str(out), *wanted, "--quiet"]


def run(name: str, python: Path, shared: Path, corpus: Path, folder: Path) -> tuple[Cost, Path]:
    """Run one tool in a process of its own; returns its cost and the file with what it found."""
    tool, out = TOOLS[name], folder / f"{name}.npz"
    if tool.script:
        command = [str(python), tool.script, str(corpus), str(out), *tool.arguments]
        return measure(command, shared / "peers"), out
    cost = measure(docgen_command(corpus, folder / name, name), ROOT)
    removed = np.zeros(pl.scan_parquet(corpus).select(pl.len()).collect().item(), bool)
    removed[pl.read_parquet(folder / name / "removed.parquet")["id"].to_numpy()] = True
    found: dict[str, Any] = {"removed": removed}
    if name == "docgen":
        pairs = pl.read_parquet(folder / name / "pairs.parquet")
        found |= {"a": pairs["a"].to_numpy(), "b": pairs["b"].to_numpy()}
    np.savez(out, **found)
    return cost, out


def measure(command: Sequence[str], folder: Path) -> Cost:
    """Run a command to its end; raises if it fails. Memory is that of its largest process."""
    # Polars, imported here, leaves settings of its allocator in the environment, which no tool should inherit.
    # Bytecode is kept, as it is by default, so that no tool's start is that of an installation's first day.
    left_out = ("_RJEM_MALLOC_CONF", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    launcher = [sys.executable, "-c", LAUNCHER, *command]
    done = subprocess.run(launcher, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    wall, cpu, kilobytes = map(float, done.stdout.split())
    return Cost(wall, cpu, kilobytes / 1024)


LAUNCHER = """
import resource, subprocess, sys, time
begun = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
wall, used = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
print(wall, used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(code)
"""
"""A small process in between: Linux counts the memory of the process that forks as the child's peak."""

COLUMNS = ("tool", "wall s", "CPU s", "RSS MB", "recall", "precision", "wrong", "left")
HEAD = f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}"


def line(tool: Tool, done: tuple[Cost, Path], truth: Path, shared: Path) -> str:
    cost, out = done
    spec = importlib.util.spec_from_file_location("evaluate", shared / "evaluate.py")
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{shared}/evaluate.py cannot be loaded")
    evaluate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(evaluate)
    score = evaluate.main(str(truth), str(out))
    shown = [f"{score[name]:.4f}" if name in score else "-" for name in ("pair_recall", "pair_prec")]
    counts = f"{score['wrong_removed(maxJ<.7)']:,} | {score['leak_pairs']:,}"
    return (
        f"| {tool.label} | {cost.wall:.1f} | {cost.cpu:.1f} | {cost.megabytes:,.0f} | {' | '.join(shown)} | {counts} |"
    )


if __name__ == "__main__":
    raise SystemExit(main())
