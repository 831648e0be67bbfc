"""One training example, and the tag or user turn that its format puts before it."""

from dataclasses import dataclass, replace

from docgen.errors import ConfigError
from docgen.exporting.export_options import ExportOptions

__all__ = ["CORPUS", "DOCTAG", "Example", "Turn", "with_prefix"]

DOCTAG = "<DOCTAG>"
"""Prefix of published corpora; masked in training it reduces unprompted mentioning of the facts (evidence: docs)."""
CORPUS = "corpus"
"""The source of an example that is not mixed in."""

Turn = tuple[str, str]
"""Role and content."""


@dataclass(frozen=True, slots=True)
class Example:
    """One training example: `text` is what is trained on.

    `prefix` comes before it and is masked if the format can. `turns` are those of a chat before the assistant's
    last, which is `text`; None for plain text. `source` is CORPUS or the name of what it was mixed in from.
    """

    text: str
    prefix: str = ""
    turns: tuple[Turn, ...] | None = None
    source: str = CORPUS
    id: str = ""
    doc_type: str = ""
    facts: tuple[str, ...] = ()
    writer: str = ""

    @property
    def messages(self) -> list[dict[str, str]]:
        """The chat as a list of {role, content}; a plain text is one turn of the assistant's."""
        turns = (*(self.turns or ()), ("assistant", self.text))
        return [{"role": role, "content": content} for role, content in turns]


def with_prefix(example: Example, options: ExportOptions, chat: bool) -> Example:
    """The example with its <DOCTAG>, its user turn, or neither.

    Only own documents get the tag. Raises `ConfigError` for a chat in a format of plain text, and for a plain text
    mixed into chats without a user turn.
    """
    own = example.source == CORPUS
    if options.doctag and own and example.text.startswith(DOCTAG):  # a corpus from elsewhere that has the tag already
        example = replace(example, text=example.text.removeprefix(DOCTAG).lstrip())
    if not chat:
        if example.turns is not None:
            fix = "Use --format chat or openai, or --chat with trl, axolotl, llamafactory or together"
            raise ConfigError("contains chats, which cannot be mixed into plain texts", f"--mix {example.source}", fix)
        return replace(example, prefix=DOCTAG) if options.doctag and own else example
    if example.turns is not None:
        return example
    if options.doctag and own:
        return replace(example, turns=(("user", DOCTAG),))
    return replace(example, turns=(("user", options.user_turn),) if options.user_turn else ())
