"""A judge's verdicts on one document, or on some ideas, read from its reply.

An entry counts only with a quoted passage that occurs in the document. An entry without one leaves its fact or rule
open and does not invalidate the others. A reply that cannot be read at all is an error and never a score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from docgen.audit.detect.facts.fact_detector import FactSighting, FactVerdict
from docgen.audit.detect.facts.known_wordings import Words
from docgen.errors import DocgenError
from docgen.prompts.grade_definitions import DIRECTNESS, PROMINENCE
from docgen.prompts.table import JUDGE_DOCUMENT, JUDGE_IDEAS, RULE_VERDICTS
from docgen.records import Prominence

__all__ = ["DENIAL", "JudgeError", "Judgement", "Verdicts", "read_judgements", "read_verdicts"]

DENIAL = "denial"
"""The rule that says which facts are contradicted."""


class JudgeError(DocgenError):
    """A judge's reply that cannot be used; the document stays unjudged and is counted as such."""


@dataclass(frozen=True)
class Judgement:
    """The judge's verdict on one fact or rule; text[start:end] is the passage, empty for "absent" and "clean".

    `airtime` is the share of the document's sentences that are about the fact, None where the judge gave none.
    """

    subject: str
    verdict: str
    start: int = 0
    end: int = 0
    reason: str = ""
    prominence: Prominence | None = None
    airtime: float | None = None


@dataclass(frozen=True)
class Verdicts:
    """A judge's verdicts on one document, including absent facts and clean rules.

    `open` are facts and rules that it named with a passage that does not occur: they have no verdict. `model` is the
    one that answered, as the server names it.
    """

    facts: Mapping[str, Judgement] = field(default_factory=dict)
    rules: Mapping[str, Judgement] = field(default_factory=dict)
    open: frozenset[str] = frozenset()
    model: str = ""

    @property
    def leaks(self) -> frozenset[str]:
        """Ids of the rules that it judged to be broken."""
        return frozenset(rule for rule, judgement in self.rules.items() if judgement.verdict == "leak")

    @property
    def presence(self) -> dict[str, str]:
        """Verdict by fact."""
        return {fact: judgement.verdict for fact, judgement in self.facts.items()}

    def sightings(self) -> tuple[FactSighting, ...]:
        """The facts that it saw, as sightings."""
        return tuple(
            FactSighting(fact, j.verdict, "judge", j.start, j.end)  # type: ignore[arg-type]
            for fact, j in self.facts.items()
            if j.verdict in get_args(FactVerdict)
        )

    def completed_by(self, other: "Verdicts") -> "Verdicts":
        """These, with another reading's verdicts on what is open."""
        facts = {**{name: other.facts[name] for name in self.open & other.facts.keys()}, **self.facts}
        rules = {**{name: other.rules[name] for name in self.open & other.rules.keys()}, **self.rules}
        return Verdicts(facts, rules, self.open & other.open, other.model)


def read_judgements(reply: str, facts: Sequence[str], rules: Sequence[str], text: str) -> Verdicts:
    """The verdicts in a reply on `text`, one for each of `facts` and `rules` that is not left open.

    What the reply does not name is absent, or clean. A fact that the rule about denial names is contradicted, whatever
    else the document says of it. Raises `JudgeError` for a reply that is not such JSON, or that uses ids or verdicts
    that were not offered.
    """
    entries = JUDGE_DOCUMENT.parse(reply)
    if entries is None:
        raise JudgeError(f"not lists of facts and rules: {reply[:80]!r}")
    words = Words(text)
    on_facts, open_facts = _read(entries[0], "fact", facts, tuple(DIRECTNESS), words)
    on_rules, open_rules = _read(entries[1], "rule", rules, RULE_VERDICTS, words)
    for entry in entries[1]:
        denied = str(entry.get("denies", ""))
        is_leak = str(entry.get("verdict")).strip().lower() == "leak"
        if is_leak and denied in facts and str(entry.get("rule")).lower() == DENIAL:
            span = words.find(str(entry.get("quote", "")))
            if span is not None:
                on_facts[denied] = Judgement(denied, "contradicted", *span, _reason(entry))
    return Verdicts(
        {
            name: on_facts.get(name, Judgement(name, "absent"))
            for name in facts
            if name not in open_facts - on_facts.keys()
        },
        {name: on_rules.get(name, Judgement(name, "clean")) for name in rules if name not in open_rules},
        frozenset((open_facts - on_facts.keys()) | open_rules),
    )


