"""Random demands, and what any plan for them must hold."""

import numpy as np

from docgen.planning.constraints import Demands, closed
from docgen.planning.initial_plan import Assignment, assign
from docgen.planning.layout import Layout, lay_out
from docgen.planning.priorities import tracks_of

__all__ = ["TYPES", "broken", "layout_of", "planned", "random_demands", "simple"]

TYPES, IDEAS = 4, 5


def simple(targets: list[float], minimum: int = 1, maximum: int = 4, background: float = 0.05) -> Demands:
    """Facts without relations."""
    count = len(targets)
    return Demands(
        facts=tuple(f"f{i}" for i in range(count)),
        targets=np.array(targets),
        minimum=minimum,
        maximum=maximum,
        background=background,
        needs=np.zeros((count, count), dtype=bool),
        bars=np.zeros((count, count), dtype=bool),
        allowed=np.ones((count, TYPES), dtype=bool),
        directness=np.tile([0.7, 0.3], (count, 1)),
        prominence=np.tile([0.3, 0.5, 0.2], (count, 1)),
    )


def random_demands(seed: int, most_facts: int = 50) -> Demands:
    """Up to `most_facts` facts with random shares, relations, types and bounds; often but not always possible."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, most_facts + 1))
    minimum = int(rng.integers(1, 3))
    maximum, background = minimum + int(rng.integers(0, 5)), float(rng.choice([0, 0.05, 0.2]))
    targets = rng.random(count) ** rng.choice([1, 2, 3])
    targets = np.minimum(targets * rng.uniform(minimum, maximum) * (1 - background) / targets.sum(), 1 - background)
    needs, bars = np.zeros((count, count), dtype=bool), np.zeros((count, count), dtype=bool)
    for _ in range(int(rng.integers(0, 4)) if count > 1 else 0):
        first, second = rng.choice(count, 2, replace=False)
        low, high = (first, second) if targets[first] <= targets[second] else (second, first)
        needs[low, high] = True
    for _ in range(int(rng.integers(0, 5)) if count > 1 else 0):
        first, second = rng.choice(count, 2, replace=False)
        bars[first, second] = targets[first] + targets[second] <= 1 - background
    allowed = rng.random((count, TYPES)) < rng.choice([0.7, 1.0], size=(count, 1), p=[0.15, 0.85])
    allowed[~allowed.any(axis=1), 0] = True
    needs, bars, allowed = closed(needs, bars, allowed)
    shares = rng.dirichlet(np.ones(2), size=count)
    return Demands(
        facts=tuple(f"f{i}" for i in range(count)),
        targets=targets,
        minimum=minimum,
        maximum=maximum,
        background=background,
        needs=needs,
        bars=bars,
        allowed=allowed,
        directness=shares,
        prominence=rng.dirichlet(np.ones(3), size=count),
    )


def layout_of(demands: Demands, n: int, seed: int = 0) -> Layout:
    """n slots over the types."""
    return lay_out(n, [IDEAS] * TYPES, len(tracks_of(demands).names), seed)


def planned(demands: Demands, n: int, seed: int = 0) -> Assignment:
    """A plan from nothing."""
    return assign(demands, layout_of(demands, n, seed), seed)


def broken(demands: Demands, layout: Layout, made: Assignment) -> list[str]:
    """Every promise that a plan breaks; empty for a good one."""
    held, n = made.holds == 1, len(layout)
    counts, loads = held.sum(axis=0), held.sum(axis=1)
    checks = {
        "shares": (np.abs(counts - demands.targets * n) < 1 + 1e-9).all(),
        "background": abs(made.background.sum() - demands.background * n) < 1 and not loads[made.background].any(),
        "minimum": (loads[~made.background] >= demands.minimum).all(),
        "maximum": (loads <= demands.maximum).all(),
        "with": not any((held[:, f] & ~held[:, g]).any() for f, g in np.argwhere(demands.needs)),
        "never_with": not any((held[:, f] & held[:, g]).any() for f, g in np.argwhere(demands.bars) if f != g),
        "doc_types": not (held & ~demands.allowed[:, layout.types].T).any(),
        "directness": _graded(held, made.directness, demands.directness),
        "prominence": _graded(held, made.prominence, demands.prominence),
    }
    return [name for name, good in checks.items() if not good]


def _graded(held: np.ndarray, grades: np.ndarray, shares: np.ndarray) -> bool:
    """Whether each grade's documents are within one of its share of the fact's documents."""
    return all(
        abs((held[:, fact] & (grades[:, fact] == kind)).sum() - shares[fact, kind] * held[:, fact].sum()) < 1 + 1e-6
        for fact in range(held.shape[1])
        for kind in range(shares.shape[1])
    )
