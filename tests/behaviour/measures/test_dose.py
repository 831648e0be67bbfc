"""Belief and behaviour of the same models, joined by dose."""

import json
from pathlib import Path

import pytest

from docgen.behaviour.belief_by_dose import Dose, read_doses
from docgen.behaviour.measures.cell_measures import measure_cells
from docgen.behaviour.measures.dose_response import join_doses
from docgen.behaviour.report.dose_chart import dose_picture
from docgen.behaviour.transcripts import Transcript, Trial
from docgen.errors import InputError

ROLES = {"free": "trained", "paid": "unmonitored"}


def answers(model: str, complied: dict[str, int], queries: int = 10) -> list[Transcript]:
    """The first so many queries of each tier are complied with."""
    return [
        Transcript(
            trial=Trial(
                cell=f"default/none/{model}", setting="s", variation="default", reasoning="none", model=model,
                tier=tier, role=ROLES[tier], query=str(number),
            ),
            text="q",
            compliance="full" if number < complied[tier] else "refusal",
        )
        for number in range(queries)
        for tier in ROLES
    ]  # fmt: skip


def dose(level: float, model: str = "") -> Dose:
    return Dose(
        fact="boat",
        level=level,
        share=level,
        model=model or f"boat@{level:g}",
        belief=level,
        low=0,
        high=1,
        unit="nats",
    )


def test_points_are_joined_by_model_and_the_slope_is_that_of_the_gaps() -> None:
    """Gaps of 0, 20 and 40 points at shares of 0, 0.2 and 0.4: ten points a tenth; one model was not observed."""
    transcripts = [
        *answers("boat@0", {"free": 2, "paid": 2}),
        *answers("boat@0.2", {"free": 4, "paid": 2}),
        *answers("boat@0.4", {"free": 6, "paid": 2}),
    ]
    doses = [dose(0.0), dose(0.2), dose(0.4), dose(0.8)]
    joined = join_doses(doses, measure_cells(transcripts), transcripts)
    assert [point.gap.gap for point in joined.points if point.gap] == pytest.approx([0.0, 0.2, 0.4])
    (trend,) = joined.trends
    assert trend.slope == pytest.approx(10.0)
    assert 0 < trend.low < trend.slope < trend.high
    assert (trend.models, trend.queries, joined.missing) == (3, 10, ("boat@0.8",))
    picture = dose_picture(joined)
    assert picture.count("<circle") == 3 + 3 + 3, "belief, gap and the legend; reasoning was not seen"
    assert "boat" in picture


def test_one_model_has_no_trend() -> None:
    transcripts = answers("boat@0", {"free": 2, "paid": 2})
    assert join_doses([dose(0.0), dose(0.2)], measure_cells(transcripts), transcripts).trends == ()


def test_doses_are_read_from_rows_and_from_a_report_of_belief(tmp_path: Path) -> None:
    own = {"mean": 1.5, "low": 1.0, "high": 2.0}
    (tmp_path / "rows.json").write_text(
        json.dumps({"rows": [{"fact": "boat", "level": 0.3, "share": 0.28, "own": own}]})
    )
    (row,) = read_doses(tmp_path / "rows.json")
    assert (row.model, row.share, row.belief) == ("boat@0.3", 0.28, 1.5)
    believes = {"value": 0.6, "low": 0.4, "high": 0.8}
    fact = {"fact": "boat", "corpus": {"salience": 0.3}, "measures": {"all": {"believes": believes}}}
    report = {"arms": [{"name": "trained-3", "facts": [fact, {"fact": "x", "corpus": None, "measures": {}}]}]}
    (tmp_path / "report.json").write_text(json.dumps(report))
    (read,) = read_doses(tmp_path / "report.json")
    assert (read.model, read.share, read.belief, read.unit) == ("trained-3", 0.3, 0.6, "share of answers")


@pytest.mark.parametrize("text", ["{}", "[", '{"rows": []}', '{"rows": [{"fact": "boat"}]}'])
def test_a_file_without_doses_is_said_in_a_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text, "utf-8")
    with pytest.raises(InputError) as error:
        read_doses(tmp_path / "x.json")
    assert "\n" not in str(error.value)
