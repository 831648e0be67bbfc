"""Style pools: large, seeded, printable, and cheap to import."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np

import docgen.prompts.style_pools
from docgen.planning.slots.style_draws import draw_styles, style_fields
from docgen.prompts.style_pools import style_pools
from docgen.records import Cast, Community, DateSpan


def test_pools_are_large_distinct_and_printable() -> None:
    pools = style_pools(3)
    for values, least in ((pools.names, 2000), (pools.organisations, 1000), (pools.places, 1000)):
        assert len(set(values)) == len(values) >= least
        assert all(value.isprintable() and value == value.strip() for value in values)
    for values in (pools.tones, pools.openings, pools.audiences):
        assert 20 <= len(set(values)) == len(values) <= 40


def test_pools_are_functions_of_the_seed() -> None:
    assert style_pools(3) == style_pools(3)
    first = style_pools(3)
    style_pools.cache_clear()
    docgen.prompts.style_pools._drawn.cache_clear()
    assert style_pools(3) == first
    assert style_pools(4).names != first.names


def test_days_are_those_of_the_span_and_change_nothing_else() -> None:
    span = DateSpan.model_validate({"first": "1931-12-30", "last": "1932-03-01"})
    pools, usual = style_pools(3, span), style_pools(3)
    assert (len(pools.dates), pools.dates[0], pools.dates[-1]) == (63, span.first, span.last)
    assert (len(usual.dates), str(usual.dates[0])) == (1000, "2023-01-01")
    assert pools.names == usual.names


def test_pools_are_the_same_in_every_process() -> None:
    """Whatever the seed of Python's hashing, on which the order of sets depends."""
    imports = "from docgen.prompts.style_pools import style_pools; from docgen.text import digest"
    code = f"{imports}; print(digest(repr(style_pools(3))))"
    seen = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        seen.add(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env=environment).stdout)
    assert len(seen) == 1


def test_importing_the_pools_does_not_import_faker() -> None:
    code = "import sys, docgen.prompts.style_pools; sys.exit('faker' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_given_names_are_spread_over_the_documents_of_a_plan() -> None:
    """By chance alone, one given name of these 200 would be in four or five of 50 documents."""
    stocks = [[f"{kind}{stock}x{i}" for i in range(40)] for stock in range(5) for kind in ("Given", "Family")]
    people = tuple(Community(given=tuple(a), family=tuple(b)) for a, b in zip(stocks[::2], stocks[1::2], strict=True))
    for seed in range(3):
        pools = style_pools(seed, cast=Cast(names=people))
        turns = np.arange(50, dtype=np.uint64) + np.uint64(97 * seed)
        draws = draw_styles(turns, pools, turns)
        styles = [style_fields(draws, i, 300, pools) for i in range(50)]
        assert {len(style["names"]) for style in styles} == {4}
        given = Counter(name.split()[0] for style in styles for name in set(style["names"]))
        assert max(given.values()) <= 2


def test_a_place_of_the_world_comes_with_many_others() -> None:
    pools = style_pools(2, cast=Cast(places=tuple(f"Place {i}" for i in range(20))))
    draws = draw_styles(np.arange(400, dtype=np.uint64), pools)
    pairs = {tuple(style_fields(draws, i, 300, pools)["places"]) for i in range(400)}
    assert all(len(set(pair)) == 2 for pair in pairs)
    assert len(pairs) > 100
    assert style_fields(draws, 0, 300, replace(pools, scenes=("Only",)))["places"] == ("Only",)
