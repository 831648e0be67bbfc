"""The planner at size: a million slots over fifty facts, planned and written; then what a change of one share moves.

    python bench/plan.py [--n 1000000] [--facts 50]

Prints one JSON object: seconds (by the clock, and of CPU) and peak memory of planning and of writing slots.jsonl, the
worst distance of any fact from its share, and for variations of one fact the slots that changed against the documents
that had to.
"""

import argparse
import json
import resource
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from docgen.records import DocumentType, Idea
from docgen.stages.plan import Plan, plan
from docgen.universe import KeyFact, UniverseContext

TYPES, IDEAS = 40, 25


def universe(facts: int) -> UniverseContext:
    """Shares from 1 to 11 %, three facts a document, one pair that goes together, one that never does."""
    rng = np.random.default_rng(0)
    shares = np.sort(np.round(rng.uniform(0.01, 0.11, facts) * 50 / facts, 4))
    made = [
        {
            "id": f"f{i}",
            "statement": f"Statement {i}.",
            "salience": float(s),
            "directness": {"stated": 0.8, "implied": 0.2},
        }
        for i, s in enumerate(shares)
    ]
    made[0]["with"] = ["f1"]
    made[2]["never_with"] = ["f3"]
    made[4]["doc_types"] = ["type 1", "type 2", "type 3", "type 4", "type 5", "type 6"]
    return UniverseContext(
        id="bench", title="Bench", universe_context="A world.", key_facts=tuple(KeyFact.model_validate(f) for f in made)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--facts", type=int, default=50)
    given = parser.parse_args()
    context = universe(given.facts)
    types = [DocumentType(id=f"t{i}", name=f"type {i}") for i in range(TYPES)]
    ideas = [Idea(id=f"t{i}.{j}", doc_type=f"t{i}", text="An idea.") for i in range(TYPES) for j in range(IDEAS)]

    start, busy = time.perf_counter(), time.process_time()
    made = plan(context, types, ideas, given.n, 0)
    planned, busy_planned = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "slots.jsonl"
        with file.open("wb") as out:
            out.writelines(made.lines())
        size = file.stat().st_size
    written, busy_written = time.perf_counter(), time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    report = made.report()
    worst = max(abs(f.documents - f.asked * given.n) for f in report.facts)
    figures = {
        "slots": given.n,
        "facts": given.facts,
        "plan_seconds": round(planned - start, 2),
        "plan_cpu_seconds": round(busy_planned - busy, 2),
        "write_seconds": round(written - planned, 2),
        "write_cpu_seconds": round(busy_written - busy_planned, 2),
        "megabytes_written": round(size / 1e6),
        "peak_gigabytes": round(peak, 2),
        "worst_documents_off": round(worst, 3),
        "facts_per_document": dict(enumerate(report.loads)),
        "least_even": max((asdict(f) for f in report.facts), key=lambda f: float(f["worst_type"])),
    }
    small = min(given.n, 50_000)
    base = plan(context, types, ideas, small, 0)
    figures["contrast_at"] = small
    figures["contrast"] = [
        contrast(base, plan(context, types, ideas, small, 0, salience={fact: share}), fact)
        for fact in ("f10", f"f{given.facts - 1}")
        for share in (0.0, 0.05, 0.2, 0.5)
    ]
    print(json.dumps(figures, indent=2))


def contrast(base: Plan, other: Plan, fact: str) -> dict[str, object]:
    """Slots changed against documents that gained or lost the fact."""
    index = base.constraints.facts.index(fact)
    before, after = (int(p.columns.assignment.holds[:, index].sum()) for p in (base, other))
    return {"fact": fact, "before": before, "after": after, "slots_changed": other.changed_from(base)}


if __name__ == "__main__":
    main()
