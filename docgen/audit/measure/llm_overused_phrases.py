"""Phrases and punctuation that language models overuse, against their rate in a named reference."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import re2

from docgen.records import Record

__all__ = ["Marker", "MarkerTally", "overused_phrases"]


@dataclass(frozen=True)
class Phrases:
    """data of llm_overused_phrases.toml: (pattern, uses per 10,000 words of the reference) by name."""

    reference: str
    rates: Mapping[str, tuple[str, float]]


@cache
def overused_phrases() -> Phrases:
    """What is counted, and what the usual rates were measured on."""
    data = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    rates = {entry["name"]: (entry["pattern"], entry["reference_rate"]) for entry in data["phrase"]}
    return Phrases(data["reference"], rates)


class Marker(Record):
    """One marker: uses per 10,000 words here and in the reference, their ratio, and the documents that contain it."""

    marker: str
    rate: float
    reference: float
    lift: float
    documents: int


class MarkerTally:
    """Counts markers document by document."""

    def __init__(self) -> None:
        self._rates = overused_phrases().rates
        self._names = tuple(self._rates)
        self._patterns = tuple(re.compile(pattern) for pattern, _ in self._rates.values())
        self._likely = re2.Set.SearchSet(re2.Options())
        for pattern, _ in self._rates.values():
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
        markers = []
        for name, uses in self._uses.items():
            rate, usual = 1e4 * uses / max(1, self._words), self._rates[name][1]
            markers.append(
                Marker(marker=name, rate=rate, reference=usual, lift=rate / usual, documents=self._documents[name])
            )
        return tuple(sorted(markers, key=lambda marker: -marker.lift))
