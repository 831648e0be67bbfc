"""Text as safe HTML: escaped, invisible characters made visible, passages marked in place."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from markupsafe import Markup, escape

__all__ = ["MAX_SCANNED_CHARS", "Span", "is_hidden", "mark_text", "plain"]

WORDS = {0x00AD: "SOFT HYPHEN", 0xFEFF: "ZERO WIDTH NO-BREAK SPACE"}
MAX_SCANNED_CHARS = 300_000
"""Characters above which a text is not scanned while somebody waits for its page."""


@dataclass(frozen=True)
class Span:
    """A passage, text[start:end]. `kind` is fact, rule, judge, label, hit, link or twin; `tag` is what is written
    before its beginning, such as the number of a fact; `title` what a reader is told about it."""

    start: int
    end: int
    kind: str
    subject: str = ""
    tag: str = ""
    title: str = ""
    style: str = ""

    @property
    def classes(self) -> str:
        """CSS classes."""
        return f"{self.kind} {self.style}".strip()


@lru_cache(maxsize=4096)
def is_hidden(character: str) -> bool:
    """Whether a character is invisible, or changes how others are shown: controls, direction marks, joiners,
    surrogates."""
    if character in "\n\t":
        return False
    category = unicodedata.category(character)
    return category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") or 0xFE00 <= ord(character) <= 0xFE0F


def plain(text: str) -> str:
    """The text with hidden characters spelled out, for attributes and lists."""
    if text.isprintable():
        return text
    return "".join(f"[U+{ord(c):04X}]" if is_hidden(c) else c for c in text)


def mark_text(
    text: str, spans: Iterable[Span], first: int = 0, last: int | None = None, anchors: bool = True
) -> Markup:
    """text[first:last] as HTML, each piece with the place where it begins; spans may overlap.

    Line breaks stay as they are: the page shows white space. `anchors`: addresses can point at passages, in one text of
    a page at most.
    """
    last = len(text) if last is None else min(last, len(text))
    inside = [span for span in spans if span.start < last and span.end > first and span.start < span.end]
    inside.sort(key=lambda span: (span.start, -span.end))
    # Where a span begins or ends: between two of these places all characters have the same spans.
    cuts = sorted({first, last, *(max(first, s.start) for s in inside), *(min(last, s.end) for s in inside)})
    pieces, active, waiting = [], list[Span](), 0
    for start, end in pairwise(cuts):
        active = [span for span in active if span.end > start]
        while waiting < len(inside) and inside[waiting].start <= start:
            if inside[waiting].end > start:
                active.append(inside[waiting])
            waiting += 1
        pieces.append(_piece(text, start, end, active, anchors))
    return Markup("").join(pieces)


def _piece(text: str, start: int, end: int, active: Sequence[Span], anchors: bool) -> Markup:
    body = _visible(text[start:end], start)
    if not active:
        return Markup('<span data-at="{}">{}</span>').format(start, body)
    titles = "; ".join(dict.fromkeys(plain(span.title) for span in active if span.title))
    classes = " ".join(dict.fromkeys(span.classes for span in active))
    tags = " ".join(dict.fromkeys(span.tag for span in active if span.tag and span.start == start))
    tag = Markup(' data-tag="{}"').format(tags) if tags else Markup("")
    beginning = [span for span in active if span.start == start and span.kind != "twin"] if anchors else []
    anchor = Markup("")
    if any(span.kind == "link" for span in beginning):
        anchor = Markup(' id="span"')
    elif beginning:
        anchor = Markup(' id="at-{}"').format(start)
    return Markup('<mark class="{}" data-at="{}" title="{}"{}{}>{}</mark>').format(
        classes, start, titles, tag, anchor, body
    )


def _visible(text: str, at: int) -> Markup:
    """Escaped, with hidden characters as small labels that count as one character each."""
    if text.replace("\n", " ").replace("\t", " ").isprintable():
        return Markup(escape(text))
    pieces, plain_from = [], 0
    for place, character in enumerate(text):
        if is_hidden(character):
            pieces.append(_run(text, plain_from, place, at))
            code = ord(character)
            name = unicodedata.name(character, WORDS.get(code, "control character"))
            label = Markup('<span class="hidden" data-at="{}" data-one title="{}">U+{}</span>')
            pieces.append(label.format(at + place, name, f"{code:04X}"))
            plain_from = place + 1
    pieces.append(_run(text, plain_from, len(text), at))
    return Markup("").join(pieces)


def _run(text: str, start: int, end: int, at: int) -> Markup:
    if start == end:
        return Markup("")
    return Markup('<span data-at="{}">{}</span>').format(at + start, text[start:end])
