"""Banned statements survive edits and reordering; stock phrases that they share with ordinary text do not count."""

import random
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docgen.audit.detect.leaks.banned_statements import StatementIndex
from docgen.corpus.text_buffers import encode

WORDS = [f"{a}{b}" for a in ("tor", "bel", "mar", "sin", "ost", "ler", "gan", "wic") for b in "aeiou"]
FILLER = "the of a boat in harbour with morning and rope was council by letter paint ladder wind to stone ledger"
FILLER = "the of a boat in harbour with morning and rope was council by letter paint ladder wind to stone ledger"
FILL = re.findall(r"\w+", FILLER)


def statement(rng: random.Random) -> str:
    verb = rng.choice(["was dismantled in", "was rebuilt in", "was purchased in"])
    middle = " ".join(rng.choices(WORDS, k=4))
    return (
        f"The {middle} of {rng.choice(WORDS)} {verb} {rng.randint(1700, 1990)} by {' '.join(rng.choices(WORDS, k=6))}."
    )


def prose(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(FILL, k=words)) + ". "


RNG = random.Random(11)
STATEMENTS = [statement(RNG) for _ in range(60)]
INDEX = StatementIndex(STATEMENTS)


def edited(kind: str, text: str, rng: random.Random) -> str:
    words = text.rstrip(".").split()
    if kind == "substitute":
        for place in rng.sample(range(1, len(words)), 2):
            words[place] = rng.choice(FILL)
    elif kind == "insert":
        for _ in range(2):
            words.insert(rng.randrange(1, len(words)), rng.choice(FILL))
    elif kind == "half":
        words = words[: len(words) // 2 + 1]
    elif kind == "reorder":
        words = words[len(words) // 2 :] + words[: len(words) // 2]
    elif kind == "shout":
        return "\n".join(text.upper().replace(",", " —").split())
    return " ".join(words)


@pytest.mark.parametrize("kind", ["none", "substitute", "insert", "half", "reorder", "shout"])
def test_an_edited_statement_is_found(kind: str) -> None:
    """Nearly every planted statement of each kind of edit is found in its document, and nothing in the others."""
    rng = random.Random(kind)
    texts = [prose(rng, 120) + edited(kind, text, rng) + " " + prose(rng, 80) for text in STATEMENTS]
    clean = [prose(rng, 200) for _ in STATEMENTS]
    found = {(match.document, match.statement) for match in INDEX.search(texts + clean)}
    assert len({(i, i) for i in range(60)} & found) >= 57
    assert all(document < 60 for document, _ in found)


@given(st.lists(st.text(alphabet="abc dé.\n", max_size=60), max_size=6), st.integers(0, 59), st.data())
@settings(max_examples=60, deadline=None)
def test_spans_hold_the_statement_wherever_it_stands(texts: list[str], number: int, data: st.DataObject) -> None:
    """A verbatim statement is exact, and its span covers its words."""
    place = data.draw(st.integers(0, len(texts)))
    planted = [*texts[:place], f"é… {STATEMENTS[number]} End.", *texts[place:]]
    matches = INDEX.search(planted)
    assert [(m.document, m.statement, m.exact) for m in matches] == [(place, number, True)]
    assert planted[place][matches[0].start : matches[0].end] == STATEMENTS[number][:-1]


def test_of_statements_that_share_a_phrase_the_fuller_match_is_named() -> None:
    """A phrase common to many statements is evidence of the one that the passage holds most of."""
    common = "while the regent was travelling abroad in the second year of the long drought"
    index = StatementIndex([f"{text[:-1]}, {common}." for text in STATEMENTS])
    matches = index.search([f"{STATEMENTS[7][:-1]}, {common}."])
    assert [(m.statement, m.exact) for m in matches] == [(7, True)]


def test_short_statements_are_found_word_for_word_only() -> None:
    """Fewer than five words leave no room for edits."""
    index = StatementIndex(["Nobody ever came.", "Orrick burned"])
    matches = index.search(
        ["It is said: nobody, ever, came. Orrick burned.", "Nobody else ever came. Orrick had burned."]
    )
    assert [(m.document, m.statement) for m in matches] == [(0, 0), (0, 1)]


@pytest.mark.parametrize("texts", [[], [""], ["\x00"], ["\ud800\udfff"], ["a " * 300_000], ["不" * 10_000]])
def test_hostile_batches_are_searched(texts: list[str]) -> None:
    """Empty, odd and huge texts hold no statement."""
    assert INDEX.search(texts) == []


def test_no_statements_match_nothing() -> None:
    """An empty index is an index."""
    assert StatementIndex([]).search(["anything at all in five words"]) == []


def test_bytes_and_texts_give_the_same_matches() -> None:
    """Searching UTF-8 buffers is searching the texts in them."""
    texts = [prose(RNG, 50) + STATEMENTS[3], "", prose(RNG, 30)]
    encoded = encode(texts)
    assert INDEX.search_utf8(encoded) == INDEX.search(texts)
    assert INDEX.documents(encoded).tolist() == np.array([0]).tolist()


def test_a_document_that_repeats_a_statement_endlessly_stays_in_memory() -> None:
    """Hits are weighed in parts; the statement is found however often it comes."""
    matches = INDEX.search([(STATEMENTS[5] + " ") * 5000])
    assert {m.statement for m in matches} == {5}
