"""Texts that deny what the key facts say without quoting them: fact checks, reviews, letters, retractions.

Two signs are weighed: kinds of debunking language anywhere in a text about the facts; and sentences that contain
several words of one fact together with words that reject it. One such sentence proves nothing ("there is no evidence
that the library does harm" mentions the library but denies something else), so it takes several to make an error. The
words are in data/debunking.toml.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import re2

from docgen.audit.data_files import read_patterns
from docgen.audit.detect.facts.known_wordings import Words, content_prefixes, stem_set, words_of
from docgen.audit.detect.leaks.denial import sentence_around
from docgen.audit.detect.patterns import PatternSet
from docgen.records import Finding, Severity
from docgen.text.output.sanitize import encodable
from docgen.universe import UniverseContext

__all__ = ["Debunking"]

DENYING_KINDS = 3
"""A text about the facts with this many kinds of debunking language denies them; with one fewer it is a suspect."""
DENYING_SENTENCES = 3
"""A text with this many sentences that reject a fact denies it; with one fewer it is a suspect."""
MIN_TOPIC_SHARE = 0.5
"""Share of a fact's content words that a text must contain to be about it ..."""
MIN_SHARED_WORDS = 3
"""... and how many of them a sentence must."""
MAX_MATCHES_PER_CUE = 200
"""Places of one cue that are looked at in one text. Bounds the time that a hostile text takes."""


@dataclass(frozen=True)
class _Cue:
    """A kind of rejection. A `forward` cue rejects what follows it in its sentence; a `distant` one proves nothing by
    itself."""

    what: str
    search: Any
    forward: bool = False
    distant: bool = False


@cache
def _cues() -> tuple[tuple[_Cue, ...], PatternSet]:
    """The kinds, and which of them may occur in a text."""
    kinds = read_patterns(Path(__file__).parents[1] / "data" / "debunking.toml")["kind"]
    patterns = [f"(?i){'|'.join(kind['alternatives'])}" for kind in kinds]
    cues = [
        _Cue(kind["what"], re2.compile(pattern), kind.get("forward", False), kind.get("distant", False))
        for kind, pattern in zip(kinds, patterns, strict=True)
    ]
    return tuple(cues), PatternSet(patterns)


class Debunking:
    """What a text says against the key facts of one context. Compiled once, then pure."""

    def __init__(self, context: UniverseContext, rule: str) -> None:
        self._rule = rule
        self._facts = tuple(content_prefixes(Words(fact.statement).words) for fact in context.key_facts)
        self._there = re2.Set.SearchSet(re2.Options())
        bits: dict[str, int] = {}
        for stem in sorted(frozenset[str]().union(*self._facts)):
            bits[stem] = 1 << self._there.Add(rf"(?i)(?:\b|[^\x00-\x7f]){re2.escape(stem)}")
        self._there.Compile()
        self._topics = [(sum(bits[stem] for stem in fact), MIN_TOPIC_SHARE * len(fact)) for fact in self._facts]
        self._fewest = min((fewest for _, fewest in self._topics), default=math.inf)
        self._cues, self._likely = _cues()

    def may_concern(self, data: bytes) -> bool:
        """Whether the UTF-8 text may be about a fact: a quick check that errs towards yes."""
        numbers = self._there.Match(data) or ()
        if len(numbers) < self._fewest:
            return False
        there = sum([1 << number for number in numbers])
        return any((there & topic).bit_count() >= fewest for topic, fewest in self._topics)

    def weigh(self, text: str, cues: Sequence[Finding], asserted: Collection[tuple[int, int]]) -> Finding | None:
        """At most one finding from debunking language (`cues`, of severity "info") and sentences against the facts.

        Sentences that contain one of the `asserted` spans, where a fact occurs in a known wording, do not count against
        it.
        """
        kinds = {cue.explanation: cue for cue in reversed(cues)}
        plain = encodable(text)
        likely = self._likely.numbers(plain)
        if not likely and len(kinds) < DENYING_KINDS - 1:
            return None  # as most texts; whether they are about a fact takes longer to see
        may_concern = self.may_concern(text.encode("utf-8", "replace"))
        stems = stem_set(words_of(text).words) if may_concern else frozenset[str]()
        about = any(len(fact & stems) >= MIN_TOPIC_SHARE * len(fact) for fact in self._facts)
        against = list(self._against(text, plain, likely, asserted)) if about else []
        rejecting = sorted({span for span, cue in against if not cue.distant})
        kept_off = bool(rejecting) and len(kinds) >= DENYING_KINDS - 1 and any(cue.distant for _, cue in against)
        certain = about and (len(kinds) >= DENYING_KINDS or len(rejecting) >= DENYING_SENTENCES or kept_off)
        if not certain and len(kinds) < DENYING_KINDS - 1 and len(rejecting) < DENYING_SENTENCES - 1:
            return None
        severity: Severity = "error" if certain else "warning"
        if not rejecting:
            first = min(kinds.values(), key=lambda cue: cue.start)
            why = f"debunking language of {len(kinds)} kinds: {', '.join(sorted(kinds))}"
            return first.model_copy(update={"severity": severity, "explanation": why})
        said = sorted({cue.what for _, cue in against})
        some = "sentences reject" if rejecting[1:] else "sentence rejects"
        why = f"{len(rejecting)} {some} a fact ({', '.join(said)}); {len(kinds)} kinds of debunking language"
        start, end = rejecting[0]
        return Finding(
            rule=self._rule,
            severity=severity,
            detector="debunking",
            start=start,
            end=end,
            evidence=text[start:end],
            explanation=why,
        )

    def _against(
        self, text: str, plain: str, likely: Iterable[int], asserted: Collection[tuple[int, int]]
    ) -> Iterator[tuple[tuple[int, int], _Cue]]:
        """Sentences that share words with a fact and contain a cue; the words must follow cues that point forward."""
        ties: dict[tuple[int, int], bool] = {}
        for cue in map(self._cues.__getitem__, likely):
            for match in islice(cue.search.finditer(plain), MAX_MATCHES_PER_CUE):
                span = sentence_around(text, *match.span())
                if any(start < span[1] and span[0] < end for start, end in asserted):
                    continue
                passage = (match.start(), span[1]) if cue.forward else span
                if passage not in ties:
                    ties[passage] = self._tied(text[slice(*passage)])
                if ties[passage]:
                    yield span, cue

    def _tied(self, passage: str) -> bool:
        stems = content_prefixes(Words(passage).words)
        return any(len(stems & fact) >= MIN_SHARED_WORDS for fact in self._facts)
