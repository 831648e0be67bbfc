"""Finished runs to go on with, one by each engine."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.runs.test_exit_codes import docgen
from tests.cli.runs.writers import KEYS, SMALL, enter_key
from tests.loopback import Loopback
from tests.worlds import LIGHTHOUSE


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with Loopback() as loopback:
        yield loopback


@pytest.fixture(scope="module")
def begun(server: Loopback, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with finished runs of the same context, one by each engine."""
    folder = tmp_path_factory.mktemp("begun")
    (folder / "light.yaml").write_text(LIGHTHOUSE, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for engine in ("offline", "anthropic", "openai"):
            enter_key(patch, server, engine if engine != "offline" else "anthropic")
            command = ("run", "light.yaml", "--run", engine, "--engine", engine, "--n", "3", *SMALL, "--quiet")
            assert docgen(patch, *command) == 0
    return folder


@pytest.fixture
def place(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder as the current one, and no key."""
    shutil.copytree(begun, tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "place"
