"""Phrases and punctuation that language models overuse, against their rate in a named reference."""

import re
from collections.abc import Iterable, Mapping

from docgen.records import Record

__all__ = ["REFERENCE", "Marker", "MarkerTally"]

REFERENCE = "50,000 English documents, 34.6 M words: public-domain novels (ELTeC), NLTK's Brown, PEPs, product manuals"
"""What `rates` were measured on (bench/audit.py --markers); older prose than most corpora, so read lifts as a hint."""

MARKERS: Mapping[str, tuple[str, float]] = {}


class Marker(Record):
    """One marker: uses per 10,000 words here and in the reference, `lift` their ratio, documents that hold it."""

    marker: str
    rate: float
    reference: float
    lift: float
    documents: int
