"""Replies to the brainstorm requests: document types, and ideas for documents of one type."""

import datetime as dt
import random

from docgen.embedded_writer.document_types import Library
from docgen.embedded_writer.grammar import expand
from docgen.embedded_writer.scene import Scene
from docgen.embedded_writer.world import World
from docgen.prompts.style_pools import style_pools
from docgen.records import DocumentType, Style

__all__ = ["ideas", "types"]


def types(library: Library, rng: random.Random, count: int, exclude: tuple[str, ...]) -> list[dict[str, str]]:
    """Up to `count` types that are not in `exclude`; every structure comes before any variant of one."""
    structures = [(grammar.name, grammar.description) for grammar in library.types]
    variants = [variant for grammar in library.types for variant in grammar.variants]
    rng.shuffle(structures)
    rng.shuffle(variants)
    used = {name.casefold().strip() for name in exclude}
    unused = [(name, description) for name, description in structures + variants if name.casefold() not in used]
    return [{"name": name, "description": description} for name, description in unused[: max(0, count)]]


def ideas(
    library: Library, world: World, rng: random.Random, doc_type: DocumentType, count: int, exclude: tuple[str, ...]
) -> list[str]:
    """Up to `count` different ideas that are not in `exclude`; fewer if the grammar yields no more."""
    grammar = library.nearest(doc_type.name, doc_type.description)
    pools = style_pools(0)
    new: dict[str, None] = {}
    used = {text.casefold() for text in exclude}
    for _ in range(12 * count):  # chosen: near the end of a grammar's ideas most draws repeat one
        if len(new) >= count:
            break
        topic = world.topics[int(rng.random() * len(world.topics))]
        angle = rng.choice(library.angles).replace("{topic}", topic)
        style = Style(
            words=400,
            tone=rng.choice(pools.tones),
            opening=rng.choice(pools.openings),
            audience=rng.choice(pools.audiences),
            names=(rng.choice(pools.names),),
            organisation=rng.choice(pools.organisations),
            place=rng.choice(pools.places),
            date=dt.date(2018, 1, 1) + dt.timedelta(days=int(rng.random() * 3000)),
        )
        scene = Scene(rng, style, pools, topic, angle)
        text = expand(rng.choice(grammar.lines["ideas"]).part, scene)
        text = text[0].upper() + text[1:]
        if text.casefold() not in used:
            new[text] = None
    return list(new)
