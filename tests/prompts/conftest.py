"""Golden files: what every prompt renders to, word for word. `pytest tests/prompts --update-golden` rewrites them."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files of tests/prompts anew")


@pytest.fixture
def update_golden(pytestconfig: pytest.Config) -> bool:
    """Unknown, and so false, when pytest was not started on this folder."""
    return bool(pytestconfig.getoption("--update-golden", default=False))
