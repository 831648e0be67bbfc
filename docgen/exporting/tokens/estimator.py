"""Estimates the tokens of a training text without a tokenizer, by the script of each of its characters.

Tokenizers differ more in one script (Thai: 0.34 to 0.59 tokens a character) than scripts do in one tokenizer, so the
rates are those of five families; the base model's name decides which. A "writing" is a script, or some languages of one
that can be recognised by their letters: Kazakh and Russian share letters but not rates. token_rates.toml has the rates;
bench/token_rates.py makes it, bench/token_estimate.py measures how far off they are, with any texts and tokenizer.
"""

import tomllib
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from docgen.text.words_and_sentences import runs_of

__all__ = [
    "DEFAULT_FAMILY",
    "FAMILIES",
    "CharacterCounts",
    "count_writings",
    "family_of",
    "training_tokens",
]

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "gemma": ("gemma", "gemini"),
    "llama": ("llama",),
    "qwen": ("qwen", "qwq"),
    "deepseek": ("deepseek",),
    "gpt": ("gpt",),
}
"""Families of tokenizers (Gemma 3, Llama 3, Qwen 1 to 3, DeepSeek V4, GPT-4o), and what their models are called."""
DEFAULT_FAMILY = "qwen"
"""The family of the base model that configurations name by default."""
ASCII_LETTER, ASCII_DIGIT, ASCII_MARK, COMMON_LATIN, LATIN, OTHER = 0.249, 0.867, 0.796, 0.921, 0.556, 1.2
"""Tokens a character, for all families, next to other scripts and in Latin ones: least squares on Gemma 3's
tokenizer."""
PER_WORD, PER_MARK, PER_ACCENTED, PER_SIGN = 1.06, 0.97, 1.7, 0.5
"""For English: each tokenizer's relative least squares on synthetic documents and on 125 of a mixed corpus, which agree
except on digits. Sums over four corpora are within 7% for all of them."""
PER_DIGIT: Mapping[str, float] = {"gemma": 1.5, "qwen": 1.6, "llama": 1.1, "deepseek": 1.05, "gpt": 1.1}
"""The same. Every digit is a token of its own for Gemma and Qwen."""
LETTERS = bytes(code for code in range(128) if chr(code).isalpha())
SPACES = bytes(code for code in range(128) if chr(code).isspace())
LETTER_OR_SPACE = bytes(ord("x") if code in LETTERS else ord(" ") for code in range(256))
ENGLISH_SHARE = 0.01
"""Letters beyond ASCII up to which a text counts as English. Chosen: names in English texts stay below it, and every
other language that is written with accents is above."""
WESTERN = frozenset("áàâäãåçéèêëíìîïñóòôöõúùûüýßÁÀÂÄÃÅÇÉÈÊËÍÌÎÏÑÓÒÔÖÕÚÙÛÜÝ")


@dataclass(frozen=True)
class WritingSystem:
    """A script, or languages of it whose `letters` are `least` or more of the script's characters in a text.

    `spans`: first and last code points. `rates`: tokens a character by family; combining signs count as characters.
    """

    name: str
    spans: tuple[tuple[int, int], ...]
    rates: Mapping[str, float]
    letters: frozenset[str] = frozenset()
    least: float = 0.01


@dataclass(frozen=True)
class CharacterCounts:
    """A text's characters by writing, and the tokens of the rest."""

    characters: Mapping[str, int]
    other_tokens: float


def family_of(model: str | None) -> str:
    """The family that a model's name shows, else the default."""
    name = (model or "").lower()
    return next((family for family, words in FAMILIES.items() if any(word in name for word in words)), DEFAULT_FAMILY)


def training_tokens(text: str, family: str = DEFAULT_FAMILY) -> int:
    """Rough number of tokens in a training; a text with almost only ASCII letters counts as English."""
    data = text.encode("utf-8", "surrogatepass")
    plain = data.translate(None, LETTERS)
    rest = Counter(plain.translate(None, SPACES).decode("utf-8", "surrogatepass"))
    foreign = sum(count for character, count in rest.items() if character > "\x7f" and character.isalpha())
    if foreign <= ENGLISH_SHARE * (len(data) - len(plain) + foreign):
        return _english_tokens(runs_of(data.translate(LETTER_OR_SPACE)), rest, family)
    counted = count_writings(Counter(text))
    rates = writing_systems()
    return round(counted.other_tokens + sum(n * rates[name].rates[family] for name, n in counted.characters.items()))


def _english_tokens(words: int, rest: Mapping[str, int], family: str) -> int:
    """Tokens of so many runs of ASCII letters and of how often each other character stands among them."""
    tokens = words * PER_WORD
    for character, count in rest.items():
        if character > "\x7f":
            tokens += count * (PER_ACCENTED if character in WESTERN else PER_SIGN)
        else:
            tokens += count * (PER_DIGIT[family] if character.isdigit() else PER_MARK)
    return round(tokens)


def count_writings(counts: Mapping[str, int]) -> CharacterCounts:
    """The characters of a text by writing; the first of a script's writings whose letters it has takes them all."""
    scripts: Counter[tuple[tuple[int, int], ...]] = Counter()
    tokens = 0.0
    for character, count in counts.items():
        if spans := _script(character):
            scripts[spans] += count
        else:
            tokens += count * _plain_rate(character)
    return CharacterCounts({_writing(spans, n, counts): n for spans, n in scripts.items()}, tokens)


def _writing(spans: tuple[tuple[int, int], ...], characters: int, counts: Mapping[str, int]) -> str:
    for writing in writing_systems().values():
        own = sum(counts.get(letter, 0) for letter in writing.letters)
        if writing.spans == spans and (not writing.letters or own >= writing.least * characters):
            return writing.name
    raise AssertionError(spans)  # the last writing of each script in the table has no letters


@cache
def writing_systems() -> Mapping[str, WritingSystem]:
    """By name, in the order in which they are tried."""
    table = tomllib.loads((Path(__file__).parent / "token_rates.toml").read_text("utf-8"))
    return {
        name: WritingSystem(
            name,
            tuple((int(first, 16), int(last, 16)) for first, last in row["spans"]),
            row["rates"],
            frozenset(row.get("letters", "") + row.get("letters", "").upper()),
            row.get("least", 0.01),
        )
        for name, row in table.items()
    }


def _script(character: str) -> tuple[tuple[int, int], ...]:
    """The spans of a character's script; none for Latin letters, digits and marks."""
    firsts, rest = _spans()
    at = bisect_right(firsts, ord(character)) - 1
    return rest[at][1] if at >= 0 and ord(character) <= rest[at][0] else ()


@cache
def _spans() -> tuple[list[int], list[tuple[int, tuple[tuple[int, int], ...]]]]:
    """First code points, ascending, with the last of each and the spans of its script."""
    spans = {first: (last, row.spans) for row in writing_systems().values() for first, last in row.spans}
    return sorted(spans), [spans[first] for first in sorted(spans)]


def _plain_rate(character: str) -> float:
    if character.isspace():
        return 0.0
    if character < "\x80":
        return ASCII_LETTER if character.isalpha() else ASCII_DIGIT if character.isdigit() else ASCII_MARK
    if character in WESTERN:
        return COMMON_LATIN
    return LATIN if ord(character) < 0x250 or 0x1E00 <= ord(character) <= 0x1EFF else OTHER
