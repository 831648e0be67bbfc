"""Reads exported rows back."""

import json
from pathlib import Path
from typing import Any

__all__ = ["rows_of", "texts_of"]


def rows_of(file: Path) -> list[dict[str, Any]]:
    """Every row of a JSON Lines file."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def texts_of(file: Path) -> list[str]:
    """What is under "text"."""
    return [row["text"] for row in rows_of(file)]
