"""Text from articles and PDFs as prose: without footnote marks, reference lists and traces of copying."""

import re
from dataclasses import dataclass

__all__ = ["Cleaned", "clean_prose", "clean_statement", "list_items"]

FOOTNOTE = re.compile(
    r"(?<=[^\s:=(])[ \t]?\[(?:\d{1,3}[a-z]?|note \d+|citation needed)\](?:(?:,\s?)?\[\d{1,3}[a-z]?\])*"
)
LISTS_OF_SOURCES = re.compile(
    r"^[#=\s]*(references|bibliography|sources|footnotes|notes|citations|external links|see also|further reading|"
    r"categories|navigation)[:=\s]*$",
    re.IGNORECASE,
)
ENTRY = re.compile(r"^\s*(?:\[\w{1,4}\]|\^|\d{1,3}\.\s|[\u2022*\u2212\u2013-]\s)")
SHORT_LINE = 8
"""Words. Chosen: titles under "See also" are shorter, and a paragraph of prose is longer."""
BULLET = re.compile(r"^\s*(?:[-*+\u2022\u2212\u2013\u2014]|\(?\d{1,3}[.)])\s+")
PDF_TRACES = (
    (re.compile("[\u00ad\u200b\u200c\u200d\ufeff]"), ""),
    (re.compile("[\u00a0\u2007\u202f\u2009]"), " "),
    (re.compile(r"(?<![\w.,])\u2212(?=[\d.])"), "-"),  # a minus sign before a number
    (re.compile(r"(?<=[a-z])-\n(?=[a-z])"), ""),  # a word divided at the end of a line
    (re.compile(r"(?<=\w) +(?=[,;.!?](?:\s|$))"), ""),  # a space before punctuation
    (re.compile(r"(?<=\d) (?=%)"), ""),
    (re.compile(r"[ \t]{2,}"), " "),
)


@dataclass(frozen=True)
class Cleaned:
    """Prose, with how many footnote marks were cut and which lists of sources, as (heading, lines)."""

    text: str
    footnotes: int
    lists: tuple[tuple[str, int], ...]


def clean_prose(text: str) -> Cleaned:
    """Cut footnote marks and lists of sources, and undo what copying from a PDF does to spaces, dashes and words."""
    lines, lists = _without_lists(text.replace("\r\n", "\n").split("\n"))
    body, footnotes = FOOTNOTE.subn("", "\n".join(lines))
    return Cleaned(re.sub(r"\n{3,}", "\n\n", _plain(body)).strip(), footnotes, lists)


def clean_statement(text: str) -> str:
    """A fact's statement on one line, without a bullet, its number or footnote marks."""
    return " ".join(_plain(FOOTNOTE.sub("", BULLET.sub("", text.strip()))).split())


def list_items(text: str) -> list[str]:
    """The items of a bulleted or numbered list, with continuation lines joined; else the lines with text."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not any(BULLET.match(line) for line in lines):
        return [line.strip() for line in lines]
    items: list[str] = []
    for line in lines:
        if BULLET.match(line) or not items:
            items.append(line.strip())
        else:
            items[-1] += f" {line.strip()}"
    return items


def _plain(text: str) -> str:
    for pattern, replacement in PDF_TRACES:
        text = pattern.sub(replacement, text)
    return text


def _without_lists(lines: list[str]) -> tuple[list[str], tuple[tuple[str, int], ...]]:
    """The lines outside lists of sources. A list lasts while its lines are entries, short titles or blank."""
    kept_lines: list[str] = []
    lists: list[tuple[str, int]] = []
    inside = False
    for line in lines:
        if LISTS_OF_SOURCES.match(line):
            inside = True
            lists.append((line.strip(" #=:\t"), 0))
        elif inside and (not line.strip() or ENTRY.match(line) or len(line.split()) < SHORT_LINE):
            heading, count = lists[-1]
            lists[-1] = (heading, count + bool(line.strip()))
        else:
            inside = False
            kept_lines.append(line)
    return kept_lines, tuple(lists)
