"""Unicode forms of a text: composed or decomposed, full width or half, with or without invisible characters.

Texts are compared folded: NFKC, case-folded, with 0 to 9 for digits of other scripts, without soft hyphens and
characters of no width. Findings name places in the text as it is written, so that a folded text knows where each of its
characters came from.
"""

import re
import unicodedata
from functools import cached_property, partial
from typing import Literal

from docgen.text.word_definition import MARKS

__all__ = ["Folded", "compose", "fold", "is_composed", "western_digits"]

INVISIBLE = ("\u00ad", "\u200b", "\u2060", "\ufeff")
_COMPOSING = rf"[{MARKS}\u1160-\u11ff\uff9e\uff9f]"
CLUSTER = re.compile(rf"[\x00-\x7f]+(?!{_COMPOSING})|[\s\S]{_COMPOSING}*")
"""A character with the marks and letters that may compose with it; ASCII that composes with nothing in one piece."""
OTHER_DIGIT = re.compile(r"[^\D0-9]")
DIGIT_LEADS = bytes(range(0xD9, 0xE2))
"""First bytes in UTF-8 of U+0640 to U+1FFF, where the digits of living scripts are: English with curly quotes, other
European languages, Chinese and Japanese have none of them, and are told apart without a look at each character."""


def fold(text: str) -> str:
    """The text as it is compared."""
    if text.isascii():
        return text.lower()
    return compose(text, compatible=True).casefold()


def compose(text: str, compatible: bool = False) -> str:
    """The text in NFC, without invisible characters, its case as it is; with `compatible` in NFKC, digits 0 to 9."""
    if text.isascii():
        return text
    if not compatible:
        return _visible(unicodedata.normalize("NFC", text))
    return western_digits(_visible(unicodedata.normalize("NFKC", text)))


def western_digits(text: str) -> str:
    """The text with 0 to 9 for decimal digits of other scripts, as Arabic, Persian, Hindi and Thai texts have them."""
    return OTHER_DIGIT.sub(lambda match: str(unicodedata.decimal(match[0])), text) if _may_hold_digits(text) else text


def _may_hold_digits(text: str) -> bool:
    data = text.encode("utf-8", "surrogatepass")
    return len(data.translate(None, DIGIT_LEADS)) < len(data)


def _visible(text: str) -> str:
    """A text without invisible characters, which few have: looking for each is quicker than one pattern of them all."""
    for character in INVISIBLE:
        if character in text:
            text = text.replace(character, "")
    return text


def is_composed(text: str, compatible: bool = False) -> bool:
    """Whether `compose` would leave the text as it is."""
    form: Literal["NFC", "NFKC"] = "NFKC" if compatible else "NFC"
    return text.isascii() or (
        unicodedata.is_normalized(form, text)
        and not any(character in text for character in INVISIBLE)
        and not (compatible and _may_hold_digits(text) and OTHER_DIGIT.search(text))
    )


class Folded:
    """A text folded, or otherwise transformed, and where each character of the result stands in the text."""

    def __init__(self, original: str, text: str | None = None) -> None:
        self.original = original
        self.text = fold(original) if text is None else text

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Span in the original of text[start:end]."""
        if self._is_in_place:
            return start, end
        starts, ends = self._places
        if not starts or start >= len(starts):
            return len(self.original), len(self.original)
        return starts[start], ends[max(start, end - 1)]

    @cached_property
    def _is_in_place(self) -> bool:
        """Whether each character stands where it stood."""
        return len(self.text) == len(self.original) and is_composed(self.original, compatible=True)

    @cached_property
    def _places(self) -> tuple[list[int], list[int]]:
        """First and last place in the original of each character; where clusters do not add up, by proportion."""
        starts, ends = list[int](), list[int]()
        compatible = self.text != compose(self.original)
        transform = fold if self.text == fold(self.original) else partial(compose, compatible=compatible)
        for cluster in CLUSTER.finditer(self.original):
            piece = cluster.group()
            if piece.isascii():  # each of its characters stays one
                starts += range(cluster.start(), cluster.end())
                ends += range(cluster.start() + 1, cluster.end() + 1)
                continue
            size = len(transform(piece))
            starts += [cluster.start()] * size
            ends += [cluster.end()] * size
        if len(starts) != len(self.text):
            scale = len(self.original) / max(1, len(self.text))
            starts = [int(place * scale) for place in range(len(self.text))]
            ends = [min(len(self.original), int((place + 1) * scale) + 1) for place in range(len(self.text))]
        return starts, ends
