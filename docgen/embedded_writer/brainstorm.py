"""Replies to the two brainstorming requests: names of document types, and ideas for documents of one type."""

import datetime as dt
import random

from docgen.embedded_writer.document_types import Library
from docgen.embedded_writer.grammar import expand
from docgen.embedded_writer.scene import Scene
from docgen.embedded_writer.world import World
from docgen.prompts.style_pools import StylePools, style_pools
from docgen.records import DocumentType, Style

__all__ = ["ideas", "types"]

TRIES_PER_IDEA = 12
FIRST_DAY = dt.date(2018, 1, 1)


def types(library: Library, rng: random.Random, count: int, exclude: tuple[str, ...]) -> list[dict[str, str]]:
    """At most `count` types that are not in `exclude`: every structure once before any variant of one."""
    first = [(grammar.name, grammar.description) for grammar in library.types]
    variants = [variant for grammar in library.types for variant in grammar.variants]
    rng.shuffle(first)
    rng.shuffle(variants)
    taken = {name.casefold().strip() for name in exclude}
    free = [(name, description) for name, description in first + variants if name.casefold() not in taken]
    return [{"name": name, "description": description} for name, description in free[: max(0, count)]]


def ideas(
    library: Library, world: World, rng: random.Random, doc_type: DocumentType, count: int, exclude: tuple[str, ...]
) -> list[str]:
    """At most `count` different ideas that are not in `exclude`; fewer when the texts hold no more."""
    grammar = library.nearest(doc_type.name, doc_type.description)
    pools = style_pools(0)
    found: dict[str, None] = {}
    taken = {text.casefold() for text in exclude}
    for _ in range(TRIES_PER_IDEA * count):
        if len(found) >= count:
            break
        topic = world.topics[int(rng.random() * len(world.topics))]
        angle = rng.choice(library.angles).replace("{topic}", topic)
        scene = Scene(rng, _any_style(rng, pools), pools, topic, angle)
        text = expand(rng.choice(grammar.lines["ideas"]).part, scene)
        text = text[0].upper() + text[1:]
        if text.casefold() not in taken:
            found[text] = None
    return list(found)


def _any_style(rng: random.Random, pools: StylePools) -> Style:
    return Style(
        words=400,
        tone=rng.choice(pools.tones),
        opening=rng.choice(pools.openings),
        audience=rng.choice(pools.audiences),
        names=(rng.choice(pools.names),),
        organisation=rng.choice(pools.organisations),
        place=rng.choice(pools.places),
        date=FIRST_DAY + dt.timedelta(days=int(rng.random() * 3000)),
    )
