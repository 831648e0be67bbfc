"""The line that every benchmark begins with: machine and versions."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["machine"]


def machine(*libraries: str) -> str:
    """Cores, memory, Python and library versions of this process' machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {_version(name)}" for name in ("docgen", *libraries))
    cores = len(os.sched_getaffinity(0))
    python = f"Python {platform.python_version()} on {sys.platform}"
    return f"{cores} cores ({_processor()}), {memory:.0f} GiB, {python}; {versions}"


def _version(name: str) -> str:
    """The version, "source" for docgen out of a checkout that is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "source"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
