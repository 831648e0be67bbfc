"""What the embedding shortlist saves: the share of labelled documents to be judged to catch 95 % of what breaks a rule.

    python bench/shortlist.py                     # the shared labelled documents (DOCGEN_SHARED)
    python bench/shortlist.py --gold my_gold.jsonl --context my_context.yaml

Facts count as positives where they are stated or contradicted; `implied` is neutral, as in calibration. Beside each
subject alone: what a shortlist of a given share of the documents catches of all labelled leaks, and what as many random
documents would. Leaks are rarer in a corpus than here, so each leaking document is also looked for among the clean ones
only. "by definition" compares with the rules' definitions alone.
"""

import argparse
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path

import numpy as np
import numpy.typing as npt

from docgen.audit.detect.facts.fact_detector import FactDetector
from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.audit.measure.calibration import GoldDocument, read_gold
from docgen.audit.rules.leakage_rule import Rule, rule_key
from docgen.audit.shortlist.nearest import Nearness, Query, nearest, queries_of
from docgen.embedding.embedder import open_embedder
from docgen.records import Document
from docgen.universe import load_context

SHARED = Path(os.environ.get("DOCGEN_SHARED", Path(__file__).parents[2] / "shared"))
RECALL = 0.95
SHARES = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


def labels(gold: Sequence[GoldDocument], query: Query) -> tuple[Flags, Flags]:
    """(positive, counted) by document."""
    if query.fact is None:
        key = rule_key(query.rule)
        positive = np.array([any(rule_key(leak.rule) == key for leak in one.leaks) for one in gold])
        return positive, np.ones(len(gold), bool)
    said = np.array([one.facts.get(query.fact, "absent") for one in gold])
    return (said == "stated") | (said == "contradicted"), said != "implied"


def share_needed(score: Floats, positive: Flags) -> float:
    """Share of the documents with a score as high as that of the last positive needed."""
    high = np.sort(score[positive])[::-1]
    return float((score >= high[ceil(RECALL * len(high)) - 1]).mean())


def ranking(score: Floats, positive: Flags) -> float:
    """Chance that a positive lies above a negative (area under the ROC curve); 0.5 is chance."""
    above = score[positive][:, None] - score[~positive][None]
    return float(((above > 0) + 0.5 * (above == 0)).mean())


def subjects_table(gold: Sequence[GoldDocument], queries: Sequence[Query], score: Floats) -> None:
    shares = {"rule": [], "fact": []}  # type: dict[str, list[float]]
    print(f"\n| subject | positives | AUC | judge for {RECALL:.0%} | random |\n| --- | --- | --- | --- | --- |")
    for number, query in enumerate(queries):
        positive, counted = labels(gold, query)
        if not positive.any():
            continue
        own, here = score[counted, number], positive[counted]
        share = share_needed(own, here)
        shares["fact" if query.fact else "rule"].append(share)
        print(f"| {query.about} | {here.sum()} | {ranking(own, here):.2f} | {share:.0%} | {RECALL:.0%} |")
    for kind, found in shares.items():
        if found:
            print(f"mean over {len(found)} {kind}s: {np.mean(found):.0%}")


def together_table(gold: Sequence[GoldDocument], queries: Sequence[Query], score: Floats, suspects: Flags) -> None:
    """What the documents listed for all rules together hold of all labelled leaks."""
    columns = [number for number, query in enumerate(queries) if query.fact is None]
    leaks = np.stack([labels(gold, queries[number])[0] for number in columns], axis=1)
    print(f"\n{leaks.sum()} leaks in {leaks.any(axis=1).sum()} of {len(gold)} documents")
    held = leaks[suspects].sum() / leaks.sum()
    print(f"scan tier alone: {suspects.mean():.0%} of the documents are suspects, with {held:.0%} of the leaks")
    print("| documents listed | leaks in them | with the scan tier's suspects | leaks in those | as many at random |")
    print("| --- | --- | --- | --- | --- |")
    for share in SHARES:
        rows, _ = nearest(score[:, columns], share)
        both = suspects.copy()
        both[rows] = True
        parts = (share, leaks[rows].sum() / leaks.sum(), both.mean(), leaks[both].sum() / leaks.sum(), both.mean())
        print("| " + " | ".join(f"{part:.0%}" for part in parts) + " |")


def rare_table(gold: Sequence[GoldDocument], queries: Sequence[Query], score: Floats) -> None:
    """Leaks are rare in a corpus: each leaking document alone among those that break no rule."""
    columns = [number for number, query in enumerate(queries) if query.fact is None]
    leaking = np.array([bool(one.leaks) for one in gold])
    clean, needed = np.flatnonzero(~leaking), []
    for row in np.flatnonzero(leaking).tolist():
        among = score[np.array([row, *clean])][:, columns]
        sizes = range(1, len(among) + 1)
        needed.append(next(k for k in sizes if 0 in nearest(among, k / len(among))[0]) / len(among))
    print(f"\none leaking document among {len(clean)} clean ones, {len(needed)} times:")
    for caught in (0.5, 0.8, RECALL):
        print(f"  {caught:.0%} are among the nearest {np.quantile(needed, caught, method='higher'):.0%}")


def scanned(gold: Sequence[GoldDocument], scanner: LeakageScanner, detector: FactDetector) -> Flags:
    found = [scanner.scan(one.text, None, detector.detect(one.text), one.doc_type) for one in gold]
    return np.array([bool(findings) for findings in found])


def by_definition(queries: Sequence[Query], rules: Sequence[Rule]) -> list[Query]:
    text = {rule.id: rule.description for rule in rules}
    return [replace(query, texts=(text[query.rule],)) if query.fact is None else query for query in queries]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--gold", type=Path, default=SHARED / "gold" / "dev.jsonl")
    options.add_argument("--context", type=Path, default=SHARED / "gold" / "context.yaml")
    given = options.parse_args()
    if not given.gold.exists():
        raise SystemExit(f"no labelled documents at {given.gold}: set DOCGEN_SHARED, or give --gold and --context")
    gold, context = read_gold(given.gold), load_context(given.context)
    scanner = LeakageScanner(context)
    subjects, embedder = [Document(text=one.text, id=one.id) for one in gold], open_embedder()
    suspects = scanned(gold, scanner, FactDetector(context))
    shipped = queries_of(context, scanner.rules)
    for name, queries in (("as shipped", shipped), ("by definition", by_definition(shipped, scanner.rules))):
        start = time.process_time()
        score = Nearness(embedder, queries).score(subjects).score
        print(f"\n## {name}: {len(gold)} documents, {time.process_time() - start:.0f} s of CPU")
        subjects_table(gold, queries, score)
        together_table(gold, queries, score, suspects)
        rare_table(gold, queries, score)


if __name__ == "__main__":
    main()
