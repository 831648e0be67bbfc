"""The `[extra]` body fields that a user may set: not those that docgen sets itself, and nothing that is not JSON."""

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["check_extra"]

OWNED = {
    "model": "set it with --model",
    "messages": "it is the prompt",
    "system": "it is the prompt",
    "stream": "replies are read whole",
    "output_config": "docgen sets it; effort is set with --effort",
    "output_format": "docgen sets it",
    "tools": "docgen uses no tools",
    "tool_choice": "docgen uses no tools",
    "n": "one reply is read for each request",
    "timeout": "set it with --timeout",
    "headers": "set them under [headers]",
    "extra_headers": "set them under [headers]",
    "extra_body": "write the fields under [extra] itself",
    "api_key": "set ANTHROPIC_API_KEY",
    "base_url": "set it with --base-url",
}
"""Fields that docgen's requests, prices or reading of replies rest on, and what to do instead."""


def check_extra(extra: Mapping[str, Any]) -> None:
    """Raise `ValueError` with what is wrong and what to do."""
    for name, value in extra.items():
        if name in OWNED:
            raise ValueError(f"{name} is a field that docgen sets itself: {OWNED[name]}")
        _check_json(name, value)


def _check_json(place: str, value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{place} is {value}, which JSON cannot hold: write a number")
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _check_json(f"{place}.{name}", inner)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            _check_json(f"{place}[{number}]", inner)
    elif not isinstance(value, str | int | float | bool | None):
        raise ValueError(f"{place} is a {type(value).__name__}, which JSON cannot hold: write it in quotes")  # noqa: TRY004
