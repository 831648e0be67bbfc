"""A run from context to corpus: n accepted, rejected ones refilled, all of it accounted for."""

import itertools
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from docgen.errors import PlanError, RequestFailed, RunError, StopRun
from docgen.llm.fake import FakeLLM
from docgen.llm.protocol import Completion, Request
from docgen.options.last_step import Step
from docgen.pipeline.status import summarise
from tests.runs import Delayed, attempts, by_verdict, corpus, documents, run_job, set_up_run
from tests.worlds import first, spoils, writes_well


def test_ends_with_exactly_n_accepted_documents(tmp_path: Path) -> None:
    setup = set_up_run(tmp_path, n=30)
    run_job(setup, FakeLLM(writes_well))
    assert by_verdict(setup) == {"accepted": 30}
    assert corpus(setup)["id"].to_list() == [f"d{slot:07d}" for slot in range(30)]


def test_salience_is_what_was_asked_after_refills(tmp_path: Path) -> None:
    """Every third attempt is spoiled; the slots keep their facts through it."""
    count = itertools.count()
    setup = set_up_run(tmp_path, n=60, max_attempts=20)
    run_job(setup, FakeLLM(lambda r: spoils(r, "missing_fact") if next(count) % 3 == 0 else writes_well(r)))
    summary = summarise(setup)
    assert summary.complete
    assert summary.rejected > 0
    assert {fact.fact: fact.assigned for fact in summary.facts} == {"opened": 36, "keeper": 18, "stairs": 15}


def test_corpus_holds_the_accepted_attempts_and_nothing_else(tmp_path: Path) -> None:
    setup = set_up_run(tmp_path, n=30)
    run_job(setup, FakeLLM(lambda r: spoils(r, "too_short") if first(r) else writes_well(r)))
    accepted = sorted((a for a in attempts(setup) if a.verdict == "accepted"), key=lambda a: a.slot)
    rows = corpus(setup).sort("id").to_dicts()
    assert [row["text"] for row in rows] == [a.text for a in accepted]
    assert [row["facts"] for row in rows] == [[fact.model_dump() for fact in a.facts] for a in accepted]
    assert [row["attempts"] for row in rows] == [a.number for a in accepted] == [2] * 30


def test_refill_keeps_facts_and_length_and_hears_why(tmp_path: Path) -> None:
    setup = set_up_run(tmp_path, n=20)
    llm = FakeLLM(lambda r: spoils(r, "too_long") if first(r) else writes_well(r))
    run_job(setup, llm)
    tries = {number: [r for r in documents(llm) if r.variables["attempt"] == number] for number in (1, 2)}
    assert [len(tries[number]) for number in (1, 2)] == [20, 20]
    for before, after in zip(tries[1], tries[2], strict=True):
        assert before.variables["facts"] == after.variables["facts"]
        assert before.variables["style"].words == after.variables["style"].words
        assert before.variables["idea"] != after.variables["idea"]
        assert [reason.code for reason in after.variables["feedback"]] == ["too_long"]
        assert "words: write about" in after.user


def test_slot_stays_empty_after_its_last_attempt_and_the_summary_says_so(tmp_path: Path) -> None:
    setup = set_up_run(tmp_path, n=20, max_attempts=3)
    llm = FakeLLM(lambda r: spoils(r, "refused") if carries(r, "stairs") else writes_well(r))
    run_job(setup, llm)
    summary = summarise(setup)
    assert not summary.complete
    assert (summary.accepted, summary.empty_slots) == (15, 5)
    assert summary.rejected == by_verdict(setup)["rejected"] == 15
    assert summary.reasons == {"refused": 15}
    assert next(fact.rejected for fact in summary.facts if fact.fact == "stairs") == 15


def carries(request: Request, fact: str) -> bool:
    return request.stage == "document" and any(item.fact.id == fact for item in request.variables["facts"])


def test_near_duplicate_is_rejected_and_written_anew(tmp_path: Path) -> None:
    """First attempts all say the same; one of each text stays, the others are refilled."""
    setup = set_up_run(tmp_path, n=12, words=(60, 60))
    run_job(setup, FakeLLM(lambda r: spoils(r, "near_duplicate") if first(r) else writes_well(r)))
    summary = summarise(setup)
    texts = {tuple(f.fact for f in a.facts) for a in attempts(setup)}
    assert summary.complete
    assert set(summary.reasons) == {"near_duplicate"}
    assert summary.rejected >= 12 - len(texts) > 0
    for attempt in attempts(setup):
        if attempt.verdict == "rejected":
            twin = next(
                a for a in attempts(setup) if a.verdict == "accepted" and a.slot == int(attempt.reasons[0].subject)
            )
            assert twin.slot < attempt.slot


