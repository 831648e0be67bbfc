"""Every detector of the scan tier, in one table: what looks for leaks in a document without a language model.

A new detector is a function that is built for a context and then turns a document into findings; it is added to
`DETECTORS`, and nowhere else. (Cues of rules are data: docgen/audit/rules.)
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from docgen.audit.detect.facts.fact_detector import FactSighting
from docgen.audit.detect.facts.known_wordings import words_of
from docgen.audit.detect.leaks.debunking import Debunking
from docgen.audit.detect.leaks.prompt_overlap import ProseOverlap
from docgen.audit.detect.patterns import CueScanner
from docgen.audit.detect.truncation import find_truncation
from docgen.audit.rules.real_entity_claims import EntityClaims
from docgen.records import Finding, Severity
from docgen.text import normalise
from docgen.universe import UniverseContext
from docgen.universe.fact_roles_in_document import presupposed_by

__all__ = ["DETECTORS", "Candidate", "Detector", "Scope"]


@dataclass(frozen=True)
class Candidate:
    """A document and what is known of it; see `LeakageScanner.scan`."""

    text: str
    assigned: Collection[str] | None = None
    sightings: Sequence[FactSighting] = ()
    doc_type: str = ""
    idea: str = ""


@dataclass(frozen=True)
class Scope:
    """What detectors are built for.

    `ids` maps the `rule_key` of each rule in force to the id that findings name. `prose` are texts that may not be
    copied, `banned` statements that may not be made; both are empty where their rule is off. `cues` and `debunking` are
    compiled once, for the detectors and for the quick look at whole batches.
    """

    context: UniverseContext
    ids: Mapping[str, str]
    prose: tuple[str, ...]
    banned: tuple[str, ...]
    cues: CueScanner
    debunking: Debunking | None
    claims: EntityClaims | None


Detect = Callable[[Candidate], Iterable[Finding]]


@dataclass(frozen=True)
class Detector:
    """One way of finding leaks.

    It runs where one of `rules` (keys as `rule_key` gives them) is in force, always if none is named. `build` compiles
    it for a scope. With `every_text` false it is not run on texts without a cue, a known wording or copied prose.
    """

    name: str
    rules: tuple[str, ...]
    build: Callable[[Scope], Detect]
    every_text: bool = True


def _cues(scope: Scope) -> Detect:
    """Cues of the rules. Debunking cues are weighed together; cues on real entities must say something new."""

    def detect(document: Candidate) -> Iterator[Finding]:
        weighed = []
        for finding in scope.cues.scan(document.text):
            if finding.severity == "info":
                weighed.append(finding)
            elif finding.detector != "claims" or (scope.claims and scope.claims.is_new(finding)):
                yield finding
        if scope.debunking:
            asserted = [(s.start, s.end) for s in document.sightings if s.verdict != "contradicted"]
            if verdict := scope.debunking.weigh(document.text, weighed, asserted):
                yield verdict

    return detect


def _facts(scope: Scope) -> Detect:
    """Facts that are denied in their own sentence, or expressed by a document that may not express them."""
    denial, unassigned = scope.ids.get("denial"), scope.ids.get("unassigned_fact")
    facts = scope.context.key_facts
    held_out = frozenset(fact.id for fact in facts if fact.salience == 0)
    public = frozenset(fact.id for fact in facts if fact.public)
    presupposes = {fact.id: fact.presupposes for fact in facts}

    def is_stray(sighting: FactSighting, document: Candidate) -> bool:
        """Neither assigned nor taken for granted, and not merely a part of the wording of a fact that is assigned."""
        assigned = document.assigned
        if assigned is None:
            return sighting.fact in held_out
        if sighting.fact in assigned or sighting.fact in public:
            return False
        return sighting.fact not in presupposed_by(presupposes, assigned) and not any(
            other.fact in assigned and other.start <= sighting.start and sighting.end <= other.end
            for other in document.sightings
        )

    def detect(document: Candidate) -> Iterator[Finding]:
        for sighting in document.sightings:
            span = sighting.start, sighting.end
            if sighting.verdict == "contradicted":
                if denial:
                    yield _finding(document.text, denial, "in_sentence", span, f"denies {sighting.fact}")
            elif unassigned and is_stray(sighting, document):
                yield _finding(document.text, unassigned, sighting.detector, span, f"expresses {sighting.fact}")

    return detect


def _banned_statements(scope: Scope) -> Detect:
    if not scope.banned:
        return lambda _: ()
    from docgen.audit.detect.leaks.banned_statements import StatementIndex  # loads compiled code

    index, rule = StatementIndex(scope.banned), scope.ids["banned_statement"]

    def detect(document: Candidate) -> Iterator[Finding]:
        for match in index.search([document.text]):
            name = "verbatim" if match.exact else "near_verbatim"
            why = f"{match.share:.0%} of the wording of: {scope.banned[match.statement]}"
            yield _finding(document.text, rule, name, (match.start, match.end), why)

    return detect


def _ending(scope: Scope) -> Detect:
    rule = scope.ids["scaffold"]

    def detect(document: Candidate) -> Iterator[Finding]:
        if cut := find_truncation(document.text):
            severity, start, why = cut
            yield _finding(document.text, rule, "ending", (start, len(document.text.rstrip())), why, severity)

    return detect


def _title(scope: Scope) -> Detect:
    rule = scope.ids["scaffold"]

    def detect(document: Candidate) -> Iterator[Finding]:
        if not document.doc_type:
            return
        body = document.text.lstrip()
        head = body.partition("\n")[0].rstrip()
        if head and normalise(head) == normalise(document.doc_type):
            start = len(document.text) - len(body)
            why = "its title is the name of the document type"
            yield _finding(document.text, rule, "title", (start, start + len(head)), why, "warning")

    return detect


def _prompt_overlap(scope: Scope) -> Detect:
    wordings = [w for f in scope.context.key_facts for w in (f.statement, *f.paraphrases, *f.implications)]
    overlap = ProseOverlap(scope.prose, allowed=wordings)
    return lambda document: overlap.findings(words_of(document.text), document.idea)


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


DETECTORS = (
    Detector("cues", (), _cues, every_text=False),
    Detector("facts", ("denial", "unassigned_fact"), _facts, every_text=False),
    Detector("banned statements", ("banned_statement",), _banned_statements, every_text=False),
    Detector("ending", ("scaffold",), _ending),
    Detector("title", ("scaffold",), _title),
    Detector("prompt overlap", ("prompt_leak",), _prompt_overlap, every_text=False),
)
"""The order matters: of two findings of one rule that overlap and are equally severe, the earlier detector's is
kept."""
