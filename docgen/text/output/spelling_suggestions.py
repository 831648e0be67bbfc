"""Suggests the name that was probably meant ("did you mean")."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["nearest", "suggestion"]


def nearest(word: str, known: Iterable[str]) -> str:
    """The nearest of `known`; empty when none is near."""
    near = get_close_matches(word, [*known], n=1)  # by difflib's own cutoff, which tolerates one or two typing errors
    return near[0] if near else ""


def suggestion(word: str, known: Iterable[str], otherwise: str) -> str:
    """A question with the nearest of `known`, or `otherwise`."""
    near = nearest(word, known)
    return f'Did you mean "{near}"?' if near else otherwise
