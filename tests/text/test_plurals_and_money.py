"""Sums of money as people read them."""

import pytest

from docgen.text.output.plurals_and_money import money


@pytest.mark.parametrize(
    ("dollars", "shown"),
    [(0.0, "$0.00"), (0.0034, "$0.0034"), (0.0099, "$0.0099"), (0.012, "$0.01"), (1234.5, "$1,234.50")],
)
def test_what_costs_something_never_looks_free(dollars: float, shown: str) -> None:
    assert money(dollars) == shown
