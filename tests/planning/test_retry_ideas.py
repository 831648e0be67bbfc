"""No two slots get the same spare idea, and no idea is left over while a slot needs one."""

from hypothesis import given
from hypothesis import strategies as st

from docgen.planning.slots.retry_ideas import SpareIdeas


@given(st.integers(0, 12), st.lists(st.lists(st.booleans(), min_size=9, max_size=9), min_size=1, max_size=4))
def test_each_idea_goes_to_one_slot_and_rejected_slots_get_all_that_are_left(
    count: int, rounds: list[list[bool]]
) -> None:
    spare = SpareIdeas({"a": [f"i{number}" for number in range(count)]})
    used: list[str] = []
    open_slots = list(range(9))
    for verdicts in rounds:
        spare.begin_round((slot, "a") for slot in open_slots)
        settled = {slot: spare.reserved(slot) for slot in open_slots if spare.is_settled(slot, "a")}
        rejected = [slot for slot in open_slots if verdicts[slot]]
        chosen = spare.end_round((slot, "a") for slot in rejected)
        assert len(chosen) == min(len(rejected), count - len(used))
        assert all(chosen.get(slot) == idea for slot, idea in settled.items() if slot in rejected)
        used += chosen.values()
        open_slots = rejected
    assert len(used) == len(set(used))


def test_ideas_of_one_kind_are_not_for_slots_of_another() -> None:
    spare = SpareIdeas({"a": ["x"], "b": []})
    spare.begin_round([(0, "b"), (1, "a")])
    assert (spare.is_settled(0, "b"), spare.reserved(0), spare.reserved(1)) == (True, None, "x")
    assert spare.end_round([(0, "b"), (1, "a")]) == {1: "x"}
