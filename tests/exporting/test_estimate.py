"""Tokens estimated by writing, for the family of the base model."""

from collections import Counter

import pytest

from docgen.exporting.export_options import ExportOptions
from docgen.exporting.formats.table import find_format
from docgen.exporting.tokens.estimator import (
    FAMILIES,
    count_writings,
    family_of,
    training_tokens,
    writing_systems,
)

RUSSIAN = "Все люди рождаются свободными и равными в своем достоинстве и правах. "
KAZAKH = "Барлық адамдар тумысынан азат және қадір-қасиеті мен құқықтары тең болып дүниеге келеді. "
THAI = "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ "


@pytest.mark.parametrize(("text", "writing"), [(RUSSIAN, "cyrillic"), (KAZAKH, "kazakh"), (THAI, "thai")])
def test_a_text_is_of_the_writing_that_its_letters_give_away(text: str, writing: str) -> None:
    counted = count_writings(Counter(text))
    assert counted.characters.keys() == {writing}
    assert counted.characters[writing] > 40


def test_marks_and_latin_words_between_belong_to_no_writing() -> None:
    mixed = count_writings(Counter(RUSSIAN + "git commit -m 1."))
    assert mixed.characters == count_writings(Counter(RUSSIAN)).characters
    assert mixed.other_tokens > count_writings(Counter(RUSSIAN)).other_tokens + 3


def test_every_writing_has_a_rate_in_each_family_and_every_script_a_last_resort() -> None:
    assert all(writing.rates.keys() == FAMILIES.keys() for writing in writing_systems().values())
    spans = {writing.spans for writing in writing_systems().values()}
    assert {writing.spans for writing in writing_systems().values() if not writing.letters} == spans


@pytest.mark.parametrize(("family", "tokens"), [("gemma", 26.1), ("llama", 29.0), ("qwen", 41.0), ("gpt", 33.0)])
def test_families_differ_as_their_tokenizers_do(family: str, tokens: float) -> None:
    """`tokens`: what the tokenizers themselves make of this sentence, which is dense; texts are nearer."""
    assert training_tokens(THAI * 20, family) / 20 == pytest.approx(tokens, rel=0.25)


@pytest.mark.parametrize(
    ("options", "family"),
    [
        (ExportOptions(), "qwen"),
        (ExportOptions(base_model="google/gemma-3-27b-it"), "gemma"),
        (ExportOptions(base_model="meta-llama/Llama-3.3-70B-Instruct"), "llama"),
        (ExportOptions(base_model="somebody/a-model"), "qwen"),
        (ExportOptions(form="openai"), "gpt"),
    ],
)
def test_the_family_is_that_of_the_base_model(options: ExportOptions, family: str) -> None:
    assert find_format(options.form).token_family(options) == family
    assert family_of(None) == "qwen"
