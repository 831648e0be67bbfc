"""Small corpora with planted near-duplicates, and files to mix in."""

import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = ["WORDS", "document", "twin", "write_lines", "write_planted"]

WORDS = [
    f"{a}{b}" for a in ("bar", "sel", "tor", "min", "gul", "pra", "hed", "lon") for b in ("a", "en", "is", "o", "um")
]
FACTS = {"ferry": 0.4, "captain": 0.2, "bus": 0.05}


def document(number: int, words: int = 60) -> str:
    """Words at random, like no other number's."""
    rng = random.Random(number)
    return " ".join(rng.choice(WORDS) for _ in range(words))


def twin(text: str, number: int) -> str:
    """The same text but for its last word: 5-grams alike for the greatest part."""
    return f"{text.rsplit(' ', 1)[0]} twin{number}"


def write_lines(file: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """A JSON Lines file."""
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


def write_planted(file: Path, documents: int = 300, twins: int = 60) -> Path:
    """A corpus with facts; of the first `twins` documents each has a near-duplicate, which has one of its own."""
    texts = [document(number) for number in range(documents)]
    texts += [twin(texts[number], number) for number in range(twins)]
    texts += [twin(f"first {text.split(' ', 1)[1]}", 1000 + number) for number, text in enumerate(texts[documents:])]
    rng = random.Random(1)
    rng.shuffle(texts)
    rows = [{"text": text, "facts": [fact for fact, share in FACTS.items() if rng.random() < share]} for text in texts]
    return write_lines(file, rows)
