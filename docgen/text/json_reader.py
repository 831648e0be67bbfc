"""Reads JSON that others wrote or that is damaged."""

import json
from typing import Any

__all__ = ["read_json"]


def read_json(text: str | bytes) -> Any:
    """The value in a text, also one with lone surrogates. Raises `ValueError`, for one that is nested too deep too."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