def test_summary_adds_up(tmp_path: Path) -> None:
    faults = itertools.cycle(["too_short", "", "declined", "", "missing_fact", "", ""])
    setup = set_up_run(tmp_path, n=50)

    def reply(request: Request) -> str | Completion:
        fault = next(faults) if request.stage == "document" else ""
        return spoils(request, fault) if fault else writes_well(request)

    llm = FakeLLM(reply)
    run_job(setup, llm)
    summary = summarise(setup)
    assert summary.attempts == summary.accepted + summary.rejected == len(documents(llm))
    assert sum(summary.reasons.values()) == sum(len({r.code for r in a.reasons}) for a in attempts(setup))
    assert sum(line.calls for line in summary.spending) == len(llm.requests)
    assert summary.words == corpus(setup)["words"].sum()
    assert summary.tokens == corpus(setup)["tokens"].sum()
    measured = Counter(corpus(setup)["facts"].explode().drop_nulls().struct.field("fact").to_list())
    assert {fact.fact: fact.assigned for fact in summary.facts} == measured


def test_same_seed_same_corpus_whatever_the_order_of_arrival(tmp_path: Path) -> None:
    """The network decides when replies come, never what is kept: also among near-duplicates."""
    digests = set()
    for seed in range(3):
        folder = tmp_path / str(seed)
        folder.mkdir()
        setup = set_up_run(folder, n=40, concurrency=7, words=(60, 60))
        llm = Delayed(lambda r: spoils(r, "near_duplicate") if first(r) else writes_well(r), seed)
        run_job(setup, llm)
        assert 1 < llm.peak <= 7
        digests.add((setup.run.attempts.read_bytes(), corpus(setup).write_json()))
    assert len(digests) == 1


def test_another_seed_is_another_corpus(tmp_path: Path) -> None:
    plans = []
    for seed in (1, 2):
        setup = set_up_run(tmp_path, run=f"r{seed}", n=20, seed=seed)
        run_job(setup, FakeLLM(writes_well))
        plans.append(setup.run.slots.read_bytes())
    assert plans[0] != plans[1]


def test_failed_request_is_data_and_tried_again_by_the_next_start(tmp_path: Path) -> None:
    setup = set_up_run(tmp_path, n=10)

    def down_for_stairs(request: Request) -> str:
        if carries(request, "stairs"):
            raise RequestFailed("500", "not now", 6)
        return writes_well(request)

    run_job(setup, FakeLLM(down_for_stairs))
    summary, stairs = summarise(setup), 3
    assert (summary.accepted, summary.failed, summary.rejected) == (10 - stairs, stairs, 0)
    assert {a.reasons[0].code for a in attempts(setup) if a.verdict == "failed"} == {"request_failed"}

    llm = FakeLLM(writes_well)
    run_job(setup, llm)
    assert len(llm.requests) == stairs
    assert {a.number for a in attempts(setup)} == {1}, "a failed request uses up no attempt"
    assert summarise(setup).complete
    assert summarise(setup).failed == 0
    assert corpus(setup).height == 10


def test_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    """A spend limit in mid-run: what came before it is kept, the rest is bought by the next start, nothing twice."""
    whole = set_up_run(tmp_path, run="whole", n=25)
    run_job(whole, FakeLLM(writes_well))

    setup, bought = set_up_run(tmp_path, run="cut", n=25), itertools.count()

    def reply(request: Request) -> str:
        if next(bought) >= 17:
            raise StopRun("spend_limit", "the limit is reached", "Raise it")
        return writes_well(request)

    with pytest.raises(StopRun, match="spend_limit"):
        run_job(setup, FakeLLM(reply))
    llm = FakeLLM(writes_well)
    run_job(setup, llm)
    assert len(llm.requests) == 25 + 1 + 3 - 17
    assert setup.run.attempts.read_bytes() == whole.run.attempts.read_bytes()
    assert corpus(setup).equals(corpus(whole))


@pytest.mark.parametrize("calls", [0, 1, 3, 5, 12])
def test_stop_while_ideas_are_asked_is_one_error(tmp_path: Path, calls: int) -> None:
    """The same error as anywhere else, not a group of them."""
    bought = itertools.count()

    def reply(request: Request) -> str:
        if next(bought) >= calls:
            raise StopRun("bad_key", "invalid key", "Check it")
        return writes_well(request)

    with pytest.raises(StopRun):
        run_job(set_up_run(tmp_path, n=10), FakeLLM(reply))


