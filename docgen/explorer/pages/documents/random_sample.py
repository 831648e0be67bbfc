"""The page "Read ten": ten random documents, the same for the same seed, so that two people can read the same ones."""

import random
from typing import Any

from docgen.explorer.index.column_segments import Array
from docgen.explorer.pages.documents.documents import document_rows
from docgen.explorer.pages.page_query import PageQuery
from docgen.explorer.read.filters import mask_of
from docgen.explorer.view import View

__all__ = ["draw", "ten"]


def ten(view: View, query: PageQuery) -> dict[str, Any]:
    """Ten documents drawn at random from those that match the filters, by default from all."""
    snapshot, seed = view.snapshot, query.number("seed") or 0
    mask = mask_of(snapshot, query.filters, view.labels.documents)
    docs = draw(mask.nonzero()[0], 10, seed)
    rows = document_rows(view, snapshot, docs)
    read = view.labels.documents("read")
    return {
        "seed": seed,
        "of": int(mask.sum()),
        "chosen": list(query.filters.chosen),
        "address": query.filters.address(),
        "rows": [row | {"read": row["id"] in read} for row in rows],
    }


def draw(docs: Array, count: int, seed: int) -> list[int]:
    """`count` of the documents, each at most once, in the order drawn."""
    places = random.Random(seed).sample(range(len(docs)), min(count, len(docs)))
    return [int(docs[place]) for place in places]
