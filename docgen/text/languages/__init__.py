"""What wording shows in each language: one data file per language, next to this module.

For a language without a file at most its code is known; wording rules then leave the text to a judge.
"""

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from docgen.text.word_definition import find_words, is_latin

__all__ = ["UNKNOWN", "Language", "all_negations", "detect_language", "known_languages", "language"]

FOLDER = Path(__file__).parent
FOREIGN = re.compile(r"[^\W\d_\u0000-\u024f]")
"""Characters that may be letters outside Latin script."""


@dataclass(frozen=True)
class Cue:
    """A pattern (RE2 syntax) that breaks a rule by its id, and why."""

    rule: str
    pattern: str
    why: str
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True)
class Denial:
    """Patterns that end right before a denied claim, begin right after it, or precede one that is only asked about.

    `affirmed` ends right before a claim too, and turns a rejection round: "niemand bestreitet, dass".
    """

    before: tuple[str, ...] = ()
    affirmed: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    hedge: tuple[str, ...] = ()


@dataclass(frozen=True)
class Language:
    """What is known about a language. `has_file` is False if it has no data file."""

    code: str
    name: str
    stop_words: frozenset[str] = frozenset()
    cannot_end: frozenset[str] = frozenset()
    negations: frozenset[str] = frozenset()
    stemmer: str = ""
    denial: Denial = Denial()
    cues: tuple[Cue, ...] = ()
    has_file: bool = True

    @property
    def by_letter(self) -> bool:
        """Whether it is written without spaces, so that lengths are in letters."""
        return self.code in BY_LETTER


BY_LETTER = frozenset({"zh", "ja", "th", "lo", "my", "km"})
UNKNOWN = Language("und", "an unknown language", has_file=False)

SCRIPTS = (
    ("ja", "Japanese", (0x3040, 0x30FF)),
    ("ko", "Korean", (0xAC00, 0xD7AF)),
    ("ar", "Arabic", (0x0600, 0x06FF)),
    ("hi", "Hindi", (0x0900, 0x097F)),
    ("th", "Thai", (0x0E00, 0x0E7F)),
    ("lo", "Lao", (0x0E80, 0x0EFF)),
    ("my", "Burmese", (0x1000, 0x109F)),
    ("km", "Khmer", (0x1780, 0x17FF)),
    ("he", "Hebrew", (0x0590, 0x05FF)),
    ("el", "Greek", (0x0370, 0x03FF)),
    ("ru", "Russian", (0x0400, 0x04FF)),
    ("zh", "Chinese", (0x4E00, 0x9FFF)),
)
"""Scripts by the language that most texts in them have; kana before Han, since Japanese mixes them."""
NAMES = {code: name for code, name, _ in SCRIPTS} | {
    "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese", "nl": "Dutch", "pl": "Polish",
    "cs": "Czech", "sv": "Swedish", "da": "Danish", "tr": "Turkish", "vi": "Vietnamese", "uk": "Ukrainian",
}  # fmt: skip
STEMMERS = {
    "ar": "arabic", "da": "danish", "el": "greek", "es": "spanish", "fr": "french", "it": "italian", "nl": "dutch",
    "pt": "portuguese", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
"""Languages without a data file that have a Snowball stemmer."""


@cache
def known_languages() -> dict[str, Language]:
    """Every language with a data file, by its code."""
    return {file.stem: _read(file) for file in sorted(FOLDER.glob("*.toml"))}


def _read(file: Path) -> Language:
    data: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    return Language(
        code=file.stem,
        name=data["name"],
        stop_words=frozenset(data["stop_words"].split()),
        cannot_end=frozenset(data["cannot_end"].split()),
        negations=frozenset(data["negations"].split()),
        stemmer=data.get("stemmer", ""),
        denial=Denial(**{key: tuple(patterns) for key, patterns in data.get("denial", {}).items()}),
        cues=tuple(Cue(**cue) for cue in data.get("cues", ())),
    )


@cache
def language(code: str) -> Language:
    """The language of a code such as "de" or "de_AT"; one without a data file knows no words."""
    short = code.replace("_", "-").split("-")[0].lower()
    if short in known_languages():
        return known_languages()[short]
    return Language(short, NAMES.get(short, short), stemmer=STEMMERS.get(short, ""), has_file=False)


@cache
def all_negations() -> frozenset[str]:
    """The words that negate, of every language with a data file."""
    return frozenset[str]().union(*(language.negations for language in known_languages().values()))


@cache
def _all_stop_words() -> frozenset[str]:
    return frozenset[str]().union(*(language.stop_words for language in known_languages().values()))


def detect_language(text: str) -> Language:
    """The language of a text by its script and stop words; `UNKNOWN` for Latin script without known stop words."""
    beginning = text[:4_000]  # some 600 words, of which more would not say more
    if not is_latin(beginning) and (code := _by_script(beginning)):
        return language(code)
    words = find_words(beginning.lower())
    stop_words = Counter(filter(_all_stop_words().__contains__, words))
    counts = {
        code: sum(stop_words[word] for word in there)
        for code, known in known_languages().items()
        if code != "zh" and len(there := known.stop_words & stop_words.keys()) >= 2
    }
    code = max(counts, key=counts.__getitem__, default="")
    # Other languages of the same script stay well below: they share a few short words (German "in", French "a" with
    # English).
    return language(code) if code and counts[code] / len(words) >= 0.12 else UNKNOWN


def _by_script(text: str) -> str:
    """The language suggested by most letters outside Latin script, if they are at least a third of the letters."""
    counts = Counter[str]()
    for char in FOREIGN.findall(text):
        if char.isalpha():
            counts.update(code for code, _, (low, high) in SCRIPTS if low <= ord(char) <= high)
    if not counts:
        return ""
    letters = sum(map(str.isalpha, text))
    if counts["zh"] and counts["ja"] * 10 > counts["zh"]:
        return "ja" if 3 * (counts["ja"] + counts["zh"]) >= letters else ""
    best = max(counts, key=counts.__getitem__, default="")
    return best if best and 3 * counts[best] >= letters else ""
