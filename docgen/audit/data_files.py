"""Reads the rules, patterns and word lists that are kept next to the code as data files: TOML, or plain text with
words."""

import re
import tomllib
from pathlib import Path
from typing import Any

__all__ = ["read_patterns", "read_words"]

PART = re.compile(r"\(\?&(\w+)\)")
"""A call of a named part, written as PCRE does; neither RE2 nor Python's re gives it a meaning of its own."""


def read_patterns(file: Path) -> dict[str, Any]:
    """A TOML file of patterns, with `(?&name)` in every string replaced by what `[parts]` gives for the name.

    Raises `KeyError` for a name that `[parts]` lacks. Parts do not refer to each other.
    """
    data = tomllib.loads(file.read_text("utf-8"))
    parts: dict[str, str] = data.get("parts", {})

    def expanded(value: Any) -> Any:
        if isinstance(value, str):
            return PART.sub(lambda call: parts[call[1]], value)
        if isinstance(value, list):
            return [expanded(item) for item in value]
        return {key: expanded(item) for key, item in value.items()} if isinstance(value, dict) else value

    return {key: expanded(value) for key, value in data.items()}


def read_words(file: Path) -> frozenset[str]:
    """The words of a plain text file, separated by white space."""
    return frozenset(file.read_text("utf-8").split())
