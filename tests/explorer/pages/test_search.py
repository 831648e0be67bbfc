"""Search and filters agree with looking through every text."""

import re

import numpy as np
import pytest

from bench.view_corpus import make_run as make_bench_run
from docgen.explorer.corpus_opening import open_views
from docgen.explorer.index import frequent_word_masks
from docgen.explorer.read.facets import facets_of
from docgen.explorer.read.filters import Filters, mask_of
from docgen.explorer.read.search import parse
from docgen.explorer.read.snapshot import Snapshot


def nobody(_: str) -> tuple[str, ...]:
    return ()


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """300 documents, whose frequent words have masks as in a large corpus."""
    folder = tmp_path_factory.mktemp("search") / "bench"
    make_bench_run(folder, 300, sentences=300)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frequent_word_masks, "MIN_DOCUMENTS", 100)
        patch.setattr(frequent_word_masks, "SAMPLE_DOCUMENTS", 100)
        return open_views([str(folder)])[0].snapshot


def texts(snapshot: Snapshot) -> list[str]:
    return [str(snapshot.record(doc)["text"]).lower() for doc in range(snapshot.documents)]


@pytest.mark.parametrize(
    ("typed", "test"),
    [
        ("ubiquit", lambda t: "ubiquit" in t),
        ("ubiquit frequentia", lambda t: "ubiquit" in t and "frequentia" in t),
        ("Ubiquit -prevalent", lambda t: "ubiquit" in t and "prevalent" not in t),
        ("seldomly OR occasio", lambda t: "seldomly" in t or "occasio" in t),
        ('"it is prevalent"', lambda t: "it is prevalent" in re.sub(r"\W+", " ", t)),
        ("freq*", lambda t: re.search(r"\bfreq", t) is not None),
        ('"', None),
        ("AND NOT ( * -", lambda t: "and" in t.split() and "not" in t.split()),
        ("nowhere-at-all", lambda _: False),
    ],
)
def test_a_search_finds_what_reading_would(snapshot: Snapshot, typed: str, test: object) -> None:
    """Words, phrases, prefixes, alternatives, exclusions; no query is an error."""
    found = mask_of(snapshot, Filters(q=typed), nobody).tolist()
    expected = [callable(test) and bool(test(text)) for text in texts(snapshot)]
    assert found == expected


def test_frequent_words_have_masks(snapshot: Snapshot) -> None:
    """Else the test above would not have looked at them."""
    words = {word for (word,) in snapshot.rows("SELECT word FROM frequent")}
    assert {"ubiquit", "prevalent", "frequentia"} <= words


def test_facets_count_what_their_filters_give(snapshot: Snapshot) -> None:
    """Each value's number is the length of the list that its link leads to."""
    for filters in (Filters(), Filters((("type", "type-3"),)), Filters((("fact", "fact_1"),), q="prevalent")):
        for facet in facets_of(snapshot, filters, nobody):
            for value in facet.values[:6]:
                if not value.chosen:
                    after = filters.toggled(facet.field, value.value, facet.single)
                    assert value.documents == np.count_nonzero(mask_of(snapshot, after, nobody)), (facet.field, value)


def test_a_filter_can_be_turned_round(snapshot: Snapshot) -> None:
    """ "!" before a value asks for the other documents."""
    with_, without = (mask_of(snapshot, Filters((("fact", name),)), nobody) for name in ("fact_2", "!fact_2"))
    assert (with_ != without).all()


def test_marked_words_are_those_searched_for() -> None:
    """Phrases and prefixes as well; what is excluded is not marked."""
    pattern = parse('"grey boats" tea* -wind').pattern
    assert pattern is not None
    assert [m.group() for m in pattern.finditer("Grey\nboats, teapots and wind")] == ["Grey\nboats", "teapots"]
