"""Where in a text a fact is recognised by wording: in which sentences, and how prominent it seems to be."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter

from docgen.audit.detect.facts.fact_detector import FactSighting
from docgen.records import Prominence
from docgen.text import trimmed

__all__ = ["holding_sentences", "prominence_of"]


def holding_sentences(
    text: str, spans: Sequence[tuple[int, int]], sightings: Iterable[FactSighting]
) -> list[tuple[int, int]]:
    """The sentences, of the pieces in order, that contain a sighting or part of one."""
    places: set[int] = set()
    for sighting in sightings:
        first = bisect_right(spans, sighting.start, key=itemgetter(1))
        places.update(range(first, bisect_left(spans, sighting.end, lo=first, key=itemgetter(0))))
    return [span for place in sorted(places) if (span := trimmed(text, *spans[place]))]


def prominence_of(holding: Sequence[tuple[int, int]], length: int) -> Prominence:
    """How prominent a fact seems to be, by the place and the length of its sentences.

    Central: a fifth of the text, or two sentences of which one is in the first quarter. Passing: one short sentence.
    The shares are chosen: what a judge says of prominence is the figure to go by, where there is one.
    """
    share = sum(end - start for start, end in holding) / length
    early = any(start < length / 4 for start, _ in holding)
    if share >= 0.2 or (len(holding) > 1 and early):
        return "central"
    return "passing" if len(holding) <= 1 and share < 0.08 else "supporting"
