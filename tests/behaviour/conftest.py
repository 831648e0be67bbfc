"""Golden texts of the grids: `pytest tests/prompts tests/behaviour --update-golden` rewrites them."""

from tests.prompts.conftest import update_golden

__all__ = ["update_golden"]
