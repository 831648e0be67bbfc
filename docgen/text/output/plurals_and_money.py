"""Formats counts with their nouns, and sums of money, as people read them."""

__all__ = ["money", "percent", "plural"]


def plural(count: int, noun: str, many: str = "") -> str:
    """A count with its noun, such as "1 request" or "1,200 requests"; `many` where the plural is not noun + s."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share in percent, such as "12.5%"; a dash if there is none."""
    return "–" if share is None else f"{100 * share:.{digits}f}%"


def money(dollars: float) -> str:
    """Dollars to the cent, such as "$1,234.50"; below one cent to the hundredth of one, lest something look free."""
    return f"${dollars:,.2f}" if dollars >= 0.01 or not dollars else f"${dollars:.4f}"
