"""Any input gives either a context or a ContextError."""

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from docgen.errors import ContextError
from docgen.universe import (
    UniverseContext,
    context_warnings,
    expected_facts_per_document,
    parse_context,
)

WORDS = st.sampled_from(["a", "b", "first", "no", "1", "The town is old.", "It is: so", "(?=x)", "[", "é\u2028", ""])
SCALARS = st.one_of(WORDS, st.text(max_size=12), st.floats(), st.integers(), st.booleans(), st.none(), st.dates())
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=6
)
SHARES = st.one_of(
    st.fixed_dictionaries({}, optional={"stated": st.floats(0, 1), "implied": st.floats(0, 1)}), ANYTHING
)
FACTS = st.fixed_dictionaries(
    {"id": st.sampled_from(["a", "b", "c"]), "statement": st.sampled_from(["The town is old.", "It rains.", "B."])},
    optional={
        "salience": st.floats(-0.5, 1.5),
        "directness": SHARES,
        "paraphrases": st.lists(WORDS, max_size=3),
        "with": st.lists(st.sampled_from("abcd"), max_size=2),
        "never_with": st.lists(st.sampled_from("abcd"), max_size=2),
        "entities": ANYTHING,
    },
)
CONTEXTS = st.fixed_dictionaries(
    {
        "id": st.just("demo"),
        "title": st.just("T"),
        "universe_context": st.text(),
        "key_facts": st.lists(FACTS | ANYTHING),
    },
    optional={
        "facts_per_document": st.dictionaries(st.sampled_from(["min", "max"]), st.integers(-1, 5)) | ANYTHING,
        "background_share": st.floats() | ANYTHING,
        "leakage_rules": st.lists(
            st.fixed_dictionaries({"id": WORDS}, optional={"patterns": st.lists(WORDS), "examples": ANYTHING}),
            max_size=2,
        ),
        "banned_statements": st.lists(WORDS) | ANYTHING,
        "other": ANYTHING,
    },
)


INDENT = " " * 7
"""Before each further problem of a file: all of them are told at once."""


def outcome(text: str) -> UniverseContext | ContextError:
    try:
        return parse_context(text, "demo.yaml")
    except ContextError as error:
        return error


def well_formed(result: UniverseContext | ContextError) -> bool:
    if isinstance(result, ContextError):
        first, *further = str(result).split("\n")
        return first.startswith("demo.yaml") and all(line.startswith(INDENT) for line in further)
    return expected_facts_per_document(result) >= 0 and all(context_warnings(result)) and len(result.digest) == 32


@given(CONTEXTS)
def test_any_near_context_is_read_or_explained(data: dict[str, Any]) -> None:
    assert well_formed(outcome(yaml.safe_dump(data, allow_unicode=True)))


@given(ANYTHING)
def test_any_value_is_read_or_explained(data: Any) -> None:
    assert well_formed(outcome(yaml.safe_dump(data)))


@given(st.text() | st.text(alphabet="ab:-[]{}&*!|>'\"%@#?, \n\t\\\0\ud800"))
def test_any_text_is_read_or_explained(text: str) -> None:
    assert well_formed(outcome(text))


@given(st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_shares_are_taken_as_written_or_refused(shares: list[float]) -> None:
    """Nothing is normalised without the author noticing."""
    stated, implied = shares
    result = outcome(
        "id: demo\ntitle: T\nuniverse_context: U\nkey_facts:\n- id: a\n  statement: A is so.\n"
        f"  directness: {{stated: {stated!r}, implied: {implied!r}}}\n"
    )
    if isinstance(result, UniverseContext):
        assert abs(stated + implied - 1) <= 1e-5
        assert (result.key_facts[0].directness.stated, result.key_facts[0].directness.implied) == (stated, implied)
    else:
        assert abs(stated + implied - 1) > 1e-5
