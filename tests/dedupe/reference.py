"""Slow, independent reference answers: words by `re`, sets of tuples, every pair compared."""

import re
from collections.abc import Sequence


def shingle_set(text: str, ngram: int = 5) -> set[object]:
    """Shingles as the documentation states them; a text without words is its own shingle."""
    words = re.findall(r"\w+", text.casefold())
    if not words:
        return {text}
    return {tuple(words[i : i + ngram]) for i in range(max(1, len(words) - ngram + 1))}


def jaccard(left: str, right: str, ngram: int = 5) -> float:
    """Exact Jaccard similarity of two texts' shingle sets."""
    a, b = shingle_set(left, ngram), shingle_set(right, ngram)
    return len(a & b) / len(a | b)


def sequential(texts: Sequence[str], threshold: float = 0.8, ngram: int = 5) -> list[int]:
    """Positions of the texts that are kept when each is compared with all kept before it."""
    kept: list[int] = []
    for i, text in enumerate(texts):
        if all(jaccard(text, texts[j], ngram) < threshold for j in kept):
            kept.append(i)
    return kept
