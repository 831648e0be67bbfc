"""Counts as people read them."""

__all__ = ["plural"]


def plural(count: int, noun: str, many: str = "") -> str:
    """A count with its noun, such as "1 request" or "1,200 requests"; `many` where the plural is not noun + s."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"
