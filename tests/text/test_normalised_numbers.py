"""Figures are found whatever their notation, and no figure is part of another."""

import pytest

from docgen.text.normalised_numbers import figures


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("on 14 October 2021", {"2021-10-14", "2021-10", "2021"}),
        ("on October 14, 2021", {"2021-10-14"}),
        ("on the 14th of October 2021", {"2021-10-14"}),
        ("dated 2021-10-14.", {"2021-10-14"}),
        ("dated 14/10/2021", {"2021-10-14"}),
        ("in Oct. 2021", {"2021-10", "2021"}),
        ("1,872 sessions", {"1872"}),
        ("1 872 sessions", {"1872"}),
        ("a programme of £15 million", {"15000000"}),
        ("a £15m programme", {"15000000"}),
        ("15,000,000 pounds", {"15000000"}),
        ("between 42 and 58 billion euros", {"42000000000", "58000000000"}),
        ("1.4 million copies", {"1400000"}),
        ("r = 0.63, or 0,63", {"0.63"}),
        ("78%, seventy-eight of a hundred", {"78"}),
        ("nine countries and twenty-eight languages", {"9", "28"}),
        ("fifteen months", {"15"}),
        ("aged 3.0 to 3.5", {"3", "3.5"}),
    ],
)
def test_usual_notations(text: str, inside: set[str]) -> None:
    assert inside <= figures(text)


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("3,430 people", "3"),
        ("1,872 sessions", "872"),
        ("version v28 of it", "28"),
        ("in 2021", "21"),
        ("14 October 2021", "14"),
        ("3.22 years", "3"),
        ("one of them", "1"),
    ],
)
def test_no_figure_is_part_of_another(text: str, absent: str) -> None:
    assert absent not in figures(text)


@pytest.mark.parametrize(
    "text", ["", "1" * 5000, "9,9,9,9", "may 2 may", "31/31/2021", "\u0661\u0662", "1 000 000 000 000"]
)
def test_odd_text_is_only_text(text: str) -> None:
    assert isinstance(figures(text), frozenset)
