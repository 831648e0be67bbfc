"""The planner refuses only what cannot be: checked against an integer program over single slots."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import lil_matrix

from docgen.errors import PlanError
from docgen.planning.constraints import Demands
from docgen.planning.layout import Layout
from tests.planning.constraints import broken, layout_of, planned, random_demands

MARGIN = 1e-9


def possible(demands: Demands, layout: Layout) -> bool:
    """Whether any plan at all meets the demands: a binary variable for each slot with each fact, and its background."""
    n, facts = len(layout), len(demands.facts)
    background = n * facts
    rows: list[tuple[list[tuple[int, float]], float, float]] = []
    for fact in range(facts):
        exact = demands.targets[fact] * n
        rows.append(
            ([(s * facts + fact, 1) for s in range(n)], np.ceil(exact - 1 + MARGIN), np.floor(exact + 1 - MARGIN))
        )
    exact = demands.background * n
    rows.append(([(background + s, 1) for s in range(n)], np.ceil(exact - 1 + MARGIN), np.floor(exact + 1 - MARGIN)))
    for slot in range(n):
        own = [(slot * facts + fact, 1.0) for fact in range(facts)]
        rows.append(([*own, (background + slot, demands.minimum)], demands.minimum, np.inf))
        rows.append(([*own, (background + slot, demands.maximum)], -np.inf, demands.maximum))
        for first, second in product(range(facts), repeat=2):
            pair = slot * facts + first, slot * facts + second
            if demands.needs[first, second]:
                rows.append(([(pair[0], 1), (pair[1], -1)], -np.inf, 0))
            if demands.bars[first, second]:
                rows.append(([(pair[0], 1), (pair[1], 1)] if first != second else [(pair[0], 2)], -np.inf, 1))
    matrix = lil_matrix((len(rows), background + n))
    for line, (terms, _, _) in enumerate(rows):
        for column, value in terms:
            matrix[line, column] = value
    allowed = np.append(demands.allowed[:, layout.types].T.ravel().astype(float), np.ones(n))
    limits = LinearConstraint(matrix.tocsr(), [low for _, low, _ in rows], [high for _, _, high in rows])
    return bool(milp(np.zeros(len(allowed)), constraints=limits, bounds=Bounds(0, allowed), integrality=1).status == 0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(4, 28))
def test_a_plan_is_found_whenever_there_is_one(seed: int, n: int) -> None:
    demands = random_demands(seed, most_facts=9)
    layout = layout_of(demands, n)
    try:
        made = planned(demands, n)
    except PlanError:
        assert not possible(demands, layout)
    else:
        assert broken(demands, layout, made) == []
