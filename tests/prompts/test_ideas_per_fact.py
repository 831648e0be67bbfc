"""Ideas are asked for in the numbers that a plan needs."""

from hypothesis import given
from hypothesis import strategies as st

from docgen.prompts.ideas_per_fact import idea_needs
from docgen.universe import parse_context

WORLD = """\
id: w
title: W
universe_context: A world.
background_share: {share}
key_facts:
  - {{id: often, statement: It rains., salience: 0.6, prominence: {{central: 0.5, supporting: 0.5}}}}
  - {{id: seldom, statement: It snows., salience: 0.6, prominence: {{central: 0.1, supporting: 0.9}}}}
  - {{id: never, statement: It hails., salience: 0}}
"""


@given(st.integers(1, 80), st.sampled_from([0, 0.05, 0.2]), st.floats(0, 0.999))
def test_ideas_are_in_proportion_to_the_documents_that_a_fact_is_central_in(
    count: int, share: float, start: float
) -> None:
    """Numbers add up; facts held out need none; a background idea is asked for only if documents need it."""
    needs = idea_needs(parse_context(WORLD.format(share=share), "w.yaml"), count, start)
    facts = dict(needs.facts)
    assert sum(facts.values()) + needs.background == count
    assert "never" not in facts
    assert abs(facts.get("often", 0) - (count - needs.background) * 5 / 6) < 1 + 1e-9
    assert (needs.background > 0) == (share > 0 and count >= 3)
    assert needs.background <= max(1, share * count + 0.5)
    assert not needs.seconds


def test_types_with_few_ideas_have_all_facts_together() -> None:
    """One idea a type: a sixth of the types get the fact that is seldom central."""
    world = parse_context(WORLD.format(share=0), "w.yaml")
    asked = [idea_needs(world, 1, (i + 0.5) / 60).facts for i in range(60)]
    assert asked.count((("seldom", 1),)) == 10


@given(st.integers(1, 40), st.floats(0, 0.999))
def test_where_documents_have_two_central_facts_as_many_ideas_are_about_two(count: int, start: float) -> None:
    """With 1.5 central facts a document half of the ideas name a second fact."""
    world = parse_context(WORLD.format(share=0).replace("central: 0.5, supporting: 0.5", "central: 1").replace(
        "salience: 0.6, prominence: {central: 0.1, supporting: 0.9}", "salience: 0.9, prominence: {central: 1}"
    ), "w.yaml")  # fmt: skip
    needs = idea_needs(world, count, start)
    assert sum(times for _, times in needs.seconds) == round(count * 0.5)
