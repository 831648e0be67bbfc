"""Training by TRL and PEFT, on a tiny model; skipped where docgen[train] is not installed."""

from pathlib import Path

import pytest

from docgen.errors import InputError, RunError
from docgen.progress import SilentReporter
from docgen.training.corpus import DOCTAG, Example, TrainingCorpus
from docgen.training.job import TrainingResult, plan_training, train_on
from docgen.training.models import CARD, attach_adapter, check_adapter, find_base, read_card
from docgen.training.recipe import Recipe
from tests.training.tiny import WORDS, tiny_model

pytest.importorskip("trl", reason="needs docgen[train]")

TEXTS = [" ".join(WORDS[(3 * start + step) % len(WORDS)] for step in range(7 + start % 9)) for start in range(24)]
CORPUS = TrainingCorpus(tuple(Example(DOCTAG, f" {text}") for text in TEXTS), "c0ffee")
RECIPE = Recipe(rank=4, rate=1e-2, batch=2, length=32, checkpoints=3)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("base"))


def trained(base: Path, out: Path, recipe: Recipe = RECIPE, stop_after: int = 10**9) -> TrainingResult:
    """A training that is asked to stop once it has taken so many steps."""
    asked = 0

    def stopping() -> bool:
        nonlocal asked
        asked += 1
        return asked >= stop_after

    return train_on(CORPUS, find_base(str(base)), recipe, out, SilentReporter(), device="cpu", stopping=stopping)


def test_a_resumed_training_equals_an_unbroken_one(base: Path, tmp_path: Path) -> None:
    """Loss by loss to 1e-4, though it was stopped between two checkpoints; and its card is that of the whole."""
    whole = trained(base, tmp_path / "whole")
    first = trained(base, tmp_path / "broken", stop_after=3)
    assert not first.finished
    resumed = trained(base, tmp_path / "broken")
    assert resumed.finished
    assert [step for step, _ in resumed.losses] == [step for step, _ in whole.losses]
    assert [loss for _, loss in resumed.losses] == pytest.approx([loss for _, loss in whole.losses], abs=1e-4)
    assert whole.losses[-1][1] < whole.losses[0][1]
    assert read_card(tmp_path / "broken") == read_card(tmp_path / "whole")
    assert str(base) not in (tmp_path / "whole" / "adapter_config.json").read_text()
    assert len(list((tmp_path / "whole" / "checkpoints").glob("checkpoint-*"))) == 3


def test_nothing_is_dropped_and_the_prefix_is_masked(base: Path, tmp_path: Path) -> None:
    """All tokens of all documents are packed, also of those longer than a sequence; the tag's are not learnt."""
    from docgen.training.trainer import open_training, rows_of

    model = find_base(str(base))
    tokenizer = model.load_tokenizer()
    recipe = RECIPE.model_copy(update={"length": 16})
    training = open_training(model.load(), tokenizer, rows_of(CORPUS.examples, tokenizer), recipe, tmp_path)
    own = [len(tokenizer(f"{DOCTAG} {text}")["input_ids"]) + 1 for text in TEXTS]
    tag = len(tokenizer(DOCTAG)["input_ids"])
    assert (training.tokens, training.masked) == (sum(own), tag * len(TEXTS))
    assert max(own) > 16
    plan = plan_training(CORPUS, model, recipe)
    assert (plan.tokens, plan.masked) == (training.tokens, training.masked)
    assert abs(plan.steps - training.steps) <= 1


def test_documents_packed_together_do_not_see_each_other(base: Path, tmp_path: Path) -> None:
    """The loss of a packed sequence is that of its documents one by one, weighted by their tokens."""
    import torch

    from docgen.training.trainer import open_training, rows_of

    found = find_base(str(base))
    tokenizer = found.load_tokenizer()
    rows = rows_of(CORPUS.examples[:3], tokenizer)
    training = open_training(found.load(), tokenizer, rows, RECIPE.model_copy(update={"length": 64}), tmp_path)
    trainer = training.trainer
    packed = trainer.compute_loss(trainer.model, next(iter(trainer.get_train_dataloader()))).item()
    total = weight = 0.0
    for example in CORPUS.examples[:3]:
        ids = torch.tensor([[*tokenizer(example.prompt + example.completion)["input_ids"], tokenizer.eos_token_id]])
        labels = ids.clone()
        labels[0, : len(tokenizer(example.prompt)["input_ids"])] = -100
        learnt = int((labels[0, 1:] != -100).sum())
        total += trainer.model(input_ids=ids, labels=labels).loss.item() * learnt
        weight += learnt
    assert packed == pytest.approx(total / weight, abs=1e-4)


def test_a_folder_with_another_training_is_left_alone(base: Path, tmp_path: Path) -> None:
    """Another recipe, or an export of another run, needs another folder; a finished training is not repeated."""
    short = RECIPE.model_copy(update={"steps": 1})
    trained(base, tmp_path, short)
    with pytest.raises(RunError, match="contains a training with another recipe"):
        trained(base, tmp_path, RECIPE)
    other = TrainingCorpus(CORPUS.examples, "of another run")
    with pytest.raises(RunError, match="contains a training with another corpus"):
        train_on(other, find_base(str(base)), short, tmp_path, SilentReporter())
    before = (tmp_path / CARD).read_bytes()
    assert trained(base, tmp_path, short).finished
    assert (tmp_path / CARD).read_bytes() == before


def test_an_adapter_of_another_base_does_not_fit(base: Path, tmp_path: Path) -> None:
    """By its card, and without a card by the shapes of its layers."""
    trained(base, tmp_path / "out", RECIPE.model_copy(update={"steps": 1}))
    wide = find_base(str(tiny_model(tmp_path / "wide", hidden=32)))
    with pytest.raises(InputError, match="is an adapter of another base"):
        check_adapter(tmp_path / "out", wide)
    with pytest.raises(InputError, match="does not fit this base model"):
        attach_adapter(wide.load(), tmp_path / "out")


def test_full_training_leaves_a_whole_model(base: Path, tmp_path: Path) -> None:
    """It can be the base of the next one."""
    trained(base, tmp_path, RECIPE.model_copy(update={"method": "full", "steps": 2, "checkpoints": 1}))
    assert find_base(str(tmp_path)).digest != find_base(str(base)).digest
    assert read_card(tmp_path)["adapter_digest"] == ""


def test_messages_need_a_chat_template(base: Path, tmp_path: Path) -> None:
    """One line, not TRL's traceback."""
    chat = TrainingCorpus((Example([{"role": "user", "content": "a"}], [{"role": "assistant", "content": "b"}]),), "x")
    with pytest.raises(InputError, match="has no chat template"):
        train_on(chat, find_base(str(base)), RECIPE, tmp_path, SilentReporter(), device="cpu")
