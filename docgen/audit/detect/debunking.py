# ruff: noqa: E501 - one pattern a line reads better than one broken up
"""Texts that deny what the key facts say without quoting them: fact checks, reviews, letters, papers that take it back.

Two signs are weighed. Kinds of debunking language anywhere in a text about the facts; and sentences that hold several
words of one fact together with words that reject it. A single such sentence proves nothing ("there is no evidence that
the library does harm" is about the library and denies another thing), so that errors take several. Patterns are RE2.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import re2

from docgen.audit.detect.denial import sentence_around
from docgen.audit.detect.known_wordings import Words, content_stems, stem_set, words_of
from docgen.records import Finding, Severity
from docgen.universe import UniverseContext

__all__ = ["Debunking"]

KINDS = 3
"""Kinds of debunking language from which a text about the facts counts as denying them; one fewer is a suspicion."""
SENTENCES = 3
"""Sentences that reject a fact from which the text does; one fewer is a suspicion."""
ABOUT = 0.5
"""Share of a fact's content words that a text must hold to be about it ..."""
SHARED = 3
"""... and how many of them a sentence must."""
MOST = 200
"""Places of one cue that are looked at in one text."""
_SOME = r"(?:\w+[\s-]+){0,3}?"
_NOT = r"\s*(?:n['’]t|\s+not|\s+never)\s+"
_OF_CLAIMS = r"(?:claims?|statements?|information|stories|story|rumou?rs?|reports?|attributions?|premises?|narratives?|assertions?|suggestions?|and)"
REJECTIONS = {
    "calls it false": r"\b(?:falsehoods?|untrue|fabricat\w+|fictitious|baseless|groundless|unfounded|debunk\w*|hoax\w*|myths?|misinformation|disinformation|bogus|spurious|made[- ]up|not\s+true|urban\s+legend|apocryphal|misattribut\w+)\b"
    rf"|\bfalse\s+{_OF_CLAIMS}\b|\b(?:is|are|was|were|as|be|simply|entirely|completely|demonstrably|patently|wholly)\s+(?:\w+ly\s+)?false\b|\bfalsely\s+(?:\w+\s+)?(?:claim|attribut|assert|cit|stat|suggest|present|report|list|link|associat|portray|alleg)\w*",
    "finds no evidence": rf"\b(?:no|zero|any|without|lacks?|lacking|lacked|absence\s+of|not\s+a\s+single)\s+{_SOME}(?:evidence|basis|foundation|support|proof|records?|trace|documentation|substantiation|corroboration|provenance)\b"
    rf"|\b(?:un|not\s+)(?:supported|substantiated|corroborated|backed)\b|\bdo(?:es)?{_NOT}(?:support|substantiate|bear\s+out|corroborate)\b",
    "says that it does not exist": rf"\b(?:do(?:es)?|did){_NOT}(?:actually\s+|really\s+)?(?:exist|happen|occur|take\s+place)\b|\bnever\s+(?:existed|happened|occurred|took\s+place|published|wrote|written|authored|conducted|appeared|issued)\b|\bnon-?existent\b|\bno\s+such\b"
    rf"|\b(?:is|was|are|were){_NOT}(?:real|a\s+real|genuine|listed|indexed|catalogued)\b|\bno\s+{_SOME}(?:exists?|existed)\b|\bdo(?:es)?{_NOT}appear\s+(?:in|on|among|anywhere)\b",
    "finds it unverified": rf"\b(?:has|have|had){_NOT}(?:yet\s+)?(?:been\s+)?(?:validated|established|demonstrated|verified|confirmed|replicated|documented|published|shown|proven|proved|substantiated)\b"
    rf"|\b(?:can|could){_NOT}(?:be\s+)?(?:reliably\s+)?(?:verif(?:y|ied)|locate[d]?|f(?:ind|ound)|confirm(?:ed)?|substantiate[d]?|trace[d]?|identif(?:y|ied))\b|\b(?:unable|failed|fails?)\s+to\s+(?:locate|verify|find|confirm|identify|substantiate|trace|uncover)\b"
    rf"|\bcannot\s+(?:be\s+)?(?:reliably\s+)?(?:verif(?:y|ied)|locate[d]?|f(?:ind|ound)|confirm(?:ed)?|substantiate[d]?|trace[d]?|identif(?:y|ied))\b|\bun(?:verified|verifiable|substantiated|proven|confirmed)\b|\bno\s+{_SOME}(?:validated|established|verified|accepted|recogni[sz]ed|peer[- ]reviewed|published)\b",
    "corrects it": r"\bcontrary\s+to\s+(?:\w+\s+){0,3}?(?:claims?|reports?|belief|assertions?|rumou?rs?|suggestions?|what)\b|\bmis(?:read\w*|represent\w*|interpret\w*|characteri[sz]\w+|constru\w+|quot\w+)\b|\b(?:overstat\w+|overinterpret\w*)\b"
    r"|\b(?:common|popular|widespread|persistent)\s+misconceptions?\b|\bnot\s+(?:an?\s+)?(?:established|verified|documented|genuine)\b|\bretracted\b",
}
UNPROVEN = (
    rf"\b(?:do(?:es)?|did|can|could|should|would){_NOT}(?:\w+ly\s+)?(?:actually\s+)?(?:be\s+)?(?:prove[sn]?|mean|imply|indicate|establish|identify|claim|conclude[d]?|propose|show|demonstrate|find|suggest|confirm|document|report|describe|state|interpreted|taken|presented|posit|argue|assert)\b"
    r"|\bcannot\s+(?:\w+ly\s+)?(?:be\s+)?(?:prove|conclude[d]?|interpreted|taken|presented|show|establish|demonstrate)\b|\bnever\s+(?:proposed|claimed|suggested|concluded|established|showed|demonstrated|argued|said|stated|reported|found|documented|observed|described)\b"
    r"|\b(?:no|neither)\s+(?:\w+[\s-]+){0,4}?(?:study|studies|research|paper|finding|work|source|author|book|document|data|dataset|experiment|report|marker)s?\s+(?:\w+\s+){0,3}?(?:has|have|had|can|could|shows?|exists?|supports?|proves?|demonstrat\w+|establish\w+|confirm\w*|suggest\w*|document\w*|report\w*)\b"
    r"|\bnor\s+(?:has|have|had|is|was|were|do|does|did|can|could)\b|\breject(?:s|ed|ing)?\s+the\s+(?:\w+\s+)?(?:assumption|claim|idea|notion|hypothesis|suggestion|premise)\b|\bcaution(?:s|ed|ing)?\s+(?:\w+ly\s+)?against\b"
)
"""Rejects what comes after it in its sentence."""
DISTANCE = r"\b(?:purport\w*|supposed(?:ly)?|alleged(?:ly)?|so-called|viral(?:ly)?|circulat\w+|claims?|claimed|claiming|asserti\w+|asserts?|rumou?r\w*|narrative)\b"


