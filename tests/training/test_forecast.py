"""What a training comes to, said before it begins, beside published ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docgen.training.forecast import forecast, in_words, published_ranges, warnings
from docgen.training.recipe import Recipe


def test_steps_follow_from_tokens_length_batch_and_epochs() -> None:
    """1,000,000 tokens in sequences of 1,000, ten a step, twice: 200 steps."""
    recipe = Recipe(length=1000, batch=10, epochs=2)
    plan = forecast(2_000, 1_000_000, 8_000, recipe, 0.001)
    assert (plan.steps, plan.masked) == (200, 8_000)
    assert plan.seconds == pytest.approx(2_000)


@given(st.integers(1, 10**7), st.integers(1, 64), st.integers(16, 4096))
def test_every_token_fits_into_the_steps_of_one_epoch(tokens: int, batch: int, length: int) -> None:
    """No token is left over, and no step too many is promised."""
    recipe = Recipe(batch=batch, length=length)
    steps = forecast(1, tokens, 0, recipe, None).steps
    assert (steps - 1) * batch * length < tokens <= steps * batch * length


def test_a_recipe_as_published_is_not_warned_of() -> None:
    """Negation-neglect's: 10,000 documents, rank 32, 5e-5, one epoch."""
    recipe = Recipe(rank=32, rate=5e-5, batch=32, length=512)
    plan = forecast(10_000, 10_000 * 900, 0, recipe, None)
    assert warnings(plan, recipe) == []


@pytest.mark.parametrize(
    ("documents", "recipe", "words"),
    [
        (100, Recipe(), "100 documents"),
        (5_000, Recipe(rate=1e-3), "learning rate 0.001"),
        (5_000, Recipe(rank=2), "rank 2"),
        (5_000, Recipe(epochs=10), "10 epochs"),
        (5_000, Recipe(steps=83), "83 steps"),
    ],
)
def test_what_is_far_off_published_trainings_is_named(documents: int, recipe: Recipe, words: str) -> None:
    """Each setting gets its own line, with what was published beside it."""
    plan = forecast(documents, 50_000_000, 0, recipe, None)
    lines = warnings(plan, recipe)
    assert len(lines) == 1, lines
    assert lines[0].startswith(words)


def test_full_training_is_not_compared_with_adapters() -> None:
    """Ranks and learning rates of LoRA say nothing of it."""
    recipe = Recipe(method="full", rate=1e-3, rank=1)
    assert warnings(forecast(5_000, 10**7, 0, recipe, None), recipe) == []


def test_the_plan_is_one_line() -> None:
    """Documents, tokens, steps and, once a step was timed, how long."""
    recipe = Recipe(length=1000, batch=10)
    assert in_words(forecast(80, 20_000, 400, recipe, 0.1)) == (
        "80 documents, 20,000 tokens (400 masked), 2 steps, about 33 minutes"
    )
    assert "minutes" not in in_words(forecast(80, 20_000, 400, recipe, None))
    assert "2,000 to 10,000 documents" in published_ranges()
