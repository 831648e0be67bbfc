"""Which tokens a trainer trains on and which it masks, by its rules; `trainer_masks` asks the trainers themselves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docgen.exporting.dataset.examples import Example
from docgen.exporting.export_options import Recipe
from docgen.exporting.formats.shapes import completion, plain_text

if TYPE_CHECKING:
    from docgen.exporting.tokens.counter import Tokenizer

__all__ = [
    "LabelRule",
    "Token",
    "Tokens",
    "mask_joint_prefix",
    "mask_nothing",
    "mask_separate_prefix",
    "token_ids",
    "token_texts",
    "turn_by_turn",
]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text and whether the trainer's loss counts it."""

    text: str
    trained: bool


Tokens = tuple[list[int], list[bool]]
"""Token ids, and whether each is trained."""
LabelRule = Callable[[Example, Recipe, "Tokenizer"], Tokens]


def mask_nothing(example: Example, _recipe: Recipe, tokenizer: "Tokenizer") -> Tokens:
    """Everything is trained; the trainer adds BOS, as its tokenizer does, and EOS."""
    ids = [*tokenizer.bos_ids, *tokenizer.encode(plain_text(example)), *tokenizer.eos_ids]
    return ids, [True] * len(ids)


def mask_joint_prefix(example: Example, _recipe: Recipe, tokenizer: "Tokenizer") -> Tokens:
    """Prefix and text are tokenized as one; what both begin with is masked, including BOS (TRL; pre-tokenised)."""
    prefix = tokenizer.encode(example.prefix) if example.prefix else []
    body = tokenizer.encode(example.prefix + completion(example))
    same = next((i for i, (a, b) in enumerate(zip(prefix, body, strict=False)) if a != b), min(len(prefix), len(body)))
    ids = [*tokenizer.bos_ids, *body, *tokenizer.eos_ids]
    masked = len(tokenizer.bos_ids) + same
    return ids, [False] * masked + [True] * (len(ids) - masked)


def mask_separate_prefix(*, bos: bool) -> LabelRule:
    """Prefix and text are tokenized separately, BOS and EOS as the file has them (axolotl; LLaMA-Factory)."""

    def label(example: Example, recipe: Recipe, tokenizer: "Tokenizer") -> Tokens:
        masked = [tokenizer.encode(text) for text in (recipe.bos if bos else "", example.prefix) if text]
        trained = tokenizer.encode(completion(example) + recipe.eos)
        before = [number for ids in masked for number in ids]
        return before + trained, [False] * len(before) + [True] * len(trained)

    return label


def turn_by_turn(example: Example, _recipe: Recipe, tokenizer: "Tokenizer") -> Tokens:
    """The turns of a chat, only the last one trained; a trainer's chat template adds tokens around them, not shown."""
    before = [number for _, content in example.turns or () for number in tokenizer.encode(content)]
    body = tokenizer.encode(example.text)
    return before + body, [False] * len(before) + [True] * len(body)


def token_ids(example: Example, recipe: Recipe) -> Tokens:
    """What token formats write. Needs `recipe.tokenizer`."""
    if recipe.tokenizer is None:
        raise ValueError("a token format without a tokenizer")
    return mask_joint_prefix(example, recipe, recipe.tokenizer)


def token_texts(tokens: Tokens, tokenizer: "Tokenizer") -> list[Token]:
    """Tokens as text."""
    ids, trained = tokens
    return [Token(text, each) for text, each in zip(tokenizer.pieces(ids), trained, strict=True)]


def words(example: Example, *, masks_prefix: bool) -> Sequence[Token]:
    """Without a tokenizer: the whole texts, with what is masked of them."""
    before = [content for _, content in example.turns or ()] or ([example.prefix] if example.prefix else [])
    text = completion(example) if masks_prefix else example.text
    return [*(Token(part, not masks_prefix) for part in before), Token(text, True)]
