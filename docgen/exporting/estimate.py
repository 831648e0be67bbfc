"""Estimates the tokens of a training text by the script of each character, where no tokenizer is named.

The rates are tokens a character, by non-negative least squares (of relative errors) on pieces of 3,000 characters: the
translations of Pro Git (32 languages) and articles of the Universal Declaration of Human Rights (68), counted by the
tokenizer of Gemma 3, which has 262,144 entries. Tokenizers of fewer entries make more tokens of scripts that are not
Latin. bench/token_estimate.py measures again, with any tokenizer and any texts.
"""

from collections import Counter

__all__ = ["SCRIPTS", "character_class", "training_tokens"]

SCRIPTS: tuple[tuple[str, int, int, float], ...] = (
    ("latin", 0x80, 0x24F, 0.556),
    ("greek", 0x370, 0x3FF, 0.409),
    ("cyrillic", 0x400, 0x52F, 0.289),
    ("armenian", 0x530, 0x58F, 0.630),
    ("hebrew", 0x590, 0x5FF, 0.553),
    ("arabic", 0x600, 0x6FF, 0.358),
    ("devanagari", 0x900, 0x97F, 0.332),
    ("bengali", 0x980, 0x9FF, 0.278),
    ("tamil", 0xB80, 0xBFF, 0.266),
    ("telugu", 0xC00, 0xC7F, 0.453),
    ("kannada", 0xC80, 0xCFF, 0.441),
    ("thai", 0xE00, 0xE7F, 0.316),
    ("georgian", 0x10A0, 0x10FF, 0.474),
    ("khmer", 0x1780, 0x17FF, 0.490),
    ("latin", 0x1E00, 0x1EFF, 0.556),
    ("kana", 0x3040, 0x30FF, 0.400),
    ("han", 0x3400, 0x9FFF, 0.622),
    ("hangul", 0xAC00, 0xD7A3, 0.668),
)
"""Name, first and last code point, tokens a character; combining signs count as characters."""
ASCII_LETTER, ASCII_DIGIT, ASCII_MARK, OTHER = 0.249, 0.867, 0.796, 1.2
COMMON_LATIN = 0.921
RARE_CYRILLIC = 1.5
"""Chosen between the fit on Macedonian and that on Kazakh, which are far apart."""
WESTERN = frozenset("áàâäãåçéèêëíìîïñóòôöõúùûüýßÁÀÂÄÃÅÇÉÈÊËÍÌÎÏÑÓÒÔÖÕÚÙÛÜÝ")
RUSSIAN = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ")


def training_tokens(text: str) -> int:
    """Rough number of tokens in training; for English the same as `docgen.text.token_estimate`."""
    from docgen.text import token_estimate  # not above: the table of formats, and so --help, imports this module

    if text.isascii():
        return token_estimate(text)
    counts = Counter(text)
    if not any(character > "\x7f" and character.isalpha() for character in counts):
        return token_estimate(text)  # English with curly quotes
    return round(sum(count * _rate(character) for character, count in counts.items()))


def character_class(character: str) -> str:
    """The name of a character's script; "" for ASCII, marks and what is not in the table."""
    code = ord(character)
    return next((name for name, first, last, _ in SCRIPTS if first <= code <= last), "") if code > 0x7F else ""


def _rate(character: str) -> float:
    if character.isspace():
        return 0.0
    if character < "\x80":
        return ASCII_LETTER if character.isalpha() else ASCII_DIGIT if character.isdigit() else ASCII_MARK
    if character in WESTERN:
        return COMMON_LATIN
    code = ord(character)
    for name, first, last, rate in SCRIPTS:
        if first <= code <= last:
            return RARE_CYRILLIC if name == "cyrillic" and character.lower() not in RUSSIAN else rate
    return OTHER
