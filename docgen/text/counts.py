"""Counts as people read them."""

__all__ = ["plural"]


def plural(count: int, noun: str) -> str:
    """A count with its noun, such as "1 request" or "1,200 requests"; for nouns that only take an s."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
