"""Small corpora with planted near-duplicates, and slow reference answers about them."""

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.dedupe.reference import jaccard

WORDS = [
    f"{stem}{end}" for stem in ("kestrel", "amber", "north", "ledger", "tide") for end in ("", "s", "ed", "ing", "ly")
]


def prose(seed: int, words: int = 90) -> str:
    """Random words: texts of two seeds share practically no shingle."""
    draw = random.Random(seed)
    return " ".join(draw.choice(WORDS) + str(draw.randrange(40)) for _ in range(words))


def edited(text: str, share: float, seed: int) -> str:
    """The text with some of its words replaced."""
    draw = random.Random(seed)
    return " ".join(f"new{draw.randrange(10**9)}" if draw.random() < share else word for word in text.split())


def planted(originals: int = 25, seed: int = 0) -> list[dict[str, object]]:
    """Rows with id, text, doc_type, score and facts: originals, copies, edits of edits, in a shuffled order."""
    draw = random.Random(seed)
    rows: list[dict[str, object]] = []
    for i in range(originals):
        text = prose(1000 * seed + i)
        chain = edited(text, 0.015, i)
        variants = [text, text, chain, edited(chain, 0.015, i + 1), edited(text, 0.3, i), text.upper() + "!"]
        for variant in variants[: draw.randrange(1, 7)]:
            rows.append(
                {"text": variant, "doc_type": f"type{i % 3}", "score": draw.randrange(5), "facts": [f"F{i % 4}"]}
            )
    draw.shuffle(rows)
    return [{"id": i, **row} for i, row in enumerate(rows)]


def write_jsonl(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def similar(left: dict[str, object], right: dict[str, object], threshold: float = 0.8) -> bool:
    """By the slow reference."""
    return jaccard(str(left["text"]), str(right["text"])) >= threshold