def test_finished_run_asks_for_nothing_more(tmp_path: Path) -> None:
    setup = set_up_run(tmp_path, n=10)
    run_job(setup, FakeLLM(writes_well))
    before = corpus(setup)
    again = FakeLLM(writes_well)
    run_job(set_up_run(tmp_path, n=10), again)
    assert again.requests == []
    assert corpus(setup).equals(before)


def test_derived_files_can_be_thrown_away(tmp_path: Path) -> None:
    """Everything but run.json, context and journal is made again from the journal, the same, at no cost."""
    setup = set_up_run(tmp_path, n=30)
    run_job(setup, FakeLLM(lambda r: spoils(r, "missing_fact") if first(r) else writes_well(r)))
    before = {name: (setup.run.path / name).read_bytes() for name in ("slots.jsonl", "attempts.jsonl", "ideas.jsonl")}
    setup.run.delete_derived()
    again = FakeLLM(writes_well)
    run_job(setup, again)
    assert again.requests == []
    assert {name: (setup.run.path / name).read_bytes() for name in before} == before


def test_calls_in_flight_stay_below_the_bound(tmp_path: Path) -> None:
    llm = Delayed(writes_well, seed=1)
    run_job(set_up_run(tmp_path, n=40, concurrency=3), llm)
    assert llm.peak == 3


def test_run_of_no_accepted_document_has_an_empty_corpus(tmp_path: Path) -> None:
    setup = set_up_run(tmp_path, n=5, max_attempts=2)
    run_job(setup, FakeLLM(lambda r: spoils(r, "empty") if r.stage == "document" else writes_well(r)))
    assert corpus(setup).height == 0
    assert corpus(setup).schema["facts"] == pl.List(
        pl.Struct({"fact": pl.String, "directness": pl.String, "prominence": pl.String})
    )
    assert summarise(setup).empty_slots == 5


def test_brainstorm_alone_needs_no_n(tmp_path: Path) -> None:
    setup = set_up_run(tmp_path)
    run_job(setup, FakeLLM(writes_well), Step.BRAINSTORM)
    summary = summarise(setup)
    assert (summary.types, summary.ideas, summary.planned, summary.n) == (3, 12, 0, None)
    with pytest.raises(RunError, match="Give --n"):
        run_job(setup, FakeLLM(writes_well))
    finished = set_up_run(tmp_path, n=8)
    run_job(finished, FakeLLM(writes_well))
    assert summarise(finished).complete


def test_impossible_demand_is_told_before_anything_is_written(tmp_path: Path) -> None:
    for wish in ({"nobody": 0.5}, {"opened": 1.5}, {"opened": 1.0, "keeper": 1.0, "stairs": 1.0}):
        with pytest.raises(PlanError):
            set_up_run(tmp_path, n=40, salience=wish)
        assert not (tmp_path / "output").exists()


def test_hostile_reply_is_rejected_not_fatal(tmp_path: Path) -> None:
    """NUL, unclosed tags, a megabyte of brackets: every one a reason, or clean text."""
    horrors = itertools.cycle(
        [
            "<document>\x00\x00</document>",
            "<document>" * 2000,
            "[" * 1_000_000,
            "",
            " \n\t ",
            '<evidence><quote fact="opened">x</quote></evidence>',
            "<document>one</document><document>two</document>",
        ]
    )
    setup = set_up_run(tmp_path, n=7, max_attempts=2)
    run_job(setup, FakeLLM(lambda r: next(horrors) if first(r) else writes_well(r)))
    assert summarise(setup).complete
    assert summarise(setup).rejected == 7
    assert summarise(setup).accepted == corpus(setup).height == 7
    again = FakeLLM(writes_well)
    setup.run.delete_derived()
    run_job(setup, again)
    assert again.requests == [], "every reply, however ugly, is read back from the journal"


@pytest.mark.parametrize("text", ["<document>\ud800 half a character \udfff</document>", "<decline>\ud800</decline>"])
def test_half_characters_do_not_stop_a_run(tmp_path: Path, text: str) -> None:
    setup = set_up_run(tmp_path, n=3)
    run_job(setup, FakeLLM(lambda r: text if first(r) else writes_well(r)))
    assert summarise(setup).complete
