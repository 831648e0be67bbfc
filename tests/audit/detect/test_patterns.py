"""The quick look at a text misses nothing that the search proper would find."""

import pytest

from docgen.audit.detect.patterns import CueScanner
from docgen.audit.rules.leakage_rule import Cue, Rule

CASES = [
    (r"\bone\b.{0,3}\btwo\b", "one, two"),
    (r"(?:a{2,3}b){1,2}", "aab"),
    (r"\{\{\w{1,4}\}\}", "{{name}}"),
    (r"x{2,}", "xx"),
    (r"[{1,2}]+z", "{z"),
    (r"\Qx{1,2}\E", "x{1,2}"),
    (r"\\{0,2}end", "\\end"),
    (r"y{3}", "yyy"),
]


def scanner(*patterns: str) -> CueScanner:
    cues = tuple(Cue(pattern, f"cue {i}") for i, pattern in enumerate(patterns))
    return CueScanner([Rule(id="rule", description="", cues=cues)])


@pytest.mark.parametrize(("pattern", "text"), CASES)
def test_what_a_pattern_finds_is_seen_at_a_glance(pattern: str, text: str) -> None:
    cues = scanner(pattern)
    assert [finding.evidence for finding in cues.scan(f"before {text} after")] != []
    assert cues.touches(f"before {text} after".encode())


def test_a_text_with_the_scanners_own_mark_is_a_text() -> None:
    cues = scanner("one", "two")
    text = "one \x02canary\x03"
    assert cues.touches(text.encode())
    assert [finding.evidence for finding in cues.scan(text)] == ["one"]


def test_it_is_seen_among_other_patterns_too() -> None:
    cues = scanner(*(pattern for pattern, _ in CASES))
    for _, text in CASES:
        assert cues.touches(text.encode())
    assert not cues.touches(b"nothing of the kind")
