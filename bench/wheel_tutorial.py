"""The tutorial from the installed wheel: python bench/wheel_tutorial.py [--python PYTHON]... [--uv UV] [--wheel FILE]

For each PYTHON (this one, if none is named): a new virtual environment with nothing but the wheel and its
dependencies, an empty home, an empty folder and no variables but PATH, HOME, LANG and COLUMNS; then every command of
docs/tutorial.md, whose output must be what the page shows. --uv installs by `uv tool install` instead of pip. Needs
only the standard library (and hatchling for the wheel, unless --wheel names one), so that any Python can run it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.docs.tutorial_page import missing, steps  # noqa: E402 - the checkout need not be installed

FROM_THE_CALLER = ("PIP_CONFIG_FILE", "PIP_CERT", "PIP_FIND_LINKS", "SSL_CERT_FILE", "UV_CACHE_DIR", "UV_NATIVE_TLS")
"""Where packages come from on the machine at hand; for the installation only."""


def build_wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def installed_by_pip(python: str, wheel: Path, place: Path) -> Path:
    """The folder of commands of a new environment that holds the wheel."""
    subprocess.run([python, "-m", "venv", str(place / "venv")], check=True)
    commands = place / "venv/bin"
    subprocess.run([str(commands / "python"), "-m", "pip", "install", "-qq", str(wheel)], check=True)
    return commands


def installed_by_uv(uv: str, python: str, wheel: Path, place: Path) -> Path:
    kept = {name: os.environ[name] for name in FROM_THE_CALLER if name in os.environ}
    folders = {"UV_TOOL_DIR": str(place / "tools"), "UV_TOOL_BIN_DIR": str(place / "bin"), "HOME": str(place)}
    environment = {"PATH": "/usr/bin:/bin", **kept, **folders}
    subprocess.run([uv, "tool", "install", "-q", "--python", python, str(wheel)], check=True, env=environment)
    return place / "bin"


def run_tutorial(commands: Path, home: Path) -> list[str]:
    """What went otherwise than the page shows, command by command."""
    environment = {"PATH": f"{commands}:/usr/bin:/bin", "HOME": str(home), "COLUMNS": "80", "LANG": "C.UTF-8"}
    folder = home / "empty"
    folder.mkdir(parents=True)
    problems = []
    for command, shown in steps():
        done = subprocess.run(
            command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        lost = missing(shown, done.stdout)
        if done.returncode or lost:
            problems.append(f"{command}: exit {done.returncode}, not printed: {lost!r}\n{done.stdout}{done.stderr}")
    return problems


def try_one(python: str, wheel: Path, uv: str) -> bool:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name).resolve()
        began = time.monotonic()
        commands = installed_by_uv(uv, python, wheel, place) if uv else installed_by_pip(python, wheel, place)
        ready = time.monotonic()
        problems = run_tutorial(commands, place / "home")
        done = time.monotonic()
    version = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout.strip()
    how = "uv tool install" if uv else "pip install"
    verdict = f"{len(steps()) - len(problems)} of {len(steps())} commands as on the page"
    print(f"{version}, {how}: {verdict}; installed in {ready - began:.0f} s, tutorial {done - ready:.0f} s", flush=True)
    for problem in problems:
        print(problem)
    return not problems


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", action="append", default=[], help="an interpreter; more than once for several")
    parser.add_argument("--uv", default="", help="the command uv, to install by `uv tool install`")
    parser.add_argument("--wheel", type=Path, help="a wheel that is built already")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = options.wheel or build_wheel(Path(folder))
        print(wheel.name)
        results = [try_one(python, wheel.resolve(), options.uv) for python in options.python or [sys.executable]]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
