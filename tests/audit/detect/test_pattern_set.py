"""The loosened patterns of a set occur wherever the patterns themselves do."""

import re2
from hypothesis import given
from hypothesis import strategies as st

from docgen.audit.detect.leaks.debunking import _cues
from docgen.audit.detect.patterns import PatternSet
from docgen.audit.rules.builtin_rules import builtin_rules
from docgen.text import compose

PATTERNS = [compose(cue.pattern) for rule in builtin_rules() for cue in rule.cues]
SET = PatternSet(PATTERNS)
PIECES = (
    "no evidence",
    "as an AI language model",
    "this is fictional",
    "I cannot",
    "[insert name]",
    "not true",
    "TODO",
)


@given(st.lists(st.sampled_from([*PIECES, "a claim", "\n", "…", "'", "\u2019"]), max_size=30).map(" ".join))
def test_no_pattern_that_occurs_is_left_out(text: str) -> None:
    """What a pattern alone finds, the set says may be there; its numbers ascend."""
    there = [number for number, pattern in enumerate(PATTERNS) if re2.search(pattern, text)]
    numbers = SET.numbers(text)
    assert SET.works
    assert set(there) <= set(numbers)
    assert numbers == sorted(set(numbers))


def test_the_kinds_of_debunking_are_a_set_that_works() -> None:
    """Else no sentence would ever be looked at."""
    cues, likely = _cues()
    assert likely.works
    assert likely.numbers("There is no evidence that the claim is true.")
    assert len(cues) > 3
