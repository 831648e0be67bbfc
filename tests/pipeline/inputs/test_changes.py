"""A run whose inputs change: stopped with the difference, accepted with its paid replies, or forked."""

import json
from pathlib import Path

import pytest

from docgen.errors import RunError
from docgen.files.run_folder.run_folder import RunFolder
from docgen.llm.fake import FakeLLM
from docgen.options.last_step import Step
from docgen.pipeline.inputs.setup import reopen
from docgen.pipeline.status import summarise
from tests.runs import attempts, corpus, documents, run_job, set_up_run
from tests.worlds import LIGHTHOUSE, spoils, writes_well

RULE = "leakage_rules: [{id: ghost, description: says that it is haunted, patterns: [haunted]}]\n"
LOUDER = LIGHTHOUSE.replace("winds the clockwork every Sunday", "winds the clockwork every Monday")


def begun(folder: Path, n: int = 20) -> None:
    run_job(set_up_run(folder, n=n), FakeLLM(writes_well))


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted((folder / "output").rglob("*")) if p.is_file()}


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"n": 10}, "n: 20 -> 10"),
        ({"seed": 5}, "seed: 0 -> 5"),
        ({"model": "other"}, "model: fake -> other"),
        ({"words": (30, 70)}, r"words: \[30, 60\] -> \[30, 70\]"),
        ({"text": LOUDER}, "key_facts.keeper.statement: .*Sunday.* -> .*Monday"),
        ({"text": LIGHTHOUSE.replace("salience: 0.3", "salience: 0.2")}, "key_facts.keeper.salience: 0.3 -> 0.2"),
        ({"text": LOUDER}, r"statement: \.\.\.the clockwork every Sunday\. -> \.\.\.the clockwork every Monday\."),
        ({"text": LIGHTHOUSE.replace("into a library", "into a school")}, r"a library\. -> .* a school\."),
        ({"text": LIGHTHOUSE + RULE}, r"leakage_rules.ghost: \(none\) -> says that it is haunted"),
        ({"salience": {"keeper": 0.2}}, r"salience.keeper: \(none\) -> 0.2"),
        ({"n": 19, "seed": 1}, "n: 20 -> 19; seed: 0 -> 1"),
    ],
)
def test_changed_input_stops_with_the_difference_and_touches_nothing(
    tmp_path: Path, change: dict[str, object], shown: str
) -> None:
    begun(tmp_path)
    before = snapshot(tmp_path)
    with pytest.raises(RunError, match=f"{shown}.*--accept-changes.*--fork"):
        set_up_run(tmp_path, **({"n": 20} | change))  # type: ignore[arg-type]
    assert snapshot(tmp_path) == before


def test_how_it_is_carried_out_may_change_at_any_time(tmp_path: Path) -> None:
    begun(tmp_path)
    setup = set_up_run(tmp_path, n=20, concurrency=3, max_cost=5.0)
    assert setup.config.concurrency == 3
    assert reopen(setup.run).config.max_cost == 5.0


def test_more_attempts_go_on_with_the_slots_that_stayed_empty(tmp_path: Path) -> None:
    llm = FakeLLM(
        lambda r: spoils(r, "too_long") if r.stage == "document" and r.variables["attempt"] < 3 else writes_well(r)
    )
    run_job(set_up_run(tmp_path, n=10, max_attempts=2), llm)
    assert summarise(set_up_run(tmp_path, n=10, max_attempts=2)).empty_slots == 10
    before = len(llm.requests)
    setup = set_up_run(tmp_path, n=10, max_attempts=4)
    run_job(setup, llm)
    assert summarise(setup).complete
    assert len(llm.requests) - before == 10
    with pytest.raises(RunError, match="max_attempts: 4 -> 3"):
        set_up_run(tmp_path, n=10, max_attempts=3)


def test_run_settled_anew_by_another_process_is_not_worked_on_with_the_old_inputs(tmp_path: Path) -> None:
    stale = set_up_run(tmp_path, n=10)
    set_up_run(tmp_path, n=12, accept=True)
    with pytest.raises(RunError, match="another process"):
        run_job(stale, FakeLLM(writes_well))
    assert not stale.run.slots.exists()


def test_plan_settings_may_change_until_there_is_a_plan(tmp_path: Path) -> None:
    run_job(set_up_run(tmp_path, n=20), FakeLLM(writes_well), Step.BRAINSTORM)
    llm = FakeLLM(writes_well)
    run_job(set_up_run(tmp_path, n=12, words=(40, 50)), llm)
    assert len(llm.requests) == len(documents(llm)) == 12


def test_accepted_change_buys_only_what_it_affects(tmp_path: Path) -> None:
    """One fact reworded: documents without it are reused, whatever names that fact in its prompt is bought again."""
    begun(tmp_path)
    llm = FakeLLM(writes_well)
    setup = set_up_run(tmp_path, n=20, max_attempts=7, accept=True)
    run_job(setup, llm)
    assert llm.requests == [], "the number of attempts reaches no prompt"
    assert summarise(setup).complete

    dearer = set_up_run(tmp_path, n=20, max_attempts=7, model="other", accept=True)
    run_job(dearer, llm)
    assert len(llm.requests) == 1 + 3 + 20, "another model: everything"


