"""The scan tier: every leakage rule as far as patterns and wording can see it, on one document in well under 1 ms."""

from collections.abc import Collection, Iterator, Sequence

from docgen.audit.builtin import BUILTIN, LIBRARY
from docgen.audit.endings import truncated
from docgen.audit.facts import FactSighting
from docgen.audit.overlap import ProseOverlap
from docgen.audit.patterns import CueScanner
from docgen.audit.rules import rules_for
from docgen.audit.wording import Hit, WordingIndex, Words, content_stems, words_of
from docgen.records import Finding, Severity
from docgen.text import normalise
from docgen.universe import UniverseContext

__all__ = ["LeakageScanner"]

BANNED_LEAST = 0.35
"""Share of a banned statement's three-word grams that must occur near each other; half a statement is a leak."""
BANNED_STEMS = 0.4
"""Share of its content words that must occur there too, so that stock phrases do not count."""


class LeakageScanner:
    """Scans documents of one context. Compiled once, then pure.

    `off` names built-in or context rules to leave out; `prompts` are further texts (templates) that may not be copied.
    Raises `ContextError` for an unusable pattern and `ConfigError` for an unknown rule in `off`.
    """

    def __init__(self, context: UniverseContext, off: Collection[str] = (), prompts: Sequence[str] = ()) -> None:
        self.rules = rules_for(context, BUILTIN, off, LIBRARY)
        self._rule = {rule.id: rule for rule in self.rules}
        self._cues = CueScanner(self.rules)
        self._held_out = frozenset(fact.id for fact in context.key_facts if fact.salience == 0)
        self._names = {fact.id: fact.statement for fact in context.key_facts}
        self._banned = tuple(context.banned_statements)
        self._index = WordingIndex([Words(text).words for text in self._banned], least=BANNED_LEAST, shortest=5)
        wordings = [w for f in context.key_facts for w in (f.statement, *f.paraphrases, *f.implications)]
        self._prose = ProseOverlap((context.universe_context, *prompts), allowed=wordings)
        self._denial = next((rule.id for rule in self.rules if rule.id.lower() == "denial"), None)

    def scan(
        self,
        text: str,
        assigned: Collection[str] | None = None,
        sightings: Sequence[FactSighting] = (),
        doc_type: str = "",
        idea: str = "",
    ) -> list[Finding]:
        """Findings in one document, in order of place.

        `assigned` are the ids of the facts that the document may express (None: unknown, so that only held-out facts
        count as unassigned), `sightings` what `FactDetector.detect` saw in the same text.
        """
        words = words_of(text)
        findings = [*self._cues.scan(text), *self._facts(text, assigned, sightings), *self._banned_hits(words)]
        if "scaffold" in self._rule:
            findings += _shape(text, doc_type)
        if "prompt_leak" in self._rule:
            findings += self._prose.findings(words, idea)
        return sorted(findings, key=lambda finding: (finding.start, finding.end, finding.rule))

    def _facts(
        self, text: str, assigned: Collection[str] | None, sightings: Sequence[FactSighting]
    ) -> Iterator[Finding]:
        for sighting in sightings:
            if sighting.verdict == "contradicted":
                if self._denial:
                    yield _finding(text, self._denial, "in_sentence", sighting, f"denies {sighting.fact}")
            elif "unassigned_fact" in self._rule and self._is_stray(sighting, assigned, sightings):
                yield _finding(text, "unassigned_fact", sighting.detector, sighting, f"expresses {sighting.fact}")

    def _is_stray(
        self, sighting: FactSighting, assigned: Collection[str] | None, sightings: Sequence[FactSighting]
    ) -> bool:
        """Not assigned, and not merely a part of the wording of a fact that is."""
        if assigned is None:
            return sighting.fact in self._held_out
        covering = (s for s in sightings if s.fact in assigned and s.start <= sighting.start and sighting.end <= s.end)
        return sighting.fact not in assigned and next(covering, None) is None

    def _banned_hits(self, words: Words) -> Iterator[Finding]:
        if "banned_statement" not in self._rule or not self._banned:
            return
        for hit in self._index.hits(words.words):
            if _carries(self._index.wordings[hit.wording], words, hit):
                start, end = words.span(hit.first, hit.last)
                yield Finding(
                    rule="banned_statement",
                    severity="error",
                    detector="verbatim" if hit.exact else "near_verbatim",
                    start=start,
                    end=end,
                    evidence=words.text[start:end],
                    explanation=f"{hit.share:.0%} of the wording of: {self._banned[hit.wording]}",
                )


def _carries(statement: Sequence[str], words: Words, hit: Hit) -> bool:
    """Whether enough of the statement's content words stand at the hit."""
    wanted = content_stems(statement)
    there = content_stems(words.words[hit.first : hit.last + 1])
    return hit.exact or len(wanted & there) >= BANNED_STEMS * len(wanted)


def _finding(text: str, rule: str, detector: str, sighting: FactSighting, why: str) -> Finding:
    return Finding(
        rule=rule,
        severity="error",
        detector=detector,
        start=sighting.start,
        end=sighting.end,
        evidence=text[sighting.start : sighting.end],
        explanation=why,
    )


def _shape(text: str, doc_type: str) -> Iterator[Finding]:
    """Scaffold that lies in the form: an ending cut off, the document type's name for a title."""
    if cut := truncated(text):
        severity, start, why = cut
        yield _scaffold(text, severity, "ending", start, len(text.rstrip()), why)
    body = text.lstrip()
    head, at = body.split("\n", 1)[0], len(text) - len(body)
    if doc_type and normalise(head) == normalise(doc_type):
        yield _scaffold(
            text, "warning", "title", at, at + len(head.rstrip()), "its title is the name of the document type"
        )


def _scaffold(text: str, severity: Severity, detector: str, start: int, end: int, why: str) -> Finding:
    return Finding(
        rule="scaffold",
        severity=severity,
        detector=detector,
        start=start,
        end=end,
        evidence=text[start:end],
        explanation=why,
    )
