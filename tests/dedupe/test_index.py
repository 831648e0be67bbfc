"""The in-memory index accepts the right texts, whatever the calls, the memory limit and the characters."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docgen.dedupe.index import Duplicate, NearDuplicateIndex, near_duplicates
from docgen.errors import ConfigError
from tests.dedupe.reference import jaccard, sequential

VOCABULARY = [
    f"{a}{b}" for a in ["kestrel", "amber", "north", "ledger", "tide", "quarry"] for b in ("", "s", "ed", "ing", "ly")
]


def prose(seed: int, words: int = 120) -> str:
    draw = random.Random(seed)
    return " ".join(draw.choice(VOCABULARY) + str(draw.randrange(40)) for _ in range(words))


def edited(text: str, share: float, seed: int) -> str:
    draw = random.Random(seed)
    return " ".join(f"new{draw.random()}" if draw.random() < share else word for word in text.split())


def some_texts(count: int = 60) -> list[str]:
    """Originals and copies with more and more words changed, in a fixed shuffled order."""
    originals = [prose(seed) for seed in range(count // 4)]
    copies = [edited(text, share, i) for i, text in enumerate(originals) for share in (0.0, 0.02, 0.2)]
    texts = originals + copies
    random.Random(5).shuffle(texts)
    return texts


def in_calls_of(texts: Sequence[str], size: int, **options: int) -> list[Duplicate | None]:
    index = NearDuplicateIndex(**options)
    return [
        answer
        for low in range(0, len(texts), size)
        for answer in index.check_and_add(range(low, min(low + size, len(texts))), texts[low : low + size])
    ]


def test_keeps_what_comparing_every_pair_keeps() -> None:
    texts = some_texts()
    answers = near_duplicates(texts)
    assert [i for i, answer in enumerate(answers) if answer is None] == sequential(texts)


def test_every_answer_names_a_kept_text_and_its_exact_similarity() -> None:
    texts = some_texts()
    answers = near_duplicates(texts)
    duplicates = [(i, answer) for i, answer in enumerate(answers) if answer]
    assert duplicates
    for i, answer in duplicates:
        assert answers[answer.kept_id] is None
        assert answer.jaccard == jaccard(texts[i], texts[answer.kept_id]) >= 0.8


@pytest.mark.parametrize("size", [1, 7, 64])
def test_answers_do_not_depend_on_how_texts_are_cut_into_calls(size: int) -> None:
    texts = some_texts()
    assert in_calls_of(texts, size) == in_calls_of(texts, len(texts))


def test_answers_are_the_same_when_the_words_go_to_a_file() -> None:
    texts = some_texts()
    assert in_calls_of(texts, 5, memory_limit=4096) == in_calls_of(texts, 5)


def test_added_texts_count_without_being_checked() -> None:
    index = NearDuplicateIndex()
    text = prose(1)
    index.add([10, 11], [text, text])
    assert index.check_and_add([12], [text.upper()]) == [Duplicate(10, 1.0)]
    assert len(index) == 2


def test_many_texts_make_the_tables_grow() -> None:
    texts = [prose(seed, 30) for seed in range(3000)]
    index = NearDuplicateIndex()
    assert index.check_and_add(range(3000), texts) == [None] * 3000
    assert index.check_and_add(range(3000), texts) == [Duplicate(i, 1.0) for i in range(3000)]


def test_a_hundred_thousand_copies_are_quick_and_small() -> None:
    index = NearDuplicateIndex()
    answers = index.check_and_add(range(100_000), [prose(3, 12)] * 100_000)
    assert answers.count(None) == 1
    assert index.nbytes < 60e6


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("", ""),
        ("word", "WORD!"),
        ("\x00", "\x00"),
        ("👩‍🚀 🚀", "👩‍🚀 🚀"),
        ("a\ud800b c", "a\udfffb c"),
        ("Straße nach Ölper", "STRASSE NACH ÖLPER"),
        ("x" * 100_000, "X" * 100_000),
        ("one two\x00three", "one two three"),
    ],
)
def test_texts_of_the_same_words_are_duplicates(left: str, right: str) -> None:
    assert near_duplicates([left, right]) == [None, Duplicate(0, 1.0)]


@pytest.mark.parametrize(
    ("left", "right"), [("", "!"), ("!", "?"), ("", "word"), ("one", "two"), ("a b c d", "a b c d e"), ("👩‍🚀", "🚀")]
)
def test_texts_of_different_words_are_not(left: str, right: str) -> None:
    assert near_duplicates([left, right]) == [None, None]


@given(st.lists(st.text(alphabet="ab é!", max_size=30), max_size=12), st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_short_texts_keep_what_comparing_every_pair_keeps(texts: list[str], ngram: int) -> None:
    answers = near_duplicates(texts, threshold=1.0, ngram=ngram)
    assert [i for i, answer in enumerate(answers) if answer is None] == sequential(texts, 1.0, ngram)


@pytest.mark.parametrize("options", [{"threshold": 0.0}, {"threshold": 1.2}, {"ngram": 0}, {"bands": 0}, {"rows": 999}])
def test_invalid_settings_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        NearDuplicateIndex(**options)  # type: ignore[arg-type]
