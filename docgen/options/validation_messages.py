"""Pydantic's validation errors in plain words."""

from collections.abc import Mapping
from typing import Any

__all__ = ["in_plain_words"]

PLAIN = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dict_type": "must be a table",
    "finite_number": "must be a number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "int_type": "must be a whole number",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be {expected}",
    "missing": "must be two numbers",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must not be empty",
    "string_type": "must be a text",
    "too_long": "must be two numbers",
    "tuple_type": "must be two numbers",
}
"""Instead of "Input should be ...", by the type of pydantic's error."""


def in_plain_words(error: Mapping[str, Any]) -> str:
    """What is wrong with a value, such as "must be a whole number"; `error` is an entry of `ValidationError.errors()`.

    A message of docgen's own validators is returned as it is.
    """
    plain = PLAIN.get(error["type"])
    return plain.format(**error.get("ctx", {})) if plain else error["msg"].removeprefix("Value error, ")
