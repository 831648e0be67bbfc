"""Locates the shipped templates and universe contexts."""

from pathlib import Path

__all__ = ["shipped_folder"]


def shipped_folder(name: str) -> Path:
    """Folder `name` ("templates", "universe_contexts"): inside an installed wheel, or at the top of a checkout."""
    package = Path(__file__).parents[1]
    packaged = package / "data" / name
    return packaged if packaged.is_dir() else package.parent / name
