"""From reply to verdict: every fault has its own reason, which says what to change."""

import asyncio
from collections.abc import Iterable

import pytest

from docgen.dedupe.index import NearDuplicateIndex
from docgen.llm.protocol import Completion
from docgen.parallel.worker import in_this_process
from docgen.prompts.requests import ModelOptions, Reply, Work, document_request
from docgen.records import AssignedFact, Attempt, DocumentType, Idea, Slot
from docgen.stages.check import REASONS, Checker, DocumentChecker
from docgen.stages.plan import plan
from tests.worlds import lighthouse, spoils, writes_well

WORLD = lighthouse()
KIND, IDEA = DocumentType(id="letter", name="letter"), Idea(id="letter.1", doc_type="letter", text="A letter home.")
STATED = (AssignedFact(fact="keeper"),)


def work(facts: tuple[AssignedFact, ...] = STATED, slot_id: int = 0, words: int = 60) -> Work:
    drawn = next(plan(WORLD, [KIND], [IDEA], 20, 0, words=(words, words)).slots())
    slot: Slot = drawn.model_copy(update={"id": slot_id, "facts": facts, "seed": slot_id})
    return Work(slot, 1, document_request(WORLD, ModelOptions("fake"), slot, KIND, IDEA))


def checker() -> Checker:
    return Checker(in_this_process(DocumentChecker(WORLD, 0.5, "fake")), NearDuplicateIndex(threshold=0.8, ngram=5))


def judged(*replies: tuple[Work, str | Completion]) -> list[Attempt]:
    return asyncio.run(checker().decide([Reply(item, whole(reply)) for item, reply in replies]))


def whole(reply: str | Completion) -> Completion:
    return reply if isinstance(reply, Completion) else Completion(text=reply, stop_reason="end_turn", model="fake")


def codes(attempt: Attempt) -> list[str]:
    return [reason.code for reason in attempt.reasons]


def document(text: str, quotes: Iterable[tuple[str, str]] = ()) -> str:
    said = "".join(f'<quote fact="{fact}">{quote}</quote>' for fact, quote in quotes)
    return f"<document>\n{text}\n</document>\n<evidence>{said}</evidence>"


FILLER = (
    "Dear Ann, the boats came home early because the wind had turned, and the children carried rope up from the quay. "
    "Nobody minded. We had soup, mended two nets and talked about the price of paint until the lamps went out at ten. "
    "The road to the station is dry again, so do come before the month is over."
)


def test_good_reply_is_accepted() -> None:
    item = work()
    attempt = judged((item, writes_well(item.request)))[0]
    assert attempt.verdict == "accepted"
    assert attempt.reasons == ()
    assert attempt.key == item.request.key
    assert attempt.words == len(attempt.text.split())


@pytest.mark.parametrize(
    "reason",
    [
        "refused",
        "declined",
        "empty",
        "truncated",
        "too_short",
        "too_long",
        "missing_fact",
        "contradicted_fact",
        "leak",
    ],
)
def test_each_fault_has_its_reason(reason: str) -> None:
    item = work()
    attempt = judged((item, spoils(item.request, reason)))[0]
    assert attempt.verdict == "rejected"
    assert codes(attempt)[0] == reason
    assert attempt.reasons[0].detail
    assert set(codes(attempt)) <= set(REASONS)


def test_reason_names_fact_or_rule() -> None:
    item = work()
    assert judged((item, spoils(item.request, "missing_fact")))[0].reasons[0].subject == "keeper"
    leak = judged((item, spoils(item.request, "leak")))[0].reasons[0]
    assert "harbour authority" in leak.evidence


def test_a_denied_fact_is_one_reason_and_another_denial_is_a_second() -> None:
    """The denied passage is the evidence; denying a fact that was not assigned is a leak of its own."""
    attempt = judged((work(), spoils(work().request, "contradicted_fact")))[0]
    assert codes(attempt) == ["contradicted_fact"]
    assert attempt.reasons[0].evidence in attempt.text
    assert "denial" in {finding.rule for finding in attempt.findings}
    other = WORLD.key_facts[0].statement
    text = f"{FILLER} It is not true that {WORLD.key_facts[1].statement} It is false that {other}"
    both = judged((work(words=90), document(text)))[0]
    assert codes(both) == ["contradicted_fact", "leak"]


