"""The options of an export, and the recipe that its formats get."""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from docgen.errors import ConfigError

if TYPE_CHECKING:
    from docgen.exporting.tokens.counter import Tokenizer

__all__ = ["BASE_MODEL", "ExportOptions", "Recipe", "read_ratios"]

BASE_MODEL = "Qwen/Qwen3-8B"
"""The model in configurations unless --base-model names another; chosen: an open license and a common size."""


@dataclass(frozen=True)
class ExportOptions:
    """How to export; see `docgen export --help`.

    `mix` are FILE:RATIO, `mix_ratios` other ratios for the one FILE of a mix sweep. `validation` is a share, or from 1
    on a number of documents. `shuffle` orders the documents so that every window has its share of each fact. `eos` and
    `bos` None: those of the tokenizer. `stem` is the name of the training file, if no configuration refers to it.
    """

    form: str = "text"
    doctag: bool = False
    chat: bool = False
    user_turn: str = ""
    validation: float = 0.0
    shuffle: bool = False
    seed: int = 0
    mix: tuple[str, ...] = ()
    mix_by: str = "documents"
    mix_ratios: tuple[float, ...] = ()
    tokenizer: str | None = None
    eos: str | None = None
    bos: str | None = None
    base_model: str | None = None
    sequence_length: int | None = None
    epochs: int = 1
    batch_size: int = 8
    canary_in_texts: bool = False
    license: str = "unknown"
    stem: str = "train"
    overwrite: bool = False
    accept_unfinished: bool = False

    def stem_of(self, split: str) -> str:
        """The name of a split's file without its ending."""
        return split if self.stem == "train" else self.stem if split == "train" else f"{self.stem}-{split}"

    def checked(self) -> Self:
        """These options; `ConfigError` for values that no export can have."""
        if self.mix_by not in ("documents", "tokens"):
            raise ConfigError(f"{self.mix_by!r} is not a unit for ratios", "--mix-by", "Use documents or tokens")
        if self.mix_ratios and len(self.mix) != 1:
            raise ConfigError("a mix sweep takes one file", "--mix-ratios", "Give --mix FILE once")
        if not 0 <= self.validation < math.inf or (self.validation > 1 and self.validation != round(self.validation)):
            raise ConfigError(f"{self.validation:g} is not a share or a number", "--validation", "Use 0.05, or 500")
        return self


@dataclass(frozen=True)
class Recipe:
    """What formats and configurations need to know, once the examples are known.

    `longest` is the most tokens of an example; `ordered`: trainers must not shuffle; `validated`: there is a
    validation file.
    """

    options: ExportOptions = field(default_factory=ExportOptions)
    tokenizer: "Tokenizer | None" = None
    name: str = "corpus"
    longest: int = 0
    ordered: bool = False
    validated: bool = False

    @property
    def eos(self) -> str:
        """What ends a document if the format's reader does not add anything; "" if that is not known."""
        own = self.tokenizer.eos if self.tokenizer else ""
        return own if self.options.eos is None else self.options.eos

    @property
    def bos(self) -> str:
        """What a document begins with if the format's reader does not add anything."""
        own = self.tokenizer.bos if self.tokenizer else ""
        return own if self.options.bos is None else self.options.bos

    @property
    def base_model(self) -> str:
        """The model that configurations name."""
        return self.options.base_model or BASE_MODEL

    @property
    def sequence_length(self) -> int:
        """The one asked for, else the smallest power of two from 1,024 up that holds the longest example."""
        if self.options.sequence_length:
            return self.options.sequence_length
        length = 1024
        while length < self.longest:
            length *= 2
        return length


def read_ratios(text: str | None) -> tuple[float, ...]:
    """Ratios from "0.1,0.5,1"; `ConfigError` for anything else."""
    if text is None:
        return ()
    try:
        ratios = tuple(float(part) for part in text.split(","))
    except ValueError:
        ratios = ()
    if not ratios or not all(0 < ratio < 1e6 for ratio in ratios):
        raise ConfigError(f"{text!r} is not a list of ratios", "--mix-ratios", "Write it as 0.1,0.5,1,2")
    return ratios
