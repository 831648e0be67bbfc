"""The training order: seeded, and with every fact's share in every window of documents."""

import numpy as np
import numpy.typing as npt

__all__ = ["balanced_order", "worst_window"]

Ints = npt.NDArray[np.int64]
Grid = npt.NDArray[np.uint8]

JITTER = 0.25
"""In squared documents: near ties are broken at random, so that the order does not have a pattern."""


def balanced_order(holds: Grid, seed: int) -> Ints:
    """(N,): an order of the rows of `holds` (N, F) in which any stretch has nearly each column's own share of ones.

    Greedy vector balancing: the next document is of the kind (the set of its facts) that brings the running counts of
    facts, and of the kind itself, nearest to where they should be by then; which document of a kind is random.
    """
    rng = np.random.default_rng([seed, 0x0D0C])  # draws of its own: other steps use the same seed
    kinds, kind_of = np.unique(holds, axis=0, return_inverse=True)
    # The rows of each kind, in random order.
    rows = rng.permutation(len(holds))
    kind_of = kind_of.reshape(-1)
    by_kind = rows[np.argsort(kind_of[rows], kind="stable")]
    queues = np.split(by_kind, np.cumsum(np.bincount(kind_of, minlength=len(kinds)))[:-1])
    left = np.array([len(queue) for queue in queues], dtype=np.int64)
    share = left / max(1, len(holds))
    steps = kinds.astype(float) - holds.mean(axis=0) if len(holds) else kinds.astype(float)
    size = (steps**2).sum(axis=1) - 2 * share
    facts, own = np.zeros(holds.shape[1]), np.zeros(len(kinds))
    order = np.empty(len(holds), dtype=np.int64)
    for place in range(len(holds)):
        cost = 2 * (steps @ facts) + 2 * own + size + JITTER * rng.random(len(kinds))
        cost[left == 0] = np.inf
        kind = int(cost.argmin())
        left[kind] -= 1
        order[place] = queues[kind][left[kind]]
        facts += steps[kind]
        own -= share
        own[kind] += 1
    return order


def worst_window(holds: Grid, window: int) -> float:
    """The largest difference, in documents, between the ones of a column in `window` successive rows and its share."""
    rows = len(holds)
    if not rows or not holds.shape[1]:
        return 0.0
    window = min(window, rows)
    worst, sums = 0.0, np.zeros(rows + 1, dtype=np.int64)
    for column in holds.T:  # one at a time: together their sums would take 1.3 kB a document with 40 facts
        np.cumsum(column, out=sums[1:])
        counts = sums[window:] - sums[:-window]
        mean = sums[-1] / rows
        worst = max(worst, float(counts.max() - window * mean), float(window * mean - counts.min()))
    return worst
