"""Deduplication as a map over partitions, for clusters: the same kernel and, document by document, the same decision.

0. each file is divided into partitions;
1. map: each partition is sketched; (band hash, row) goes to the bucket of its hash range, content hashes to the driver;
2. reduce: each bucket is sorted; rows of one hash are linked in a chain, so edges grow with rows rather than pairs;
3. driver: linked rows form components, components are packed into bins of at most `bin_words` shingles;
4. map: each partition sends the shingle sets of its linked rows to their bins;
5. decide: each bin is decided as in a local run, in order of precedence. Documents of different components share no
   band, so deciding components separately gives the same result as deciding them together.

`docgen.parallel.executors` determines where tasks run.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from docgen.corpus import corpus_files
from docgen.corpus.partitions import cut_file, join_partitions, merge_partitions
from docgen.dedupe.distributed.tasks import (
    PartitionSketch,
    Plan,
    decide_bin,
    link_bucket,
    sets_of_partition,
    sketch_partition,
)
from docgen.dedupe.sketch.parameters import Scheme
from docgen.dedupe.two_pass import CorpusSketches, Decision, first_of_same, with_copies
from docgen.parallel.executors import Executor

__all__ = ["Partitioned"]

Ints = npt.NDArray[np.int64]


class Partitioned:
    """Carries out a plan on an executor: `map`, then `decide`. With `fit` the plan's sizes grow with the corpus."""

    def __init__(self, plan: Plan, executor: Executor, fit: bool = True) -> None:
        self._executor = executor
        files = [path.absolute() for path in corpus_files(plan.corpus.paths)]
        cuts = [executor.submit(cut_file, path, plan.partition_rows, results=1)[0] for path in files]
        parts = join_partitions(executor.collect(cuts))
        self.plan = plan.fitted(sum(part.rows for part in parts)) if fit else plan
        self.partitions = merge_partitions(parts, self.plan.partition_rows)
        self._shared = executor.share(self.plan)
        self._buckets: list[list[Any]] = []

    def map(self) -> list[PartitionSketch]:
        """Step 1: the sketch of each partition that the driver keeps."""
        results = 1 + self.plan.buckets
        handles = [
            self._executor.submit(sketch_partition, self._shared, partition, results=results)
            for partition in self.partitions
        ]
        self._buckets = [list(pieces) for pieces in zip(*(rest for _, *rest in handles), strict=True)]
        return self._executor.collect([first for first, *_ in handles])

    def decide(self, sketches: Sequence[PartitionSketch], precedence: Ints) -> Decision:
        """Steps 2 to 5."""
        bases = np.concatenate([[0], np.cumsum([len(part.sizes) for part in sketches])]).astype(np.int64)
        sketched = _joined(sketches, self.plan.scheme)
        first = first_of_same(sketched, precedence)
        edges = first[self._links(bases)]
        rows, bins = _bins(edges[edges[:, 0] != edges[:, 1]], sketched.sizes, self.plan.bin_words)
        rank = np.empty(len(sketched), np.int64)
        rank[precedence] = np.arange(len(sketched))
        kept_row, jaccard, compared = np.full(len(sketched), -1, np.int64), np.ones(len(sketched)), 0
        for members, twins, similarities, count in self._decide_bins(bases, rows, bins, rank):
            kept_row[members], jaccard[members] = twins, similarities
            compared += count
        decision = with_copies(sketched, first, kept_row, jaccard, None)
        return Decision(decision.kept_row, decision.jaccard, decision.exact, compared)

    def _links(self, bases: Ints) -> Ints:
        """Step 2: (row, row) links of all buckets, whose data are then released."""
        starts = self._executor.share([int(base) for base in bases[:-1]])
        handles = [self._executor.submit(link_bucket, starts, *pieces, results=1)[0] for pieces in self._buckets]
        self._buckets = []
        return np.concatenate([np.empty((0, 2), np.int64), *self._executor.collect(handles)])

    def _decide_bins(self, bases: Ints, rows: Ints, bins: Ints, rank: Ints) -> list[Any]:
        """Steps 4 and 5."""
        if not len(rows):
            return []
        bin_ids, numbers = np.unique(bins, return_inverse=True)
        submit, handles_by_partition = self._executor.submit, list[list[Any]]()
        for i, partition in enumerate(self.partitions):
            low, high = np.searchsorted(rows, bases[i : i + 2])
            if low < high:
                linked = rows[low:high]
                arguments = (linked - bases[i], linked, rank[linked], numbers[low:high], len(bin_ids))
                handles = submit(sets_of_partition, self._shared, partition, *arguments, results=len(bin_ids))
                handles_by_partition.append(handles)
        by_bin = zip(*handles_by_partition, strict=True)
        return self._executor.collect([submit(decide_bin, self.plan.scheme, *sets, results=1)[0] for sets in by_bin])


def _joined(sketches: Sequence[PartitionSketch], scheme: Scheme) -> CorpusSketches:
    def column(name: str, empty: Any) -> Any:
        return np.concatenate([empty, *(getattr(part, name) for part in sketches)])

    content, nothing = np.empty((0, 2), np.uint64), np.empty(0, np.int64)
    none = np.empty((0, scheme.bands), np.uint32)
    return CorpusSketches(none, column("content", content), column("sizes", nothing), column("groups", nothing))


def _bins(edges: Ints, sizes: Ints, capacity: int) -> tuple[Ints, Ints]:
    """(linked rows, their bins): whole components, packed into bins in order of their first row."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows, places = np.unique(edges, return_inverse=True)
    ends = places.reshape(-1, 2)
    graph = coo_matrix((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(len(rows), len(rows)))
    count, label = connected_components(graph, directed=False)
    words = np.bincount(label, weights=sizes[rows], minlength=count) if count else np.empty(0)
    return rows, (np.cumsum(words) // capacity).astype(np.int64)[label] if count else label.astype(np.int64)
