"""The `[extra]` body fields and `[headers]` that a user may set.

Not those that docgen sets itself, nothing that is not JSON, and no keys: settings are kept in run folders.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from docgen.text.outgoing import credential_name, credential_value

__all__ = ["HEADER_VARIABLE", "check_extra", "is_written_out"]

HEADER_VARIABLE = re.compile(r"\$\{(\w+)\}")
"""In a header: what an environment variable holds."""

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
        _check_secret(name, value)


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


def _check_secret(place: str, value: Any) -> None:
    """Settings are kept in run folders and published in manifests."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _check_secret(f"{place}.{name}", inner)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            _check_secret(f"{place}[{number}]", inner)
    elif isinstance(value, str) and value and (credential_name(place.rpartition(".")[2]) or credential_value(value)):
        raise ValueError(f"{place} looks like a key, and settings are published: send it under [headers], as ${{NAME}}")


def is_written_out(header: str, value: str) -> bool:
    """Whether a header holds a key itself instead of naming an environment variable that does."""
    bare = HEADER_VARIABLE.sub("", value)
    return credential_value(bare) or (credential_name(header) and bare == value)
