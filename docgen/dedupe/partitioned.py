"""The same deduplication as a map over partitions, for clusters: the same kernel, the same decision, to the document.

1. map: each partition is sketched; (band hash, row) goes to the bucket of its hash range, content hashes to the driver;
2. reduce: each bucket is sorted; rows with the same hash are linked in a star, so edges grow with rows, not with pairs;
3. driver: linked rows form components, components are packed into bins of at most `bin_words` shingles;
4. map: each partition sends the shingle sets of its linked rows to their bins;
5. decide: each bin is decided as locally, in order of precedence. Documents of different components share no band, so
   deciding components apart gives what deciding them together gives.

What runs where is the `Executor`'s business: `Inline` computes on the spot, `ray_engine` on a Ray cluster.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from docgen.dedupe.engine import Decision, Sketched, first_of_same, with_copies
from docgen.dedupe.schemes import Scheme
from docgen.dedupe.tasks import Mapped, Plan, decide_bin, link_bucket, sets_of_partition, sketch_partition

__all__ = ["Executor", "Inline", "decide_partitioned", "map_partitions"]

Ints = npt.NDArray[np.int64]


class Executor(Protocol):
    """Where tasks run. A task's results may be handed on to other tasks without coming to the driver."""

    def submit(self, function: Callable[..., Any], *arguments: Any, results: int) -> list[Any]:
        """Start function(*arguments), which returns `results` values; a handle for each."""

    def collect(self, handles: Sequence[Any]) -> list[Any]:
        """The values behind handles."""


class Inline:
    """Computes at once, in this process."""

    def submit(self, function: Callable[..., Any], *arguments: Any, results: int) -> list[Any]:
        """Call it."""
        found = function(*arguments)
        return list(found) if results > 1 else [found]

    def collect(self, handles: Sequence[Any]) -> list[Any]:
        """They are the values."""
        return list(handles)


def map_partitions(plan: Plan, executor: Executor) -> tuple[list[Mapped], list[list[Any]]]:
    """Step 1: what the driver keeps of each partition, and handles of each partition's buckets."""
    handles = [
        executor.submit(sketch_partition, plan, partition, results=1 + plan.buckets) for partition in plan.partitions()
    ]
    return executor.collect([first for first, *_ in handles]), [rest for _, *rest in handles]


def decide_partitioned(
    plan: Plan, executor: Executor, mapped: Sequence[Mapped], buckets: Sequence[Sequence[Any]], precedence: Ints
) -> Decision:
    """Steps 2 to 5."""
    counts = [len(part.sizes) for part in mapped]
    bases = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    sketched = _joined(mapped, plan.scheme)
    first = first_of_same(sketched, precedence)
    bases_of = [int(base) for base in bases[:-1]]
    links = [
        executor.submit(link_bucket, bases_of, *(part[i] for part in buckets), results=1)[0]
        for i in range(plan.buckets)
    ]
    edges = first[np.concatenate([np.empty((0, 2), np.int64), *executor.collect(links)])]
    rows, bins = _bins(edges[edges[:, 0] != edges[:, 1]], sketched.sizes, plan.bin_words)
    rank = np.empty(len(sketched), np.int64)
    rank[precedence] = np.arange(len(sketched))
    found = _decide_bins(plan, executor, bases, rows, bins, rank)
    kept_row, jaccard, compared = np.full(len(sketched), -1, np.int64), np.ones(len(sketched)), 0
    for members, twins, similar, count in found:
        kept_row[members], jaccard[members] = twins, similar
        compared += count
    decision = with_copies(sketched, first, kept_row, jaccard, None)
    return Decision(decision.kept_row, decision.jaccard, decision.exact, compared)


def _joined(mapped: Sequence[Mapped], scheme: Scheme) -> Sketched:
    def column(name: str, empty: Any) -> Any:
        return np.concatenate([empty, *(getattr(part, name) for part in mapped)])

    content, nothing = np.empty((0, 2), np.uint64), np.empty(0, np.int64)
    none = np.empty((0, scheme.bands), np.uint32)
    return Sketched(none, column("content", content), column("sizes", nothing), column("groups", nothing))


def _bins(edges: Ints, sizes: Ints, most: int) -> tuple[Ints, Ints]:
    """(linked rows, their bins): components whole, filled up one after the other in order of their first row."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows, places = np.unique(edges, return_inverse=True)
    ends = places.reshape(-1, 2)
    graph = coo_matrix((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(len(rows), len(rows)))
    count, label = connected_components(graph, directed=False)
    words = np.bincount(label, weights=sizes[rows], minlength=count) if count else np.empty(0)
    return rows, (np.cumsum(words) // most).astype(np.int64)[label] if count else label.astype(np.int64)


def _decide_bins(plan: Plan, executor: Executor, bases: Ints, rows: Ints, bins: Ints, rank: Ints) -> list[Any]:
    if not len(rows):
        return []
    names, numbers = np.unique(bins, return_inverse=True)
    sent: list[list[Any]] = []
    for i, partition in enumerate(plan.partitions()):
        low, high = np.searchsorted(rows, bases[i : i + 2])
        if low < high:
            here = rows[low:high]
            arguments = (here - bases[i], here, rank[here], numbers[low:high], len(names))
            sent.append(executor.submit(sets_of_partition, plan, partition, *arguments, results=len(names)))
    handles = [
        executor.submit(decide_bin, plan.scheme, *(part[i] for part in sent), results=1)[0] for i in range(len(names))
    ]
    return executor.collect(handles)
