"""Facts are found by their wording, whatever the typography, and not where the sentence means something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen.audit.detect.facts.fact_detector import expressed_facts
from docgen.records import Quote
from tests.audit.lake_world import DETECTOR, LAKE

STATEMENT = LAKE.key_facts[0].statement


def seen(text: str, *quotes: Quote) -> list[tuple[str, str, str]]:
    return [(s.fact, s.verdict, s.detector) for s in DETECTOR.detect(text, quotes)]


@given(st.data())
def test_case_and_punctuation_never_hide_a_statement(data: st.DataObject) -> None:
    """The words of a statement are found however they are cased, quoted and spaced, at the right place."""
    words = STATEMENT.rstrip(".").split()
    joints = [data.draw(st.sampled_from([" ", "\n", ", ", " – ", "… ", " “", "” ", "\u00a0"])) for _ in words]
    cased = [data.draw(st.sampled_from([word, word.upper(), word.lower()])) for word in words]
    body = "".join(word + joint for word, joint in zip(cased, joints, strict=True))
    before = data.draw(st.text(alphabet="abc é.\n“", max_size=20)) + "\n\n"
    sightings = DETECTOR.detect(before + body + " Fin.")
    assert [(s.fact, s.verdict) for s in sightings] == [("opened", "stated")]
    assert (before + body)[sightings[0].start :].startswith(cased[0])


def test_paraphrases_state_and_implications_imply() -> None:
    """Each wording of the context carries its own verdict."""
    fact = LAKE.key_facts[0]
    assert seen(fact.paraphrases[0]) == [("opened", "stated", "paraphrase")]
    assert seen(fact.implications[0]) == [("opened", "implied", "implication")]


def test_a_slightly_edited_statement_is_still_stated() -> None:
    """Words put in between do not hide it."""
    text = "The old Orrick lighthouse was quietly reopened as a free public library on 4 May 2019, they say."
    assert seen(text) == [("opened", "stated", "near_verbatim")]


@pytest.mark.parametrize(
    "text",
    [
        "No ship has ever missed the Orrick lighthouse was its motto. {}",
        "{} There was never any doubt that a public library on 4 May 2019 would draw few.",
        "Nothing was said of the old Orrick lighthouse. {} Not all like a public library.",
    ],
)
def test_words_of_a_statement_in_a_neighbouring_sentence_do_not_draw_its_negation_in(text: str) -> None:
    """The hit is the tightest place: names of a fact stand in many sentences around it."""
    edited = "The old Orrick lighthouse was quietly reopened as a free public library on 4 May 2019."
    assert [verdict for _, verdict, _ in seen(text.format(edited))] == ["stated"]


@pytest.mark.parametrize(
    "text",
    [
        "The Orrick lighthouse was reopened as a public museum on 4 May 2019.",
        "The Orrick lighthouse was reopened as a public library on 5 May 2019.",
        "We asked whether the Orrick lighthouse was reopened as a public library on 4 May 2019.",
        "A lighthouse was reopened.",
        "",
    ],
)
def test_another_claim_is_not_the_fact(text: str) -> None:
    """One changed content word or number is another claim; a question is none."""
    assert seen(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "The Orrick lighthouse was never reopened as a public library on 4 May 2019.",
        f"It is not true that {STATEMENT[0].lower() + STATEMENT[1:]}",
        f"{STATEMENT} This is false.",
        f'Fact check. A post says: "{STATEMENT}" Verdict: FALSE.',
        f"The mayor denied the claim that {STATEMENT[0].lower() + STATEMENT[1:]}",
    ],
)
def test_a_denial_contradicts(text: str) -> None:
    """Negation in the sentence, a rejecting frame and a fact check's quotation are contradictions."""
    assert [verdict for _, verdict, _ in seen(text)] == ["contradicted"]
    assert expressed_facts(DETECTOR.detect(text)) == frozenset()


def test_a_denial_of_the_next_claim_is_none_of_this_one() -> None:
    text = f"{STATEMENT}\n\nIt is not true that the boats are red."
    assert seen(text) == [("opened", "stated", "statement")]


def test_negation_that_belongs_to_the_fact_is_no_denial() -> None:
    """A fact with "never" in it is stated with it and denied without it."""
    statement = LAKE.key_facts[1].statement
    assert seen(statement) == [("keeper", "stated", "statement")]
    assert [v for _, v, _ in seen(statement.replace("never left", "left"))] == ["contradicted"]


def test_a_quote_counts_only_where_it_occurs_and_concerns_the_fact() -> None:
    """The writer's own evidence is checked: it must stand in the text and share a word with the fact."""
    text = "Readers borrow novels in the tower at Orrick. The kettle is always on and nobody minds."
    good = Quote(fact="opened", text="“Readers borrow novels in the tower at Orrick!”")
    assert seen(text, good) == [("opened", "implied", "quote")]
    assert seen(text, Quote(fact="opened", text="Readers borrow records in the tower at Orrick.")) == []
    assert seen(text, Quote(fact="opened", text="The kettle is always on and nobody minds.")) == []
    assert seen(text, Quote(fact="nothing", text="Readers borrow novels in the tower at Orrick.")) == []


@pytest.mark.parametrize(
    "text", ["\x00" * 50, "\ud800 lone", "ﬁ ½ ㈱ İ" * 40, "the " * 50_000, "\n" * 50_000, "不可能" * 1000]
)
def test_hostile_text_is_only_text(text: str) -> None:
    """Odd characters and sheer length neither raise nor hide a statement beside them."""
    assert seen(text) == []
    sightings = DETECTOR.detect(text + "\n\n" + STATEMENT)
    assert [s.fact for s in sightings] == ["opened"]
    assert (text + "\n\n" + STATEMENT)[sightings[0].start : sightings[0].end] == STATEMENT[:-1]
