"""What users install: a wheel with everything inside, which works from any folder."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, unpacked where no checkout is near."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_wheel_holds_every_data_file(installed: Path) -> None:
    """Templates, contexts, prices, the report's page and the embedded writer's texts are in the wheel."""
    package = installed / "docgen"
    for name in ("templates", "universe_contexts"):
        shipped = {path.name for path in (ROOT / name).iterdir() if path.suffix in (".jinja", ".yaml")}
        assert {path.name for path in (package / "data" / name).iterdir()} >= shipped
    tracked = subprocess.run(
        ["git", "ls-files", "docgen"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    missing = [name for name in tracked if not (installed / name).exists() and (ROOT / name).exists()]
    assert missing == []


def test_installed_package_runs_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    """`docgen run` on a shipped context, with nothing but the wheel's files, writes its run into the current folder."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    code = "import docgen, sys; print(docgen.__file__); from docgen.__main__ import main; main()"
    command = [sys.executable, "-c", code, "context", "check", "tutorial"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert str(installed) in done.stdout
    assert "tutorial.yaml: valid" in done.stdout.replace("\n", "")
    assert list(tmp_path.iterdir()) == []
