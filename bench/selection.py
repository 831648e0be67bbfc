"""Selection at size: documents that meet all targets together out of a million, and nested doses of them.

    python bench/selection.py [--documents 1000000] [--n 10000]

Prints one JSON object for 10 targeted facts and for 50, three to a document: seconds, whether the targets were met, the
worst distance from a target in documents.
"""

import argparse
import json
import time

import numpy as np

from docgen.planning.select.subset_selection import nested_subsets, select_subset


def measure(documents: int, facts: int, n: int) -> dict[str, object]:
    rng = np.random.default_rng(0)
    shares = rng.uniform(0.2, 1.8, facts) * 3 / facts
    holds = (rng.random((documents, facts)) < shares).astype(np.uint8)
    targets = shares * rng.uniform(0.3, 1.7, facts)
    targets[0] = 0
    start, busy = time.perf_counter(), time.process_time()
    made = select_subset(holds, targets, n, key=0)
    chosen, busy_chosen = time.perf_counter(), time.process_time()
    sizes = (n // 20, n // 5, n)
    nested = nested_subsets(holds, holds.mean(axis=0), sizes, key=0)
    ended = time.perf_counter()
    return {
        "documents": documents,
        "facts": facts,
        "n": n,
        "sets_of_facts": len(np.unique(np.packbits(holds, axis=1), axis=0)),
        "select_seconds": round(chosen - start, 2),
        "select_cpu_seconds": round(busy_chosen - busy, 2),
        "met": made.met,
        "worst_documents_off": round(float(np.abs(made.counts - targets * n).max()), 3),
        "doses": sizes,
        "doses_seconds": round(ended - chosen, 2),
        "doses_met": [dose.met for dose in nested],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--n", type=int, default=10_000)
    given = parser.parse_args()
    print(json.dumps([measure(given.documents, facts, given.n) for facts in (10, 50)], indent=2))


if __name__ == "__main__":
    main()
