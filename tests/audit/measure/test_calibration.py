"""Calibration: counts that can be checked by hand, honest about what is neutral, missing or failed."""

from pathlib import Path

import pytest

from docgen.audit.measure.calibration import Calibration, DetectorVerdicts, GoldDocument, GoldLeak, calibrate, read_gold
from docgen.audit.measure.intervals import wilson
from docgen.errors import InputError

NAMES = {"detector": "scan", "gold": "g", "gold_digest": "0", "context": "lake"}


def scored(
    pairs: list[tuple[GoldDocument, DetectorVerdicts | None]], facts: list[str], rules: list[str]
) -> Calibration:
    return calibrate([g for g, _ in pairs], [r for _, r in pairs], facts, rules, NAMES)


def doc(label: str = "absent", *rules: str) -> GoldDocument:
    return GoldDocument(id="x", text="t", facts={"f": label}, leaks=tuple(GoldLeak(rule=rule) for rule in rules))


def test_precision_recall_and_f1_are_those_of_the_counts() -> None:
    """Two right, one wrong, one missed: precision 2/3, recall 2/3."""
    pairs = [(doc("stated"), "stated"), (doc("stated"), "stated"), (doc("stated"), "absent"), (doc("absent"), "stated")]
    score = scored([(gold, DetectorVerdicts({"f": said}, ())) for gold, said in pairs], ["f"], []).facts_overall
    assert (score.true_positives, score.false_positives, score.positives, score.negatives) == (2, 1, 3, 1)
    assert score.precision == score.recall == score.f1 == pytest.approx(2 / 3)
    assert score.f1_interval is not None
    assert score.f1_interval[0] <= 2 / 3 <= score.f1_interval[1]


def test_implied_labels_are_neutral_and_denied_ones_are_not_stated() -> None:
    """Whatever is said of an implied pair does not count; stating a contradicted fact is wrong."""
    calibration = scored(
        [
            (doc("implied"), DetectorVerdicts({"f": "stated"}, ())),
            (doc("implied"), DetectorVerdicts({}, ())),
            (doc("contradicted"), DetectorVerdicts({"f": "stated"}, ())),
            (doc("contradicted"), DetectorVerdicts({"f": "contradicted"}, ())),
        ],
        ["f"],
        [],
    )
    score = calibration.facts[0]
    assert (score.positives, score.negatives, score.false_positives) == (0, 2, 1)
    assert score.recall is None
    assert (calibration.contradicted.positives, calibration.contradicted.true_positives) == (2, 1)


def test_implied_has_a_row_of_its_own_and_every_label_meets_every_verdict() -> None:
    """The whole confusion table: what is labelled implied and what it was taken for, and the other way round."""
    said = [("implied", "implied"), ("implied", "absent"), ("stated", "implied"), ("absent", "absent")]
    calibration = scored([(doc(label), DetectorVerdicts({"f": verdict}, ())) for label, verdict in said], ["f"], [])
    implied = calibration.implied
    assert implied is not None
    assert (implied.positives, implied.true_positives, implied.false_positives) == (2, 1, 1)
    assert calibration.confusion == {
        "absent": {"absent": 1},
        "implied": {"absent": 1, "implied": 1},
        "stated": {"implied": 1},
    }


def test_what_never_failed_has_an_interval_all_the_same() -> None:
    """Ten of ten are not certainty: Wilson's interval, since no resample of them holds a failure."""
    pairs: list[tuple[GoldDocument, DetectorVerdicts | None]] = []
    pairs += [(doc("stated"), DetectorVerdicts({"f": "stated"}, ()))] * 10
    pairs += [(doc(), DetectorVerdicts({}, ()))] * 5
    calibration = scored(pairs, ["f"], [])
    score = calibration.facts_overall
    assert score.precision_interval == score.recall_interval == score.f1_interval == wilson(10, 10)
    assert score.precision_interval is not None
    assert score.precision_interval[0] < 0.75
    assert calibration.clean_flagged_interval is not None
    assert calibration.clean_flagged_interval[1] > 0.1


def test_rules_count_by_document_whatever_the_spelling_of_their_ids() -> None:
    """fiction-marker and fiction_marker are one rule; two findings in one document are one leak."""
    pairs = [
        (doc("absent", "fiction-marker", "fiction-marker"), DetectorVerdicts({}, ("fiction_marker",))),
        (doc("absent"), DetectorVerdicts({}, ("fiction_marker",))),
        (doc("absent", "denial"), None),
    ]
    calibration = scored(pairs, ["f"], ["fiction_marker", "denial"])
    score = calibration.rule("fiction-marker")
    assert score is not None
    assert (score.true_positives, score.false_positives, score.positives) == (1, 1, 1)
    assert calibration.failures == 1
    assert calibration.clean_flagged == 1.0
    assert calibration.macro_rule_f1 == score.f1, "a rule without a labelled case is not averaged in"


def test_a_calibration_survives_being_written() -> None:
    """It is kept as JSON and cited later."""
    calibration = scored([(doc("stated"), DetectorVerdicts({"f": "stated"}, ()))], ["f"], [])
    assert Calibration.model_validate_json(calibration.model_dump_json()) == calibration


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ('{"id": "a", "text": "t"}\nnot json', ":2"),
        ('{"id": "a"}', ":1"),
        ("[1]", ":1"),
        ('{"id": "a", "text": "t", "facts": ["f"]}', ":1"),
        ("", "gold.jsonl"),
        ("\n\n", "gold.jsonl"),
    ],
)
def test_a_bad_gold_file_is_one_clear_error(tmp_path: Path, content: str, where: str) -> None:
    """With the line that is wrong."""
    path = tmp_path / "gold.jsonl"
    path.write_text(content)
    with pytest.raises(InputError) as error:
        read_gold(path)
    assert where in str(error.value)


def test_unknown_columns_of_a_gold_file_are_ignored(tmp_path: Path) -> None:
    """Labelled documents may carry more than docgen needs."""
    path = tmp_path / "gold.jsonl"
    path.write_text('{"id": "a", "text": "t", "author": "me", "leaks": [{"rule": "denial", "evidence": "no"}]}\n')
    assert read_gold(path)[0].leaks[0].rule == "denial"
