"""The planner refuses only infeasible constraints: checked against an integer program over single slots."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import lil_matrix

from docgen.errors import PlanError
from docgen.planning.constraints import Constraints
from docgen.planning.slot_layout import Layout
from tests.planning.constraints import broken, layout_of, planned, random_constraints

MARGIN = 1e-9


def feasible(constraints: Constraints, layout: Layout) -> bool:
    """Whether any plan meets the constraints: a binary variable for each slot and fact, and each slot's background."""
    n, facts = len(layout), len(constraints.facts)
    background = n * facts
    rows: list[tuple[list[tuple[int, float]], float, float]] = []
    for fact in range(facts):
        exact = constraints.targets[fact] * n
        rows.append(
            ([(s * facts + fact, 1) for s in range(n)], np.ceil(exact - 1 + MARGIN), np.floor(exact + 1 - MARGIN))
        )
    exact = constraints.background * n
    rows.append(([(background + s, 1) for s in range(n)], np.ceil(exact - 1 + MARGIN), np.floor(exact + 1 - MARGIN)))
    for slot in range(n):
        facts_of_slot = [(slot * facts + fact, 1.0) for fact in range(facts)]
        rows.append(([*facts_of_slot, (background + slot, constraints.minimum)], constraints.minimum, np.inf))
        rows.append(([*facts_of_slot, (background + slot, constraints.maximum)], -np.inf, constraints.maximum))
        for first, second in product(range(facts), repeat=2):
            pair = slot * facts + first, slot * facts + second
            if constraints.requires[first, second]:
                rows.append(([(pair[0], 1), (pair[1], -1)], -np.inf, 0))
            if constraints.excludes[first, second]:
                rows.append(([(pair[0], 1), (pair[1], 1)] if first != second else [(pair[0], 2)], -np.inf, 1))
    matrix = lil_matrix((len(rows), background + n))
    for line, (terms, _, _) in enumerate(rows):
        for column, value in terms:
            matrix[line, column] = value
    allowed = np.append(constraints.allowed[:, layout.types].T.ravel().astype(float), np.ones(n))
    limits = LinearConstraint(matrix.tocsr(), [low for _, low, _ in rows], [high for _, _, high in rows])
    return bool(milp(np.zeros(len(allowed)), constraints=limits, bounds=Bounds(0, allowed), integrality=1).status == 0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(4, 28))
def test_a_plan_is_found_whenever_there_is_one(seed: int, n: int) -> None:
    constraints = random_constraints(seed, most_facts=9)
    layout = layout_of(constraints, n)
    try:
        plan = planned(constraints, n)
    except PlanError:
        assert not feasible(constraints, layout)
    else:
        assert broken(constraints, layout, plan) == []
