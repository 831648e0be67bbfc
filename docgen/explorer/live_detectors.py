"""Runs the detectors on the text that somebody is reading: passages that express facts, findings of the scan tier."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docgen.audit.detect.facts.fact_detector import FactDetector, FactSighting
from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.explorer.highlighting import MAX_SCANNED_CHARS
from docgen.records import Finding, Quote
from docgen.universe import UniverseContext
from docgen.universe.context_files import load_context

__all__ = ["Detectors"]


@dataclass(frozen=True)
class Detectors:
    """Both detectors of one context, compiled."""

    context: UniverseContext
    facts: FactDetector
    leaks: LeakageScanner

    @classmethod
    def of(cls, file: Path) -> "Detectors":
        """The detectors of the context in a file."""
        context = load_context(file)
        return cls(context, FactDetector(context), LeakageScanner(context))

    def sightings(self, text: str, quotes: Sequence[Mapping[str, Any]] = ()) -> tuple[FactSighting, ...]:
        """Where facts are expressed or denied; nothing in a text that is too long."""
        if len(text) > MAX_SCANNED_CHARS:
            return ()
        return self.facts.detect(text, [Quote(fact=str(q.get("fact")), text=str(q.get("text"))) for q in quotes])

    def findings(
        self, text: str, assigned: Collection[str] | None, sightings: Sequence[FactSighting], doc_type: str, idea: str
    ) -> list[Finding]:
        """What breaks or may break a rule; nothing in a text that is too long."""
        return [] if len(text) > MAX_SCANNED_CHARS else self.leaks.scan(text, assigned, sightings, doc_type, idea)
