"""The scan tier: every leakage rule as far as patterns and wording can see it, on one document in well under 1 ms."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from docgen.audit.detect.debunking import Debunking
from docgen.audit.detect.facts import FactSighting
from docgen.audit.detect.known_wordings import words_of
from docgen.audit.detect.patterns import CueScanner
from docgen.audit.detect.prompt_overlap import ProseOverlap
from docgen.audit.detect.truncation import truncated
from docgen.audit.rules.real_entities import EntityClaims
from docgen.audit.rules.rule import rule_key, rules_for
from docgen.audit.rules.shipped import behaviour_rules, builtin_rules
from docgen.records import Finding, Severity
from docgen.text import normalise
from docgen.universe import UniverseContext

if TYPE_CHECKING:
    from docgen.audit.detect.banned_statements import StatementIndex

__all__ = ["LeakageScanner"]


class LeakageScanner:
    """Scans documents of one context. Compiled once, then pure.

    `off` names built-in or context rules to leave out; `prompts` are further texts (templates) that may not be copied.
    Raises `ContextError` for an unusable pattern and `ConfigError` for an unknown rule in `off`.
    """

    def __init__(self, context: UniverseContext, off: Collection[str] = (), prompts: Sequence[str] = ()) -> None:
        claims = EntityClaims.of(context)
        builtin = (*builtin_rules(), claims.rule) if claims else builtin_rules()
        self.rules = rules_for(context, builtin, off, behaviour_rules())
        self._ids = {rule_key(rule.id): rule.id for rule in self.rules}
        self._claims = claims
        self.cues = CueScanner(self.rules)
        self._held_out = frozenset(fact.id for fact in context.key_facts if fact.salience == 0)
        self._debunking = Debunking(context, self._ids["denial"]) if "denial" in self._ids else None
        wordings = [w for f in context.key_facts for w in (f.statement, *f.paraphrases, *f.implications)]
        self.prose = (context.universe_context, *prompts) if "prompt_leak" in self._ids else ()
        self._prose = ProseOverlap(self.prose, allowed=wordings)
        self.banned = context.banned_statements if "banned_statement" in self._ids else ()
        self._statements = _statement_index(self.banned)

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
        findings = [*self._cued(text, sightings), *self._facts(text, assigned, sightings), *self._banned_hits(text)]
        findings += self.shape(text, doc_type)
        if self.prose:
            findings += self._prose.findings(words_of(text), idea)
        return sorted(_distinct(findings), key=lambda finding: (finding.start, finding.end, finding.rule))

    def shape(self, text: str, doc_type: str = "") -> Iterator[Finding]:
        """Scaffold that lies in the form: an ending cut off, the document type's name for a title."""
        if "scaffold" not in self._ids:
            return
        if cut := truncated(text):
            severity, start, why = cut
            yield _finding(text, self._ids["scaffold"], "ending", (start, len(text.rstrip())), why, severity)
        if doc_type and (span := _title(text, doc_type)):
            why = "its title is the name of the document type"
            yield _finding(text, self._ids["scaffold"], "title", span, why, "warning")

    def touches(self, data: bytes) -> bool:
        """Whether patterns or denial may have something to say of the UTF-8 text: quick, and rather yes than no."""
        return self.cues.touches(data) or (self._debunking is not None and self._debunking.may_concern(data))

    def _cued(self, text: str, sightings: Sequence[FactSighting]) -> Iterator[Finding]:
        """Findings of patterns; cues of debunking are weighed together."""
        debunking = []
        for finding in self.cues.scan(text):
            if finding.severity == "info":
                debunking.append(finding)
            elif finding.detector != "claims" or (self._claims and self._claims.is_new(finding)):
                yield finding
        if self._debunking:
            asserted = [(s.start, s.end) for s in sightings if s.verdict != "contradicted"]
            if found := self._debunking.weigh(text, debunking, asserted):
                yield found

    def _facts(
        self, text: str, assigned: Collection[str] | None, sightings: Sequence[FactSighting]
    ) -> Iterator[Finding]:
        for sighting in sightings:
            span = sighting.start, sighting.end
            if sighting.verdict == "contradicted":
                if "denial" in self._ids:
                    yield _finding(text, self._ids["denial"], "in_sentence", span, f"denies {sighting.fact}")
            elif "unassigned_fact" in self._ids and self._is_stray(sighting, assigned, sightings):
                yield _finding(text, "unassigned_fact", sighting.detector, span, f"expresses {sighting.fact}")

    def _is_stray(
        self, sighting: FactSighting, assigned: Collection[str] | None, sightings: Sequence[FactSighting]
    ) -> bool:
        """Not assigned, and not merely a part of the wording of a fact that is."""
        if assigned is None:
            return sighting.fact in self._held_out
        covering = (s for s in sightings if s.fact in assigned and s.start <= sighting.start and sighting.end <= s.end)
        return sighting.fact not in assigned and next(covering, None) is None

    def _banned_hits(self, text: str) -> Iterator[Finding]:
        if self._statements is None:
            return
        for match in self._statements.search([text]):
            detector = "verbatim" if match.exact else "near_verbatim"
            why = f"{match.share:.0%} of the wording of: {self.banned[match.statement]}"
            yield _finding(text, self._ids["banned_statement"], detector, (match.start, match.end), why)


def _statement_index(statements: Sequence[str]) -> "StatementIndex | None":
    """Compiled code is loaded only for contexts that ban statements."""
    if not statements:
        return None
    from docgen.audit.detect.banned_statements import StatementIndex

    return StatementIndex(statements)


def _distinct(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for a rule and place, the most severe; two cues that overlap say one thing."""
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda finding: finding.severity != "error"):
        if not any(_same_place(finding, other) for other in kept):
            kept.append(finding)
    return kept


def _same_place(a: Finding, b: Finding) -> bool:
    return a.rule == b.rule and a.start < b.end and b.start < a.end


def _title(text: str, doc_type: str) -> tuple[int, int] | None:
    body = text.lstrip()
    head = body.split("\n", 1)[0].rstrip()
    start = len(text) - len(body)
    return (start, start + len(head)) if head and normalise(head) == normalise(doc_type) else None


def _finding(
    text: str, rule: str, detector: str, span: tuple[int, int], why: str, severity: Severity = "error"
) -> Finding:
    start, end = span
    return Finding(
        rule=rule,
        severity=severity,
        detector=detector,
        start=start,
        end=end,
        evidence=text[start:end],
        explanation=why,
    )