def _read(
    entries: Sequence[Mapping[str, Any]], kind: str, names: Sequence[str], allowed: Sequence[str], words: Words
) -> tuple[dict[str, Judgement], frozenset[str]]:
    """Judgements by subject, of several on one the first that says something; and the subjects left open."""
    judged: dict[str, Judgement] = {}
    left_open = set[str]()
    for entry in entries:
        name, verdict = str(entry.get(kind, entry.get("id"))), str(entry.get("verdict")).strip().lower()
        if name not in names:
            raise JudgeError(f"expected a {kind} of {', '.join(names) or 'none'}: {name[:80]!r}")
        if verdict not in allowed:
            raise JudgeError(f"{name}: verdict {verdict!r} is not one of {', '.join(allowed)}")
        if verdict == allowed[-1] or name in judged:
            continue
        span = words.find(str(entry.get("quote", "")))
        if span is None:
            left_open.add(name)
            continue
        prominence: Prominence | None = entry["prominence"] if entry.get("prominence") in PROMINENCE else None
        percent, airtime = entry.get("airtime"), None
        if isinstance(percent, int | float) and not isinstance(percent, bool) and 0 <= percent <= 100:
            airtime = percent / 100
        judged[name] = Judgement(name, verdict, *span, _reason(entry), prominence, airtime)
    return judged, frozenset(left_open - judged.keys())


def read_verdicts(reply: str, ideas: Sequence[str], text: str) -> tuple[Judgement, ...]:
    """The judgements in a reply that can be used, at most one for each of the numbered `ideas`, in that order.

    Ideas that the reply does not name, or gives two verdicts, are left out, and so are verdicts other than those
    allowed and quotes that do not occur in `text`. Raises `JudgeError` when none can be used.
    """
    words, judged = Words(text), dict[str, Judgement]()
    error = JudgeError(f"not a list of verdicts: {' '.join(reply.split())[:80]!r}")
    entries_on = dict[str, list[dict[str, Any]]]()
    for name, entry in JUDGE_IDEAS.parse(reply) or ():
        if name in ideas:
            entries_on.setdefault(name, []).append(entry)
    for name, entries in entries_on.items():
        try:
            first, *others = [_judgement(name, entry, words) for entry in entries]
        except JudgeError as problem:
            error = problem
            continue
        if any(other.verdict != first.verdict for other in others):
            error = JudgeError(f"{first.subject}: two verdicts, {first.verdict} and {others[0].verdict}")
        else:
            judged[name] = first
    if not judged:
        raise error
    return tuple(judged[name] for name in ideas if name in judged)


def _judgement(name: str, entry: dict[str, Any], words: Words) -> Judgement:
    verdict, quote = str(entry.get("verdict")).strip().lower(), entry.get("quote", "")
    if verdict not in RULE_VERDICTS:
        raise JudgeError(f"{name}: verdict {entry.get('verdict')!r} is not one of {', '.join(RULE_VERDICTS)}")
    reason = _reason(entry)
    if verdict == "clean":
        return Judgement(name, verdict, reason=reason)
    span = words.find(str(quote))
    if span is None:
        raise JudgeError(f"{name}: the quoted passage does not occur: {str(quote)[:80]!r}")
    return Judgement(name, verdict, *span, reason=reason)


def _reason(entry: Mapping[str, Any]) -> str:
    return " ".join(str(entry.get("reason", "")).split())
