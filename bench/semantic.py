"""What the semantic stage of dedupe sees, and what it costs.

    python bench/semantic.py                    # needs docgen[embeddings]; the shared data by DOCGEN_SHARED
    python bench/semantic.py --documents 200

1. Sentences: wordings of one fact in the shipped contexts (statement and paraphrases) against wordings of two facts.
2. Documents: 50 documents with disclaimers written around them against the same 50 without; all others are of the same
   universe and type, and say something else. Their shingles' Jaccard is 0.3 to 0.7: the word stage at 0.8 sees none.
3. Documents a second, of the benchmark's length; pairs a second.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from docgen.corpus import read_corpus
from docgen.embedding.document_vectors import document_vectors, unit_rows
from docgen.embedding.embedder import Embedder, open_embedder
from docgen.embedding.neighbours import near_pairs
from docgen.universe import list_contexts, load_context

SHARED = Path(os.environ.get("DOCGEN_SHARED", Path(__file__).parents[2] / "shared"))
CUTS = (0.6, 0.7, 0.8, 0.85, 0.9, 0.95)

Floats = npt.NDArray[np.float32]


def table(name: str, rows: Floats, same: npt.NDArray[np.int64]) -> None:
    """Of the pairs that mean the same, the share proposed; of those proposed, how many do not."""
    wanted = [(i, j) for i, j in zip(*np.triu_indices(len(rows), 1), strict=True) if same[i] == same[j]]
    print(f"\n## {name}: {len(rows)} texts, {len(wanted)} pairs that mean the same")
    print("| cosine | of them proposed | proposed besides |\n| --- | --- | --- |")
    for cut in CUTS:
        found = near_pairs(rows, cut).rows
        right = sum(int(same[a] == same[b]) for a, b in found)
        print(f"| {cut} | {right / len(wanted):.0%} | {len(found) - right} |")


def sentences(embedder: Embedder) -> None:
    for entry in list_contexts(Path("/nowhere")):
        context = load_context(entry.path)
        wordings = [(n, text) for n, f in enumerate(context.key_facts) for text in (f.statement, *f.paraphrases)]
        rows = embedder.encode([text for _, text in wordings])
        table(f"wordings of facts, {entry.name}", rows, np.array([number for number, _ in wordings]))


def documents(embedder: Embedder) -> None:
    for folder in sorted((SHARED / "sdf").glob("*")):
        both = [list(_texts(folder / name)) for name in ("positive.jsonl", "denied_around.jsonl")]
        if len(both[0]) != len(both[1]):
            raise SystemExit(f"{folder}: the files do not go together")
        order = np.concatenate([np.arange(len(both[0])), _matched(*both)])
        table(f"documents, {folder.name}", document_vectors(embedder, both[0] + both[1]), order)


def _texts(path: Path) -> Iterator[str]:
    for line in path.read_text("utf-8").splitlines():
        yield json.loads(line)["text"]


def _matched(plain: list[str], wrapped: list[str]) -> npt.NDArray[np.int64]:
    """For each wrapped document the plain one that it shares most words in a row with."""
    sets = [{tuple(words[i : i + 5]) for i in range(len(words))} for words in (text.split() for text in plain)]
    others = [{tuple(words[i : i + 5]) for i in range(len(words))} for words in (text.split() for text in wrapped)]
    return np.array([max(range(len(sets)), key=lambda i: len(sets[i] & other)) for other in others])


def speed(embedder: Embedder, many: int) -> None:
    texts = next(iter(read_corpus(SHARED / "bench" / "corpus50k.parquet", batch_rows=many))).texts
    words = sum(len(text.split()) for text in texts) / many
    clock, cpu = time.perf_counter(), time.process_time()
    rows = document_vectors(embedder, texts)
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    print(f"\n{many} documents of {words:.0f} words: {many / clock:.2f} a second, {cpu / many:.2f} s of CPU each")
    n = 20_000
    rows = unit_rows(np.random.default_rng(0).normal(size=(n, rows.shape[1])).astype(np.float32))
    clock, cpu = time.perf_counter(), time.process_time()
    near_pairs(rows, 0.9)
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    print(f"{n:,} vectors against each other: {clock:.1f} s ({cpu:.1f} s of CPU); 200,000: 100 times that")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--documents", type=int, default=60)
    many = options.parse_args().documents
    embedder = open_embedder()
    sentences(embedder)
    if not SHARED.exists():
        raise SystemExit(f"no shared data at {SHARED}: set DOCGEN_SHARED")
    documents(embedder)
    speed(embedder, many)


if __name__ == "__main__":
    main()
