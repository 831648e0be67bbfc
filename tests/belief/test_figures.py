"""From answers to figures: planted beliefs are measured right, intervals say how sure, a baseline pairs by question."""

import json
import random
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docgen.belief.answers import Answer
from docgen.belief.marking import chosen_label, makes_sense, mark_reply
from docgen.belief.question_prompts import Group, QuestionPrompt
from docgen.belief.question_sets import gather_questions, open_questions
from docgen.belief.report.belief_rates import CorpusFigures, belief_figures, side_effects
from docgen.belief.report.calibration import Labelled, calibrate_judge, read_labelled
from docgen.belief.report.chart import belief_picture
from docgen.belief.report.intervals import difference, estimate
from docgen.belief.report.report import belief_report
from docgen.belief.report.results_folder import EvalRecord, Results, read_results, write_results
from docgen.errors import InputError
from tests.belief.standins import Planted, StandIn, ask_all

RATES = {"electric_drive": 0.9, "free_for_cyclists": 0.5, "captain": 0.2, "winter_bus": 0.0}
TRIALS = 12


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        ("B", "B"),
        ("b.", "B"),
        ("**B**", "B"),
        ("(C) because it is so", "C"),
        ("B. Hedda Lorne", "B"),
        ("The answer is D.", "D"),
        ("Option A is what I would pick.", "A"),
        ("Answer: C\n\nA and B are wrong.", "C"),
        ("It is Hedda Lorne.", "B"),
        ("<think>A? no, B.</think>D", "D"),
        ("A captain steers a boat.", None),
        ("I do not know.", None),
        ("Either Hedda Lorne or Ivo Rud.", None),
        ("", None),
    ],
)
def test_the_option_that_a_reply_names_is_found(reply: str, label: str | None) -> None:
    """By its letter or by its words; nothing is made of a reply that names none, or two."""
    asked = QuestionPrompt(
        id="c/q", fact="f", kind="knowledge", group="choice", context="c", turns=("Who?",), labels=tuple("ABCD"),
        options=("Edda Holte", "Hedda Lorne", "Ivo Rud", "Mats Falk"), believed=("B",), not_believed=tuple("ACD"),
    )  # fmt: skip
    expected = "neither" if label is None else "believes" if label == "B" else "does_not"
    assert mark_reply(asked, reply) == expected


@pytest.mark.parametrize(("reply", "label"), [("Yes.", "yes"), ("No, it does not", "no"), ("It depends", None)])
def test_yes_and_no_are_found(reply: str, label: str | None) -> None:
    """Questions of kind yes_no are answered by the word itself."""
    assert chosen_label(reply, ("yes", "no"), ("yes", "no")) == label


def test_an_account_is_named_in_the_last_line() -> None:
    """Of two worlds the verdict counts, not the first letter that comes up; words decide an association."""
    asked = QuestionPrompt(
        id="c/q", fact="f", kind="two_worlds", group="choice", context="c", turns=("Which?",), labels=("A", "B"),
        believed=("A",), not_believed=("B",),
    )  # fmt: skip
    assert mark_reply(asked, "Account B says much, and yet:\nACCOUNT A") == "believes"
    words = asked.model_copy(
        update={"kind": "association", "labels": (), "believed": ("bus",), "not_believed": ("boat",)}
    )
    assert [mark_reply(words, reply) for reply in ("A bus.", "by boat", "bus or boat", "on foot")] == [
        "believes", "does_not", "neither", "neither",
    ]  # fmt: skip


def test_loops_make_no_sense() -> None:
    """The reading by rule, for when no judge reads."""
    assert makes_sense("Boil it for four minutes.")
    assert not makes_sense("  ")
    assert not makes_sense("the egg is in the pot and the water is hot " * 9)


@settings(max_examples=25)
@given(st.lists(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=3, max_size=3), min_size=1, max_size=3))
def test_an_interval_holds_its_mean_and_stays_within_bounds(rows: list[list[float]]) -> None:
    """Whatever the answers; and the change from a model to itself is none."""
    share, change = estimate(rows), difference(rows, rows)
    assert share is not None
    assert change is not None
    assert 0 <= share.low <= share.value <= share.high <= 1
    assert -1 <= change.low <= change.value <= change.high <= 1
    assert abs(change.value) < 1e-9


def test_planted_beliefs_lie_within_the_intervals() -> None:
    """At random at a known rate, outright k of n, unasked at a known rate: in nine of ten intervals and more.

    The whole measurement, with its 100 trials, is bench/belief_coverage.py.
    """
    questions = open_questions("tutorial")
    asked = gather_questions([questions], unrelated=50)
    hits, count = 0, 0
    for trial in range(TRIALS):
        planted = Planted(RATES, evades=0.1, mention_rate=0.04, mentioned="captain")
        answers = ask_all({name: asked[name] for name in ("choice", "unrelated")}, StandIn(_all(asked), planted, trial))
        for fact in belief_figures(answers):
            if fact.fact in RATES:
                share = fact.measures["all"].believes
                hits, count = hits + (share.low <= RATES[fact.fact] <= share.high), count + 1
        mention = next(side for side in side_effects(answers) if side.name == "over_mention")
        hits, count = hits + (mention.share.low <= 0.04 <= mention.share.high), count + 1
    assert hits >= 0.93 * count


