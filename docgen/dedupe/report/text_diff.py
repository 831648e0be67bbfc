"""Word positions and readable differences between two texts; words are those of the kernel."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from docgen.kernels.alphabet import LAST, MARK, SINGLE, WORD, fold_table

__all__ = ["Difference", "differences", "differing_passage", "word_spans"]

MAX_WORDS = 4000
"""A longer differing middle is shown as one difference, since difflib takes quadratic time. Chosen to bound that."""
CONTEXT_WORDS = 8
"""Words of context around a differing passage."""


@dataclass(frozen=True)
class Difference:
    """left[left_start:left_end] corresponds to right[right_start:right_end]; either may be empty."""

    left_start: int
    left_end: int
    right_start: int
    right_end: int


def word_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of each word in characters, by the rules of `kernels.alphabet`."""
    kinds, _ = fold_table()
    spans: list[tuple[int, int]] = []
    start = -1
    for i, character in enumerate(text):
        point = ord(character)
        kind = kinds[point] if point < LAST else 0
        if kind == WORD:
            start = i if start < 0 else start
        elif kind != MARK or start < 0:
            if start >= 0:
                spans.append((start, i))
            if kind == SINGLE:
                spans.append((i, i + 1))
            start = -1
    if start >= 0:
        spans.append((start, len(text)))
    return spans


def differences(left: str, right: str) -> list[Difference]:
    """Where two texts differ, word by word, ignoring case and punctuation."""
    a, b = word_spans(left), word_spans(right)
    x = [left[s:e].casefold() for s, e in a]
    y = [right[s:e].casefold() for s, e in b]
    head, tail = _common_ends(x, y)
    middle_x, middle_y = x[head : len(x) - tail], y[head : len(y) - tail]
    if max(len(middle_x), len(middle_y)) > MAX_WORDS:
        blocks = [(0, len(middle_x), 0, len(middle_y))]
    else:
        matcher = SequenceMatcher(None, middle_x, middle_y, autojunk=False)
        blocks = [(i1, i2, j1, j2) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal"]
    return [
        Difference(*_characters(a, head + i1, head + i2, len(left)), *_characters(b, head + j1, head + j2, len(right)))
        for i1, i2, j1, j2 in blocks
        if i1 < i2 or j1 < j2
    ]


def _common_ends(x: list[str], y: list[str]) -> tuple[int, int]:
    """The lengths of the common prefix and, after it, of the common suffix."""
    shorter = min(len(x), len(y))
    head = next((i for i in range(shorter) if x[i] != y[i]), shorter)
    tail = next((i for i in range(shorter - head) if x[-1 - i] != y[-1 - i]), shorter - head)
    return head, tail


def _characters(spans: list[tuple[int, int]], first: int, last: int, length: int) -> tuple[int, int]:
    if first < last:
        return spans[first][0], spans[last - 1][1]
    place = spans[first][0] if first < len(spans) else length
    return place, place


def differing_passage(left: str, right: str) -> tuple[str, str]:
    """The longest difference with a few words of context in each text; ("", "") if the words agree."""
    passages = differences(left, right)
    if not passages:
        return "", ""
    longest = max(passages, key=lambda d: (d.left_end - d.left_start) + (d.right_end - d.right_start))
    return (
        _with_context(left, longest.left_start, longest.left_end),
        _with_context(right, longest.right_start, longest.right_end),
    )


def _with_context(text: str, start: int, end: int) -> str:
    before, after = text[:start].split()[-CONTEXT_WORDS:], text[end:].split()[:CONTEXT_WORDS]
    return " ".join([*before, f"[{text[start:end]}]", *after])
