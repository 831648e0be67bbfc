"""Phrases and punctuation that language models overuse, against their rate in a named reference."""

import re
from collections import Counter
from collections.abc import Mapping

import re2

from docgen.records import Record

__all__ = ["MARKERS", "REFERENCE", "Marker", "MarkerTally"]

REFERENCE = "a third of 50,000 English documents: public-domain novels (ELTeC), NLTK's Brown, PEPs, product manuals"
"""What the rates below were measured on. Older prose than most corpora: read lifts as hints."""

# marker: (pattern, uses per 10,000 words in the reference; half a use where there was none)
# ruff: disable[E501]
MARKERS: Mapping[str, tuple[str, float]] = {
    "em dash": (r"—", 23.7),
    "curly quotes": (r"[“”]", 35.8),
    "not just X but Y": (r"(?i)\bnot (?:just|only|merely|simply)\b[^.!?\n]{1,60}\bbut\b", 0.78),
    "it is not X, it is Y": (
        r"(?i)\b(?:it|this|that)(?:['’]s| is| was) ?(?:not|n['’]t)\b[^.!?\n]{1,50}[,;—-] ?(?:it|this|that)(?:['’]s| is| was)\b",
        0.141,
    ),
    "delve": (r"(?i)\bdelv(?:e|es|ed|ing)\b", 0.0187),
    "tapestry": (r"(?i)\btapestr(?:y|ies)\b", 0.0409),
    "testament to": (r"(?i)\btestament to\b", 0.00623),
    "underscore": (r"(?i)\bunderscor(?:e|es|ed|ing)\b", 0.0632),
    "pivotal": (r"(?i)\bpivotal\b", 0.00712),
    "crucial": (r"(?i)\bcrucial(?:ly)?\b", 0.0659),
    "nuanced": (r"(?i)\bnuance[sd]?\b", 0.0187),
    "landscape of": (r"(?i)\b(?:evolving|changing|current|complex|broader) landscape\b", 0.00178),
    "realm of": (r"(?i)\b(?:in the )?realm of\b", 0.0294),
    "robust": (r"(?i)\brobust\b", 0.0676),
    "seamless": (r"(?i)\bseamless(?:ly)?\b", 0.0089),
    "foster": (r"(?i)\bfoster(?:s|ed|ing)?\b", 0.161),
    "leverage": (r"(?i)\bleverag(?:e|es|ed|ing)\b", 0.0249),
    "navigate": (r"(?i)\bnavigat(?:e|es|ed|ing) (?:the|this|these|complex)\b", 0.00267),
    "it is important to note": (
        r"(?i)\bit(?:['’]s| is) (?:important|worth|crucial|essential) (?:to note|noting|to remember|to recognize|to understand)\b",
        0.0142,
    ),
    "in conclusion": (r"(?i)\bin (?:conclusion|summary)\b", 0.0178),
    "moreover": (r"(?i)\bmoreover\b", 0.526),
    "furthermore": (r"(?i)\bfurthermore\b", 0.0819),
    "additionally": (r"(?i)\badditionally\b", 0.0997),
    "in today's world": (r"(?i)\bin (?:today['’]s|an? (?:increasingly|ever[- ]changing|rapidly))\b", 0.032),
    "ever-evolving": (r"(?i)\bever[- ](?:evolving|changing|growing)\b", 0.0178),
    "game-changer": (r"(?i)\bgame[- ]chang(?:er|ing)\b", 0.000445),
    "stands as": (r"(?i)\bstands? as an?\b", 0.00356),
    "plays a role": (r"(?i)\bplay(?:s|ed|ing)? an? (?:\w+ )?role\b", 0.0356),
    "shed light": (r"(?i)\bshed(?:s|ding)? light on\b", 0.00979),
    "a wide range of": (r"(?i)\ba (?:wide|diverse|vast|broad) (?:range|array|variety) of\b", 0.0249),
    "meticulous": (r"(?i)\bmeticulous(?:ly)?\b", 0.0089),
    "intricate": (r"(?i)\bintricat(?:e|ely|acies)\b", 0.0472),
    "vibrant": (r"(?i)\bvibrant\b", 0.0187),
    "profound": (r"(?i)\bprofound(?:ly)?\b", 0.432),
    "remarkable": (r"(?i)\bremarkabl[ey]\b", 0.579),
    "unprecedented": (r"(?i)\bunprecedented\b", 0.0587),
    "bold list label": (r"(?m)^[ \t]*[-*\d.]+[ \t]+\*\*[^*\n]{2,60}\*\*", 0.0792),
    "Sarah Chen and kin": (
        r"\b(?:Sarah|Emily|Michael|David|James|Elena|Marcus|Maya|Priya|Maria) (?:Chen|Rodriguez|Thompson|Patel|Vance|Martinez|Okafor|Sharma|Johnson|Walsh)\b",
        0.00356,
    ),
}
# ruff: enable[E501]


class Marker(Record):
    """One marker: uses per 10,000 words here and in the reference, their ratio, documents that hold it."""

    marker: str
    rate: float
    reference: float
    lift: float
    documents: int


class MarkerTally:
    """Counts markers as documents come."""

    def __init__(self) -> None:
        self._names = tuple(MARKERS)
        self._patterns = tuple(re.compile(pattern) for pattern, _ in MARKERS.values())
        self._likely = re2.Set.SearchSet(re2.Options())
        for pattern, _ in MARKERS.values():
            self._likely.Add(pattern)
        self._likely.Compile()
        self._uses: Counter[str] = Counter()
        self._documents: Counter[str] = Counter()
        self._words = 0

    def add(self, text: str) -> None:
        """Count one document."""
        self._words += text.count(" ") + 1
        for number in self._likely.Match(text.encode("utf-8", "replace")) or ():
            name = self._names[number]
            self._uses[name] += len(self._patterns[number].findall(text))
            self._documents[name] += 1

    def report(self) -> tuple[Marker, ...]:
        """Markers that occur, the most overused first."""
        found = []
        for name, uses in self._uses.items():
            rate, usual = 1e4 * uses / max(1, self._words), MARKERS[name][1]
            found.append(
                Marker(marker=name, rate=rate, reference=usual, lift=rate / usual, documents=self._documents[name])
            )
        return tuple(sorted(found, key=lambda marker: -marker.lift))
