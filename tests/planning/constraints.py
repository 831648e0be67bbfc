"""Random constraints, and what any plan for them must satisfy."""

import numpy as np

from docgen.planning.assignment.initial_plan import Assignment, assign
from docgen.planning.assignment.priorities import tracks_of
from docgen.planning.constraints import Constraints, transitive_closure
from docgen.planning.slot_layout import Layout, lay_out

__all__ = ["TYPES", "broken", "layout_of", "planned", "random_constraints", "simple"]

TYPES, IDEAS = 4, 5


def simple(targets: list[float], minimum: int = 1, maximum: int = 4, background: float = 0.05) -> Constraints:
    """Facts without relations."""
    count = len(targets)
    return Constraints(
        facts=tuple(f"f{i}" for i in range(count)),
        targets=np.array(targets),
        minimum=minimum,
        maximum=maximum,
        background=background,
        requires=np.zeros((count, count), dtype=bool),
        excludes=np.zeros((count, count), dtype=bool),
        allowed=np.ones((count, TYPES), dtype=bool),
        directness=np.tile([0.7, 0.3], (count, 1)),
        prominence=np.tile([0.3, 0.5, 0.2], (count, 1)),
    )


def random_constraints(seed: int, most_facts: int = 50) -> Constraints:
    """Up to `most_facts` facts with random shares, relations, types and bounds; often but not always feasible."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, most_facts + 1))
    minimum = int(rng.integers(1, 3))
    maximum, background = minimum + int(rng.integers(0, 5)), float(rng.choice([0, 0.05, 0.2]))
    targets = rng.random(count) ** rng.choice([1, 2, 3])
    targets = np.minimum(targets * rng.uniform(minimum, maximum) * (1 - background) / targets.sum(), 1 - background)
    requires, excludes = np.zeros((count, count), dtype=bool), np.zeros((count, count), dtype=bool)
    for _ in range(int(rng.integers(0, 4)) if count > 1 else 0):
        first, second = rng.choice(count, 2, replace=False)
        low, high = (first, second) if targets[first] <= targets[second] else (second, first)
        requires[low, high] = True
    for _ in range(int(rng.integers(0, 5)) if count > 1 else 0):
        first, second = rng.choice(count, 2, replace=False)
        excludes[first, second] = targets[first] + targets[second] <= 1 - background
    allowed = rng.random((count, TYPES)) < rng.choice([0.7, 1.0], size=(count, 1), p=[0.15, 0.85])
    allowed[~allowed.any(axis=1), 0] = True
    requires, excludes, allowed = transitive_closure(requires, excludes, allowed)
    shares = rng.dirichlet(np.ones(2), size=count)
    return Constraints(
        facts=tuple(f"f{i}" for i in range(count)),
        targets=targets,
        minimum=minimum,
        maximum=maximum,
        background=background,
        requires=requires,
        excludes=excludes,
        allowed=allowed,
        directness=shares,
        prominence=rng.dirichlet(np.ones(3), size=count),
    )


def layout_of(constraints: Constraints, n: int, seed: int = 0) -> Layout:
    """n slots over the types."""
    return lay_out(n, [IDEAS] * TYPES, len(tracks_of(constraints).names), seed)


def planned(constraints: Constraints, n: int, seed: int = 0) -> Assignment:
    """An initial plan."""
    return assign(constraints, layout_of(constraints, n, seed), seed)


def broken(constraints: Constraints, layout: Layout, plan: Assignment) -> list[str]:
    """Every promise that a plan breaks; empty for a correct one."""
    has, n = plan.holds == 1, len(layout)
    counts, loads = has.sum(axis=0), has.sum(axis=1)
    checks = {
        "shares": (np.abs(counts - constraints.targets * n) < 1 + 1e-9).all(),
        "background": abs(plan.background.sum() - constraints.background * n) < 1 and not loads[plan.background].any(),
        "minimum": (loads[~plan.background] >= constraints.minimum).all(),
        "maximum": (loads <= constraints.maximum).all(),
        "with": not any((has[:, f] & ~has[:, g]).any() for f, g in np.argwhere(constraints.requires)),
        "never_with": not any((has[:, f] & has[:, g]).any() for f, g in np.argwhere(constraints.excludes) if f != g),
        "doc_types": not (has & ~constraints.allowed[:, layout.types].T).any(),
        "directness": _grades_match(has, plan.directness, constraints.directness),
        "prominence": _grades_match(has, plan.prominence, constraints.prominence),
    }
    return [name for name, satisfied in checks.items() if not satisfied]


def _grades_match(has: np.ndarray, grades: np.ndarray, shares: np.ndarray) -> bool:
    """Whether each grade's documents are within one of its share of the fact's documents."""
    return all(
        abs((has[:, fact] & (grades[:, fact] == grade)).sum() - shares[fact, grade] * has[:, fact].sum()) < 1 + 1e-6
        for fact in range(has.shape[1])
        for grade in range(shares.shape[1])
    )