def test_refusal_keeps_its_category() -> None:
    item = work()
    assert judged((item, spoils(item.request, "refused")))[0].reasons[0].subject == "frontier_llm"


def test_every_missing_fact_is_named() -> None:
    item = work((*STATED, AssignedFact(fact="stairs")))
    attempt = judged((item, document(FILLER)))[0]
    assert [(reason.code, reason.subject) for reason in attempt.reasons] == [
        ("missing_fact", "keeper"),
        ("missing_fact", "stairs"),
    ]


def test_implied_fact_must_not_be_stated() -> None:
    implied = (AssignedFact(fact="opened", directness="implied"),)
    fact = WORLD.key_facts[0]
    said, hinted = f"{FILLER} {fact.statement}", f"{FILLER} {fact.implications[0]}"
    outright, implied_only = judged((work(implied), document(said)), (work(implied, 1), document(hinted)))
    assert codes(outright) == ["too_direct"]
    assert implied_only.verdict == "accepted"


def test_own_wording_counts_by_the_writers_quote_when_it_is_really_there() -> None:
    sentence = "On Sundays it is still Maud Tresco, the last keeper, who puts the key into the old clockwork."
    there = document(f"{FILLER} {sentence}", [("keeper", sentence)])
    invented = document(FILLER, [("keeper", sentence)])
    good, bad = judged((work(), there), (work(slot_id=1), invented))
    assert good.verdict == "accepted"
    assert codes(bad) == ["missing_fact"]


def test_background_document_needs_no_fact() -> None:
    assert judged((work(()), document(FILLER)))[0].verdict == "accepted"


def test_fact_that_was_not_assigned_is_a_leak() -> None:
    attempt = judged((work(()), document(f"{FILLER} {WORLD.key_facts[2].statement}")))[0]
    assert attempt.verdict == "rejected"
    assert attempt.findings, "the passage is kept as evidence"


def test_first_of_two_alike_stays_and_the_other_names_it() -> None:
    one, two = work(slot_id=4), work(slot_id=9)
    text = document(f"{FILLER} {WORLD.key_facts[1].statement}")
    original, duplicate = judged((one, text), (two, text.replace("Dear Ann", "Dear Tom")))
    assert (original.verdict, codes(duplicate), duplicate.reasons[0].subject) == ("accepted", ["near_duplicate"], "4")


def test_rejected_text_is_no_twin_of_a_later_one() -> None:
    """Only accepted documents count: a leaking first attempt must not block its own correction."""
    leaking = work(slot_id=1)
    text = f"{FILLER} {WORLD.key_facts[1].statement}"
    leak = document(f"{text} The conversion was paid for by the harbour authority.")
    first, second = judged((leaking, leak), (work(slot_id=2), document(text)))
    assert codes(first) == ["leak"]
    assert second.verdict == "accepted"


def test_remembered_documents_are_compared_with() -> None:
    text = document(f"{FILLER} {WORLD.key_facts[1].statement}")
    before = judged((work(slot_id=3), text))
    later = checker()
    later.remember(before)
    assert codes(asyncio.run(later.decide([Reply(work(slot_id=8), whole(text))]))[0]) == ["near_duplicate"]


def test_untagged_reply_is_taken_as_the_document() -> None:
    attempt = judged((work(()), FILLER))[0]
    assert (attempt.verdict, attempt.text) == ("accepted", FILLER)


def test_end_tag_missing_is_truncation_even_if_the_server_says_it_ended() -> None:
    assert codes(judged((work(()), f"<document>\n{FILLER}"))[0]) == ["truncated"]


def test_lengths_are_judged_against_the_slot() -> None:
    words = len(FILLER.split())
    for target, expected in ((words, []), (words * 2, []), (words * 3, ["too_short"]), (words // 2, ["too_long"])):
        assert codes(judged((work((), words=max(20, target)), document(FILLER)))[0]) == expected


def test_a_passage_found_without_a_quote_is_kept_as_one() -> None:
    """So that audits and reports, which go by quotes, see the fact where the check saw it."""
    said = "Maud Tresco was the last keeper of Orrick and still winds the clockwork on a Sunday."
    attempt = judged((work(words=80), document(f"{FILLER} {said}")))[0]
    assert (attempt.reasons, [(quote.fact, quote.text) for quote in attempt.quotes]) == ((), [("keeper", said)])
