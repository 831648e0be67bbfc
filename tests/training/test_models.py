"""Base models, adapters and cards, as far as they can be judged without loading anything."""

import json
from importlib import util
from pathlib import Path

import pytest

from docgen.errors import ConfigError, InputError
from docgen.training.card import BaseNamed, CorpusNamed, OrganismCard, loss_table
from docgen.training.models import CARD, check_adapter, find_base, read_card, require_extra
from docgen.training.recipe import Recipe


def base_in(folder: Path, *files: str, content: str = "{}") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in files:
        (folder / name).write_text(content)
    return folder


WHOLE = ("config.json", "tokenizer.json", "model.safetensors")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ((), "has no config.json"),
        (("adapter_config.json",), "is an adapter, not a model"),
        (("config.json", "model.safetensors"), "is a model without a tokenizer"),
        (("config.json", "tokenizer.json"), "has no weights"),
        (("broken.gguf",), "is not a GGUF file"),
    ],
)
def test_a_folder_that_is_not_a_model_is_one_clear_line(tmp_path: Path, files: tuple[str, ...], words: str) -> None:
    """What it lacks, and what to do."""
    with pytest.raises(InputError, match=words) as caught:
        find_base(str(base_in(tmp_path / "m", *files)))
    assert caught.value.fix


def test_names_mean_folders_files_or_the_hub(tmp_path: Path) -> None:
    """OWNER/NAME is the hub's unless such a folder exists; anything else must exist."""
    folder = base_in(tmp_path / "m", *WHOLE)
    gguf = tmp_path / "m.gguf"
    gguf.write_bytes(b"GGUF....")
    assert find_base(str(folder)).kind == "folder"
    assert find_base(str(gguf)).kind == "gguf"
    assert find_base("google/gemma-3-270m").kind == "hub"
    for name in ("nowhere", "nowhere.gguf", "./a/b", "some/nowhere.gguf"):
        with pytest.raises(InputError, match="there is no such file or folder"):
            find_base(name)


def test_the_digest_of_a_base_is_that_of_its_content(tmp_path: Path) -> None:
    """The same files elsewhere are the same base; other weights are another."""
    here, there = base_in(tmp_path / "a", *WHOLE), base_in(tmp_path / "b", *WHOLE)
    other = base_in(tmp_path / "c", *WHOLE, content="[]")
    digests = [find_base(str(folder)).digest for folder in (here, there, other)]
    assert digests[0] == digests[1] != digests[2]


def card_of(base: str = "b", corpus: str = "c", recipe: Recipe | None = None) -> OrganismCard:
    return OrganismCard(
        base=BaseNamed(name="gemma", kind="gguf", digest=base),
        corpus=CorpusNamed(digest=corpus, context="tutorial", documents=80, saliences={"captain": 0.3}),
        recipe=recipe or Recipe(),
    )


def test_an_adapter_of_another_base_is_refused(tmp_path: Path) -> None:
    """By the card beside it, also for a checkpoint inside the training's folder."""
    base = find_base(str(base_in(tmp_path / "m", *WHOLE)))
    out = base_in(tmp_path / "out", "adapter_config.json")
    checkpoint = base_in(out / "checkpoints" / "checkpoint-2", "adapter_config.json")
    (out / CARD).write_text(card_of(base="another").model_dump_json())
    for adapter in (out, checkpoint):
        with pytest.raises(InputError, match="is an adapter of another base"):
            check_adapter(adapter, base)
    (out / CARD).write_text(card_of(base=base.digest).model_dump_json())
    assert check_adapter(checkpoint, base)["corpus"]["context"] == "tutorial"
    with pytest.raises(InputError, match="is not an adapter"):
        check_adapter(tmp_path, base)
    assert read_card(tmp_path / "m") == {}


def test_what_differs_between_two_trainings_is_named() -> None:
    """A folder is gone on with only by the same training."""
    card = card_of()
    assert card.same_training(card_of()) == ""
    assert card.same_training(card_of(base="x")) == "base model"
    assert card.same_training(card_of(corpus="x")) == "corpus"
    assert card.same_training(card_of(recipe=Recipe(seed=1))) == "recipe"


def test_the_card_says_what_the_organism_is_made_of() -> None:
    """Digests, facts with their shares, recipe, losses; as JSON it is read back the same."""
    card = card_of().model_copy(update={"adapter_digest": "a1"})
    page = card.page([(1, 4.0), (2, 2.0)])
    for part in ("digest b", "digest a1", "SHA-256 c", "| `captain` | 30.0% |", "LoRA rank 32", "| 2 | 2.000 |"):
        assert part in page
    assert OrganismCard.model_validate(json.loads(card.model_dump_json())) == card


def test_losses_are_shown_in_few_lines() -> None:
    """A thousand steps are a dozen means."""
    table = loss_table([(step, 1 / step) for step in range(1, 1001)])
    assert len(table) == 2 + 12
    assert table[2].startswith("| 1 to 84 |")


def test_without_the_extra_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how to install what is missing."""
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "torch" else object())
    with pytest.raises(ConfigError, match=r"needs torch.*docgen\[train\]"):
        require_extra()
