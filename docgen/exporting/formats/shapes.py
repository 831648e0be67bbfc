"""The object on a line of each JSON Lines format."""

from typing import Any

from docgen.exporting.dataset.examples import Example
from docgen.exporting.export_options import Recipe

__all__ = [
    "alpaca_row",
    "completion",
    "messages_row",
    "plain_text",
    "segments_row",
    "text_row",
    "together_row",
    "trl_row",
]

SPACE = " "
"""Separates a masked prefix from the text: of the characters tried it is the one that BPE tokenizers attach to the word
that follows, so that prefix and text meet at a token boundary; some join a line break with the ">" of <DOCTAG>."""


def plain_text(example: Example) -> str:
    """Prefix and text joined, for formats that mask nothing."""
    return f"{example.prefix}\n{example.text}" if example.prefix else example.text


def completion(example: Example) -> str:
    """The text as it follows a masked prefix."""
    return SPACE + example.text if example.prefix else example.text


def text_row(example: Example, _recipe: Recipe) -> dict[str, Any]:
    """{text}."""
    return {"text": plain_text(example)}


def messages_row(example: Example, _recipe: Recipe) -> dict[str, Any]:
    """{messages}."""
    return {"messages": example.messages}


def trl_row(example: Example, _recipe: Recipe) -> dict[str, Any]:
    """{prompt, completion}, of strings or of turns."""
    if example.turns is None:
        return {"prompt": example.prefix, "completion": completion(example)}
    turns = example.messages
    return {"prompt": turns[:-1], "completion": turns[-1:]}


def together_row(example: Example, recipe: Recipe) -> dict[str, Any]:
    """{messages}, {prompt, completion} with a prefix, else {text}."""
    if example.turns is not None:
        return messages_row(example, recipe)
    if recipe.options.doctag:
        return {"prompt": example.prefix, "completion": completion(example)}
    return {"text": example.text}


def segments_row(example: Example, recipe: Recipe) -> dict[str, Any]:
    """{segments}, or {messages}; axolotl adds neither BOS nor EOS to segments."""
    if example.turns is not None:
        return messages_row(example, recipe)
    masked = [{"label": False, "text": text} for text in (recipe.bos, example.prefix) if text]
    return {"segments": [*masked, {"label": True, "text": completion(example) + recipe.eos}]}


def alpaca_row(example: Example, recipe: Recipe) -> dict[str, Any]:
    """{instruction, input, output}, or {messages}; LLaMA-Factory's template `empty` adds no EOS."""
    if example.turns is not None:
        return messages_row(example, recipe)
    return {"instruction": example.prefix, "input": "", "output": completion(example) + recipe.eos}