@dataclass(frozen=True)
class _Cue:
    what: str
    search: Any
    forward: bool = False
    distant: bool = False


def _cues() -> Iterator[_Cue]:
    for what, pattern in REJECTIONS.items():
        yield _Cue(what, re2.compile(f"(?i){pattern}"))
    yield _Cue("says that it is not shown", re2.compile(f"(?i){UNPROVEN}"), forward=True)
    yield _Cue("keeps it at a distance", re2.compile(f"(?i){DISTANCE}"), distant=True)


class Debunking:
    """What a text says against the key facts of one context. Compiled once, then pure."""

    def __init__(self, context: UniverseContext, rule: str) -> None:
        self._rule = rule
        self._facts = tuple(content_stems(Words(fact.statement).words) for fact in context.key_facts)
        self._stems = tuple(sorted(frozenset[str]().union(*self._facts)))
        self._there = re2.Set.SearchSet(re2.Options())
        for stem in self._stems:
            self._there.Add(rf"(?i)(?:\b|[^\x00-\x7f]){re2.escape(stem)}")
        self._there.Compile()
        self._cues = tuple(_cues())

    def may_concern(self, data: bytes) -> bool:
        """Whether the UTF-8 text may be about a fact: quick, and rather yes than no."""
        return self._about({self._stems[number] for number in self._there.Match(data) or ()})

    def weigh(self, text: str, cues: Sequence[Finding], asserted: Collection[tuple[int, int]]) -> Finding | None:
        """At most one finding from debunking language (`cues`, of severity "info") and sentences against the facts.

        Sentences that hold one of the `asserted` spans, where a fact stands in a known wording, say nothing against it.
        """
        kinds = {cue.explanation: cue for cue in reversed(cues)}
        about = self.may_concern(text.encode("utf-8", "replace")) and self._about(stem_set(words_of(text).words))
        against = list(self._against(text, asserted)) if about else []
        rejecting = sorted({span for span, cue in against if not cue.distant})
        kept_off = bool(rejecting) and len(kinds) >= KINDS - 1 and any(cue.distant for _, cue in against)
        certain = about and (len(kinds) >= KINDS or len(rejecting) >= SENTENCES or kept_off)
        if not certain and len(kinds) < KINDS - 1 and len(rejecting) < SENTENCES - 1:
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

    def _about(self, stems: Collection[str]) -> bool:
        return any(len(fact.intersection(stems)) >= ABOUT * len(fact) for fact in self._facts)

    def _against(self, text: str, asserted: Collection[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], _Cue]]:
        """Sentences that share words with a fact and hold a cue; the words have to follow cues that point forward."""
        ties: dict[tuple[int, int], bool] = {}
        plain = text.encode("utf-8", "replace").decode()
        for cue in self._cues:
            for match in islice(cue.search.finditer(plain), MOST):
                span = sentence_around(text, *match.span())
                if any(start < span[1] and span[0] < end for start, end in asserted):
                    continue
                told = (match.start(), span[1]) if cue.forward else span
                if told not in ties:
                    ties[told] = self._tied(text[slice(*told)])
                if ties[told]:
                    yield span, cue

    def _tied(self, passage: str) -> bool:
        stems = content_stems(Words(passage).words)
        return any(len(stems & fact) >= SHARED for fact in self._facts)
