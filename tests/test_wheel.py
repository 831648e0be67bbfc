"""What users install: a wheel with everything inside, which works from any folder.

bench/wheel_tutorial.py installs it in empty environments of several Pythons and runs the whole tutorial.
"""

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


def from_the_wheel(installed: Path, code: str, folder: Path) -> str:
    """What Python prints in `folder` with nothing but the wheel's files."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environment["XDG_CACHE_HOME"] = str(installed.parent / "cache")
    command = [sys.executable, "-c", f"import docgen; print(docgen.__file__); {code}"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert str(installed) in done.stdout
    return done.stdout


def test_installed_package_runs_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    """A command that reads a shipped context, templates, names and prices finds them, and leaves nothing behind."""
    words = ["docgen", "estimate", "tutorial", "--n", "50", "--model", "claude-haiku-5-5"]
    code = f"import sys; from docgen.__main__ import main; sys.argv = {words}; main()"
    printed = from_the_wheel(installed, code, tmp_path)
    assert "judge_document" in printed
    assert "Prices of" in printed
    assert list(tmp_path.iterdir()) == []


def test_kernels_compile_out_of_the_wheel(installed: Path, tmp_path: Path) -> None:
    """The smallest one, into a cache of its own; all of them are compiled for other tests."""
    code = "from docgen.kernels.compilation.compiler import compiled; print(compiled('rehash', {'rehash': 'counting'}))"
    assert "rehash" in from_the_wheel(installed, code, tmp_path)
    assert list((installed.parent / "cache" / "docgen").rglob("counting.rehash*.nbc"))