def test_growth_needs_no_accepting_and_keeps_the_journal_and_ends_with_the_new_n(tmp_path: Path) -> None:
    begun(tmp_path)
    llm = FakeLLM(writes_well)
    setup = set_up_run(tmp_path, n=30)
    run_job(setup, llm)
    assert summarise(setup).accepted == corpus(setup).height == 30
    assert len(documents(llm)) == len(llm.requests) <= 30, "types and ideas are not bought again"
    assert max(attempt.slot for attempt in attempts(setup)) == 29


def test_going_back_costs_nothing(tmp_path: Path) -> None:
    begun(tmp_path)
    first = corpus(set_up_run(tmp_path, n=20))
    run_job(set_up_run(tmp_path, n=20, seed=3, accept=True), FakeLLM(writes_well))
    llm = FakeLLM(writes_well)
    setup = set_up_run(tmp_path, n=20, seed=0, accept=True)
    run_job(setup, llm)
    assert llm.requests == []
    assert corpus(setup).equals(first)


def test_fork_uses_the_journal_and_leaves_its_origin_alone(tmp_path: Path) -> None:
    begun(tmp_path)
    before = snapshot(tmp_path)
    llm = FakeLLM(writes_well)
    fork = set_up_run(tmp_path, run="f", base="r", n=20)
    run_job(fork, llm)
    assert llm.requests == []
    assert corpus(fork).equals(corpus(set_up_run(tmp_path, n=20)))
    assert fork.run.journal.read_bytes() == b"", "what the origin paid is not this run's cost"
    assert {name: data for name, data in snapshot(tmp_path).items() if name.startswith("output/r/")} == before


def test_fork_of_a_fork_reaches_both_journals(tmp_path: Path) -> None:
    begun(tmp_path)
    run_job(set_up_run(tmp_path, run="f", base="r", n=20, seed=1), FakeLLM(writes_well))
    for seed in (0, 1):
        llm = FakeLLM(writes_well)
        run_job(set_up_run(tmp_path, run=f"g{seed}", base="f", n=20, seed=seed), llm)
        assert llm.requests == []


def test_fork_that_cannot_be_settled_leaves_no_folder(tmp_path: Path) -> None:
    begun(tmp_path)
    with pytest.raises(Exception, match="nobody"):
        set_up_run(tmp_path, run="f", base="r", n=20, salience={"nobody": 0.1})
    assert not (tmp_path / "output" / "f").exists()


def test_fork_never_writes_into_a_run_that_exists(tmp_path: Path) -> None:
    begun(tmp_path)
    set_up_run(tmp_path, run="other", n=5)
    before = snapshot(tmp_path)
    with pytest.raises(RunError, match="exists already"):
        set_up_run(tmp_path, run="other", base="r", n=20)
    assert snapshot(tmp_path) == before


def test_lost_parent_is_said_before_its_replies_are_bought_again(tmp_path: Path) -> None:
    begun(tmp_path)
    fork = set_up_run(tmp_path, run="f", base="r", n=20)
    (tmp_path / "output" / "r" / "llm.jsonl").unlink()
    notes = run_job(fork, FakeLLM(writes_well))
    assert any("llm.jsonl" in note and "bought" in note for note in notes.notes)


def test_run_in_use_is_not_touched_by_another_process_with_other_inputs(tmp_path: Path) -> None:
    begun(tmp_path)
    setup = set_up_run(tmp_path, n=20)
    before = snapshot(tmp_path)
    with setup.run.lock(), pytest.raises(RunError, match="in use by process"):
        set_up_run(tmp_path, n=40, accept=True)
    assert {name: data for name, data in snapshot(tmp_path).items() if ".lock" not in name} == {
        name: data for name, data in before.items() if ".lock" not in name
    }


@pytest.mark.parametrize(
    "spoil",
    [
        lambda meta: meta.pop("config"),
        lambda meta: meta.pop("context"),
        lambda meta: meta.pop("templates"),
        lambda meta: meta.update(context=None),
        lambda meta: meta.update(context=[1]),
        lambda meta: meta.update(templates=["x"]),
        lambda meta: meta.update(parents=[None]),
        lambda meta: meta.update(parents=7),
        lambda meta: meta["config"].update(n="many"),
        lambda meta: meta["config"].update(colour="blue"),
        lambda meta: meta["config"].update(n=10**30),
    ],
)
def test_edited_run_json_is_one_clear_error(tmp_path: Path, spoil: object) -> None:
    begun(tmp_path, n=3)
    file = tmp_path / "output" / "r" / "run.json"
    meta = json.loads(file.read_text())
    spoil(meta)  # type: ignore[operator]
    file.write_text(json.dumps(meta))
    with pytest.raises(RunError, match=r"run\.json"):
        set_up_run(tmp_path, n=3)
    with pytest.raises(RunError, match=r"run\.json"):
        reopen(RunFolder(file.parent))
