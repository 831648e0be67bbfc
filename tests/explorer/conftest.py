"""One run for all tests of the explorer that only read it."""

from pathlib import Path

import pytest

from tests.explorer.corpora import Site, make_experiment, make_run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    return make_run(tmp_path_factory.mktemp("explorer"))


@pytest.fixture(scope="session")
def site(run: Path) -> Site:
    """The application over it, for reading."""
    return Site(run)


@pytest.fixture(scope="session")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished experiment."""
    return make_experiment(tmp_path_factory.mktemp("experiment"))
