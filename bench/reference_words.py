"""Makes docgen/audit/detect/data/reference_words.txt: words and phrases of ordinary English with document shares.

    DOCGEN_SHARED=../shared python bench/reference_words.py > docgen/audit/detect/data/reference_words.txt

The corpus is that of the dedupe benchmark without its planted edits (public-domain novels of ELTeC, NLTK's Brown and
others, PEPs, manuals; about 690 words a document). A minute and 4 GB.
"""

import os
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from docgen.audit.detect.facts.known_wordings import Words
from docgen.audit.detect.leaks.classifier_prompt_words import COMMON, MAX_PHRASE_WORDS, USUAL, USUAL_PHRASE, grams

SHARED = Path(os.environ.get("DOCGEN_SHARED", Path(__file__).parents[2] / "shared"))
PRUNE = 20_000
"""Documents after which phrases seen once or twice are dropped."""


def main() -> None:
    file = SHARED / "bench" / "corpus50k.parquet"
    if not file.is_file():
        sys.exit(f"{file} is not there: set DOCGEN_SHARED to the folder with the shared benchmark data")
    texts = pl.read_parquet(file).filter(pl.col("edit") == "orig")["text"]
    counts: Counter[str] = Counter()
    for number, text in enumerate(texts, 1):
        counts.update(set(grams(Words(text).words, MAX_PHRASE_WORDS)))
        if number % PRUNE == 0:
            counts = Counter({gram: count for gram, count in counts.items() if count > 2})
    shares = {gram: count / len(texts) for gram, count in counts.items()}
    words = {gram: share for gram, share in shares.items() if " " not in gram}
    section("common", (word for word, share in words.items() if share > COMMON))
    section("usual", (word for word, share in words.items() if USUAL < share <= COMMON))
    section("phrases", (gram for gram, share in shares.items() if " " in gram and share > USUAL_PHRASE))


def section(name: str, found: Iterable[str]) -> None:
    """A heading, and the items in lines to fit a screen."""
    print(f"# {name}")
    items = " ".join(gram.replace(" ", "_") for gram in sorted(found))
    print(textwrap.fill(items, 118, break_long_words=False, break_on_hyphens=False))


if __name__ == "__main__":
    main()
