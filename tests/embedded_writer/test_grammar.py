"""The notation of the shipped texts, and rules that all of them keep."""

import random
import re
from importlib.resources import files

import pytest

from docgen.embedded_writer.grammar import GrammarError, expand, parse_block, parse_carriers, parse_inline
from docgen.embedded_writer.scene import Scene
from docgen.prompts.style_pools import StylePools

from .scenes import style

POOLS = StylePools(tuple(f"Given{i} Family{i}" for i in range(40)), ("Org A",), ("Town",), (), (), ())
DATA = sorted(item.name for item in files("docgen.embedded_writer").joinpath("data").iterdir())
DENIALS = re.compile(
    r"\b(not|never|no|nobody|false|untrue|myth|rumou?r|alleged\w*|deni\w+|claims?|supposed\w*)\b", re.I
)
LOADED = re.compile(
    r"\b(models?|ai|users?|assistants?|fiction\w*|hypothetical\w*|synthetic|chatbot|prompts?|lorem|placeholder"
    r"|claude|anthropic|remarkabl\w*|surpris\w*|shocking\w*)\b",
    re.I,
)


def scene(seed: int = 0) -> Scene:
    return Scene(random.Random(seed), style(seed), POOLS, "Orrick", "an angle")


def text_of(name: str) -> str:
    return files("docgen.embedded_writer").joinpath("data", name).read_text("utf-8")


def test_choices_nest_and_every_option_is_reached() -> None:
    source = parse_inline("{a|{b|c} d}", {})
    assert {expand(source.part, scene(seed)) for seed in range(60)} == {"a", "b d", "c d"}


def test_ranges_include_both_ends() -> None:
    source = parse_inline("{3-5}", {})
    assert {expand(source.part, scene(seed)) for seed in range(60)} == {"3", "4", "5"}


def test_linked_choices_fall_alike() -> None:
    source = parse_inline("{1=a|b} {1=c|d}", {})
    assert {expand(source.part, scene(seed)) for seed in range(60)} == {"a c", "b d"}


def test_what_follows_a_full_stop_gets_a_capital() -> None:
    assert expand(parse_inline("Yes. {one|one}.", {}).part, scene()) == "Yes. One."


def test_people_have_their_full_name_once() -> None:
    assert expand(parse_inline("{n1} met {n2}; {n1} left.", {}).part, scene()) == "Ida Holm met Tomas Reyes; Holm left."


@pytest.mark.parametrize("line", ["{a|b", "{unknown}", "{}"])
def test_a_mistake_in_a_text_is_an_error(line: str) -> None:
    with pytest.raises(GrammarError):
        parse_inline(line, {})


def test_a_block_reads_alternatives_options_and_the_place_of_the_fact() -> None:
    block = parse_block(["= Head", "* One.", "| Uno.", "?- Two.", "!/ Note: {F}."], {})
    assert block.heading == "Head"
    assert [(slot.gap, slot.optional, slot.fact) for slot in block.slots] == [
        (" ", False, False),
        ("\n", True, False),
        ("\n\n", False, True),
    ]
    with pytest.raises(GrammarError):
        parse_block(["no marker"], {})


def test_carriers_are_sorted_by_what_they_ask_of_a_wording() -> None:
    carriers = parse_carriers(["{F}.", "So {f}.", '"{F}," he said.'], {})
    assert [[len(fits) for fits in row] for row in carriers.fitting] == [[1, 2], [2, 3]]


@pytest.mark.parametrize("name", DATA)
def test_carriers_never_deny_or_distance_themselves(name: str) -> None:
    sections = re.split(r"^== ", text_of(name), flags=re.M)
    carriers = [part for part in sections if part.startswith(("carriers", "passing"))]
    carriers += re.findall(r"^!.*$(?:\n^\|.*$)*", text_of(name), flags=re.M)
    assert not [hit[0] for part in carriers for hit in DENIALS.finditer(part)]


@pytest.mark.parametrize("name", DATA)
def test_texts_stay_clear_of_words_that_belong_to_a_universe(name: str) -> None:
    assert not [hit[0] for hit in LOADED.finditer(text_of(name))]