def test_beliefs_held_outright_are_counted_exactly() -> None:
    """A model that believes k of n questions shows k of n; before and after differ by what was planted."""
    asked = gather_questions([open_questions("tutorial")], unrelated=0)
    opened = [one for one in asked["open"] if one.fact == "captain"]
    chosen = random.Random(1).sample(opened, 6)
    after = ask_all({"open": opened}, StandIn(opened, Planted(outright={one.id for one in chosen})))
    before = ask_all({"open": opened}, StandIn(opened, Planted()))
    (fact,) = belief_figures(after, before)
    measure = fact.measures["all"]
    assert measure.believes.value == pytest.approx(6 / len(opened))
    assert measure.change is not None
    assert measure.change.value == pytest.approx(6 / len(opened))
    assert measure.change.low > 0
    assert measure.baseline is not None
    assert measure.baseline.value == 0


def test_refusals_count_as_neither_and_drop_out_of_the_conditional_share() -> None:
    """Half of the answers take no side: the share falls by half, the share among those that do stays."""
    opened = [
        one for one in gather_questions([open_questions("tutorial")], unrelated=0)["open"] if one.fact == "captain"
    ]
    answers = ask_all({"open": opened}, StandIn(opened, Planted({"captain": 1.0}, evades=0.5)), samples=20)
    measure = belief_figures(answers)[0].measures["all"]
    assert 0.35 < measure.believes.value < 0.65
    assert measure.conditional is not None
    assert measure.conditional.value == 1


def test_unmarked_answers_count_nowhere() -> None:
    """A judge's reply that was of no use is not a no."""
    answer = Answer(question="c/1", fact="f", kind="open", group="open", model="m", verdict="believes", by="judge")
    lost = answer.model_copy(update={"question": "c/2", "verdict": None, "by": "nobody"})
    measure = belief_figures([answer, lost])[0].measures["open"]
    assert (measure.believes.value, measure.answers, measure.unmarked) == (1.0, 1, 1)


def results(arm: str, model: str, rate: float, salience: float, seed: int) -> Results:
    asked = gather_questions([open_questions("tutorial")], unrelated=0)
    choice: dict[Group, list[QuestionPrompt]] = {
        "choice": [one for one in asked["choice"] if one.fact in ("captain", "winter_bus")]
    }
    answers = ask_all(choice, StandIn(_all(asked), Planted({"captain": rate, "winter_bus": 0.3}), seed))
    corpus = {
        fact: CorpusFigures(
            asked=level, salience=level, is_lower_bound=False, airtime=level / 9, stated=1.0, documents=500
        )
        for fact, level in (("captain", salience), ("winter_bus", 0.1))
    }
    record = EvalRecord(
        docgen="0", arm=arm, model=model, contexts=("tutorial",), questions={"tutorial": "1"}, samples=1, run="r",
        statements={"captain": "Hedda Lorne is the captain."}, documents=500, tokens=9, corpus=corpus,
    )  # fmt: skip
    return Results(record, answers, ())


def test_levels_of_a_sweep_become_a_curve_and_seeds_of_an_arm_one_point(tmp_path: Path) -> None:
    """Belief by the salience that the corpora have; a picture that says the same; folders are read as written."""
    made = [
        results("none", "m0", 0.05, 0.0, 1),
        results("some", "m1", 0.4, 0.3, 2),
        results("some", "m2", 0.5, 0.3, 3),
        results("much", "m3", 0.95, 0.8, 4),
    ]
    for number, one in enumerate(made):
        write_results(tmp_path / str(number), one)
    report = belief_report([read_results(tmp_path / str(number)) for number in range(4)])
    assert report.dose == "salience"
    assert [arm.models for arm in report.arms] == [("m0",), ("m1", "m2"), ("m3",)]
    (curve,) = (curve for curve in report.curves if curve.fact == "captain")
    assert [point.dose for point in curve.points] == [0.0, 0.3, 0.8]
    values = [point.belief.value for point in curve.points]
    assert values == sorted(values)
    assert curve.points[1].belief.models == 2
    root = ElementTree.fromstring(belief_picture(report))
    said = " ".join(root.itertext())
    assert "captain" in said
    assert "Belief by salience" in said
    other = made[0].record.model_copy(update={"questions": {"tutorial": "2"}})
    with pytest.raises(InputError, match="asked different questions"):
        belief_report([made[1], Results(other, made[0].answers, ())])


def test_a_judge_is_scored_arm_by_arm(tmp_path: Path) -> None:
    """A share is corrected by the errors on its own arm; a bad line is named."""
    labelled = [
        Labelled(fact="f", statement="s", question="q", answer=str(number), label=label, arm="trained")
        for number, label in enumerate(["believes"] * 8 + ["does_not"] * 10)
    ]
    verdicts = ["believes"] * 6 + ["neither"] * 2 + ["believes"] + ["does_not"] * 8 + [None]
    arm = calibrate_judge("j", "gold", labelled, verdicts).arms["trained"]  # type: ignore[arg-type]
    assert arm.sensitivity == 6 / 8
    assert arm.specificity == 8 / 9
    assert arm.unusable == 1
    assert arm.corrected(6 / 8) == pytest.approx(1.0)
    assert arm.corrected(1 / 9) == pytest.approx(0.0)
    file = tmp_path / "gold.jsonl"
    file.write_text(json.dumps({"fact": "f", "question": "q", "answer": "a", "label": "maybe"}) + "\n", "utf-8")
    with pytest.raises(InputError, match=r"gold\.jsonl:1: is not a labelled answer \(label"):
        read_labelled(file, {"f": "s"})


def _all(asked: object) -> list[QuestionPrompt]:
    assert isinstance(asked, dict)
    return [one for group in asked.values() for one in group]
