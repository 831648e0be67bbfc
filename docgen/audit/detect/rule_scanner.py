"""Scans a document for every leakage rule, as far as patterns and wording can detect it, in well under 1 ms."""

from collections.abc import Collection, Iterable, Sequence

from docgen.audit.detect.detectors import DETECTORS, Candidate, Scope
from docgen.audit.detect.facts.fact_detector import FactSighting
from docgen.audit.detect.leaks.debunking import Debunking
from docgen.audit.detect.patterns import CueScanner
from docgen.audit.rules.builtin_rules import behaviour_rules, builtin_rules
from docgen.audit.rules.leakage_rule import rule_key, rules_for, with_language
from docgen.audit.rules.real_entity_claims import EntityClaims
from docgen.audit.rules.unreal_world import unreal_world_cues, with_cues
from docgen.records import Finding
from docgen.universe import UniverseContext

__all__ = ["LeakageScanner"]


class LeakageScanner:
    """Scans documents of one context. Compiled once, then pure.

    `off` names built-in or context rules to leave out; `prompts` are further texts (templates) that may not be copied.
    Raises `ContextError` for an unusable pattern and `ConfigError` for an unknown rule in `off`.
    """

    def __init__(self, context: UniverseContext, off: Collection[str] = (), prompts: Sequence[str] = ()) -> None:
        claims = EntityClaims.of(context)
        builtin = (*builtin_rules(), claims.rule) if claims else builtin_rules()
        spoken = [with_language(rule, context.speaks) for rule in rules_for(context, builtin, off, behaviour_rules())]
        self.rules = tuple(spoken)
        ids = {rule_key(rule.id): rule.id for rule in self.rules}
        self.prose = (context.universe_context, *prompts) if "prompt_leak" in ids else ()
        self.banned = context.banned_statements if "banned_statement" in ids else ()
        debunking = Debunking(context, ids["denial"]) if "denial" in ids else None
        of_world = unreal_world_cues(context)
        cues = CueScanner([with_cues(rule, of_world) for rule in self.rules])
        self._scope = Scope(context, ids, self.prose, self.banned, cues, debunking, claims)
        self._detectors = [
            (detector.every_text, detector.build(self._scope))
            for detector in DETECTORS
            if not detector.rules or not ids.keys().isdisjoint(detector.rules)
        ]

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
        document = Candidate(text, assigned, sightings, doc_type, idea)
        return _settled(finding for _, detect in self._detectors for finding in detect(document))

    def scan_untouched(self, text: str, doc_type: str = "") -> list[Finding]:
        """The same for a text without a cue, known wording or copied prose: by the detectors for every text."""
        document = Candidate(text, doc_type=doc_type)
        findings = [finding for every, detect in self._detectors if every for finding in detect(document)]
        return _settled(findings) if findings else findings

    def touches(self, data: bytes) -> bool:
        """Whether patterns or the search for denial may find something in the UTF-8 text: a quick check that errs
        towards yes."""
        debunking = self._scope.debunking
        return self._scope.cues.touches(data) or (debunking is not None and debunking.may_concern(data))


def _settled(findings: Iterable[Finding]) -> list[Finding]:
    """In order of place, one for each rule and place, the most severe; two cues that overlap count as one."""
    distinct: list[Finding] = []
    for finding in sorted(findings, key=lambda finding: finding.severity != "error"):
        if not any(_same_place(finding, other) for other in distinct):
            distinct.append(finding)
    return sorted(distinct, key=lambda finding: (finding.start, finding.end, finding.rule))


def _same_place(a: Finding, b: Finding) -> bool:
    return a.rule == b.rule and a.start < b.end and b.start < a.end
