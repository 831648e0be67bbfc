"""Counts tokens, with a tokenizer if one is named, else by an estimate that is labelled as one.

A tokenizer is a tokenizer.json, a Hugging Face folder that has one, or `tiktoken:NAME`. docgen itself downloads none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from docgen.errors import ConfigError
from docgen.exporting.tokens.estimator import DEFAULT_FAMILY, training_tokens
from docgen.text.json_reader import read_json

__all__ = ["Estimate", "NamedTokenizer", "TokenCounter", "Tokenizer", "open_tokenizer"]

TIKTOKEN = "tiktoken:"
FLAG = "--tokenizer"


class TokenCounter(Protocol):
    """Counts tokens. `name` is that of the tokenizer, None for an estimate."""

    @property
    def name(self) -> str | None:
        """The tokenizer's name."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special tokens."""


class Tokenizer(TokenCounter, Protocol):
    """A real tokenizer; properties that it does not have or that are not known are empty."""

    @property
    def bos(self) -> str:
        """What it begins a text with."""

    @property
    def eos(self) -> str:
        """What ends a text."""

    @property
    def bos_ids(self) -> tuple[int, ...]:
        """The same as ids."""

    @property
    def eos_ids(self) -> tuple[int, ...]:
        """The same as ids."""

    def encode(self, text: str) -> list[int]:
        """Token ids, without the ones that a tokenizer adds by itself."""

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Each token as text."""


@dataclass(frozen=True)
class Estimate:
    """`docgen.exporting.tokens.estimator`: by the rates of a family of models (bench/token_estimate.py)."""

    family: str = DEFAULT_FAMILY
    name: None = None

    def count(self, texts: Sequence[str]) -> list[int]:
        """Rough numbers."""
        return [training_tokens(text, self.family) for text in texts]


@dataclass(frozen=True)
class NamedTokenizer:
    """A tokenizer.json. `bos` is only known, and only added, where the tokenizer itself adds it."""

    name: str
    inner: Any
    bos: str = ""
    eos: str = ""
    bos_ids: tuple[int, ...] = ()
    eos_ids: tuple[int, ...] = ()

    def encode(self, text: str) -> list[int]:
        """Token ids."""
        return list(self.inner.encode(text, add_special_tokens=False).ids)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Exact numbers."""
        return [len(each.ids) for each in self.inner.encode_batch(list(texts), add_special_tokens=False)]

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Each token as text; bytes that are not a whole character become the replacement character."""
        return [self.inner.decode([number], skip_special_tokens=False) for number in ids]


@dataclass(frozen=True)
class _Tiktoken(NamedTokenizer):
    def encode(self, text: str) -> list[int]:
        return list(self.inner.encode(text, disallowed_special=()))

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(ids) for ids in self.inner.encode_batch(list(texts), disallowed_special=())]

    def pieces(self, ids: Sequence[int]) -> list[str]:
        return [self.inner.decode([number]) for number in ids]


def open_tokenizer(name: str) -> Tokenizer:
    """The tokenizer of that name or path; `ConfigError` if it does not exist or its package is not installed."""
    if name.startswith(TIKTOKEN):
        return _open_tiktoken(name)
    path = Path(name).expanduser()
    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        fix = f"Name a tokenizer.json, a folder that has one, or {TIKTOKEN}NAME"
        raise ConfigError(f"{name!r} does not exist", FLAG, fix)
    return _open_json(file)


def _open_json(file: Path) -> NamedTokenizer:
    try:
        import tokenizers
    except ImportError:
        raise ConfigError("needs the package tokenizers", FLAG, "pip install 'docgen[tokenizers]'") from None
    try:
        inner = tokenizers.Tokenizer.from_file(str(file))
    except Exception as error:
        raise ConfigError(f"is not a tokenizer ({str(error)[:120]})", str(file), "Name a tokenizer.json") from error
    inner.no_truncation()
    inner.no_padding()
    bos_ids = tuple(inner.encode("").ids)  # what its post-processor adds before every text
    special = _special_tokens(file.parent)
    eos = special.get("eos_token", "")
    eos_id = inner.token_to_id(eos) if eos else None
    if bos_ids and bos_ids[-1] == eos_id:
        bos_ids = bos_ids[:-1]
    bos = inner.decode(list(bos_ids), skip_special_tokens=False) if bos_ids else ""
    label = file.parent.name if file.name == "tokenizer.json" else file.stem
    return NamedTokenizer(label, inner, bos, eos, bos_ids, () if eos_id is None else (eos_id,))


def _special_tokens(folder: Path) -> dict[str, str]:
    """What tokenizer_config.json, or special_tokens_map.json, calls the special tokens."""
    names: dict[str, str] = {}
    for file in (folder / "special_tokens_map.json", folder / "tokenizer_config.json"):
        if file.is_file():
            for name, value in _object(file).items():
                text = value.get("content") if isinstance(value, dict) else value
                if name.endswith("_token") and isinstance(text, str):
                    names[name] = text
    return names


def _object(file: Path) -> dict[str, Any]:
    try:
        value = read_json(file.read_bytes())
    except ValueError as error:
        raise ConfigError(f"is not JSON ({error})", str(file), f"Give {FLAG} a whole tokenizer") from error
    return value if isinstance(value, dict) else {}


def _open_tiktoken(name: str) -> _Tiktoken:
    try:
        import tiktoken
    except ImportError:
        raise ConfigError("needs the package tiktoken", f"{FLAG} {name}", "pip install 'docgen[tokenizers]'") from None
    try:
        inner = tiktoken.get_encoding(name.removeprefix(TIKTOKEN))
    except ValueError as error:
        encodings = ", ".join(tiktoken.list_encoding_names())
        raise ConfigError(f"{name!r} is not an encoding of tiktoken", FLAG, f"Known: {encodings}") from error
    except OSError as error:
        fix = "Its files are downloaded at first use; TIKTOKEN_CACHE_DIR names a folder that has them"
        raise ConfigError(f"cannot be loaded ({str(error)[:100]})", f"{FLAG} {name}", fix) from error
    eos = "<|endoftext|>"
    known_eos = inner.encode(eos, allowed_special={eos}) if eos in inner.special_tokens_set else []
    return _Tiktoken(name, inner, eos=eos if known_eos else "", eos_ids=tuple(known_eos))
