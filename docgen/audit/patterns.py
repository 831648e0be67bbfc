"""Cues searched together on RE2: linear time whatever the pattern, so that no context can hang an audit."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import re2  # type: ignore[import-untyped]

from docgen.audit.rules import Cue, Rule
from docgen.errors import ContextError
from docgen.records import Finding

__all__ = ["CueScanner"]

SURROGATE = re.compile("[\ud800-\udfff]")
MEMORY = 64 << 20
"""Bytes that RE2 may use for the automaton of one set."""
MOST = 5
"""Findings of one cue in one document; the rest would say the same."""


@dataclass(frozen=True)
class _Compiled:
    rule: Rule
    cue: Cue
    search: Any


class CueScanner:
    """Finds the cues of `rules` in texts: one pass to see which occur, a second only for those.

    Raises `ContextError` for a pattern that RE2 does not take (look-around, back references, bad syntax).
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        options = re2.Options()
        options.log_errors = False
        options.max_mem = MEMORY
        self._cues = [_compiled(rule, cue, options) for rule in rules for cue in rule.cues]
        self._alone = [compiled for compiled in self._cues if compiled.cue.alone]
        self._together = [compiled for compiled in self._cues if not compiled.cue.alone]
        self._set = re2.Set.SearchSet(options)
        for compiled in self._together:
            self._set.Add(compiled.cue.pattern)
        if self._together:
            self._set.Compile()

    def scan(self, text: str) -> Iterator[Finding]:
        """Findings in the order of the rules, at most five for each cue; cues that stand alone come last."""
        if not text.isascii():
            text = SURROGATE.sub("\ufffd", text)
        for number in (self._set.Match(text) or ()) if self._together else ():
            yield from _findings(self._together[number], text)
        for compiled in self._alone:
            yield from _findings(compiled, text)


def _compiled(rule: Rule, cue: Cue, options: Any) -> _Compiled:
    try:
        return _Compiled(rule, cue, re2.compile(cue.pattern, options))
    except re2.error as error:
        what = f"pattern {cue.pattern!r} of rule {rule.id} is not usable ({error})"
        raise ContextError(what, fix="Use RE2 syntax: no look-around, no back references") from error


def _findings(compiled: _Compiled, text: str) -> Iterator[Finding]:
    for count, match in enumerate(compiled.search.finditer(text)):
        if count == MOST:
            return
        cue, (start, end) = compiled.cue, match.span()
        yield Finding(
            rule=compiled.rule.id,
            severity=cue.severity,
            detector=cue.detector,
            start=start,
            end=end,
            evidence=text[start:end],
            explanation=cue.why,
        )
