"""Golden texts of the grids: `pytest tests/behaviour --update-golden` rewrites them."""

from contextlib import suppress

import pytest

from tests.prompts.conftest import update_golden

__all__ = ["update_golden"]


def pytest_addoption(parser: pytest.Parser) -> None:
    with suppress(ValueError):  # tests/prompts may have added it already
        parser.addoption("--update-golden", action="store_true", help="write the golden files of tests/behaviour anew")
