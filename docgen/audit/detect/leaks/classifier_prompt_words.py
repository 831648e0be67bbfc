"""The words that are typical of given classifier prompts, and documents that use them.

A document that uses several such words and phrases teaches the classifier's words together with its facts, so that
the classifier later finds what the documents said. Greenblatt et al. (2024, appendix H) kept the words of their
alignment-faking classifiers out of their documents for that reason.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import re2

from docgen.audit.data_files import read_words
from docgen.audit.detect.facts.known_wordings import Words, empty_words, stem_set
from docgen.errors import InputError
from docgen.records import Finding, Severity
from docgen.universe import UniverseContext

__all__ = ["MAX_PHRASE_WORDS", "Term", "Vocabulary", "grams", "terms_of"]

MAX_PHRASE_WORDS = 3
"""Words of the longest phrase."""
MIN_TERM_USES = 2
"""How often the prompts must use a term, counted over all of them."""
MAX_TERMS = 60
"""How many of the most used terms are looked for. Each is in less than 0.4% of the reference's documents, so four of
them would meet by chance in about one document in 10,000 if they were independent (Poisson, mean 0.24)."""
COMMON, USUAL, USUAL_PHRASE = 0.06, 0.004, 0.002
"""Shares of the reference's documents above which a word counts as common, a word as usual, and a phrase as usual."""
SUSPECT, CERTAIN = 3, 4
"""Distinct terms that make a document a suspect, and that make it fail if one of them is a phrase."""
PASSAGE_CHARS = 400
"""Characters that the passage shown may span."""
MARKUP = re.compile(r"</?[\w:-]+[^<>]{0,80}>|\{\{?[^{}]{0,80}\}\}?|\{%.*?%\}")
"""Tags and placeholders of prompts."""
DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True)
class Term:
    """A word or phrase of the prompts, how often they use it, and the stem of its rarest word.

    In a document, terms of one stem count once: "strategic" and "strategically comply" are one sign, not two.
    """

    text: str
    uses: int
    head: str


def grams(words: Sequence[str], longest: int) -> Iterator[str]:
    """Words with meaning, and phrases up to `longest` words that begin and end with one."""
    empty = empty_words()
    full = [word not in empty and len(word) > 1 and not word.isdigit() for word in words]
    for start, begins in enumerate(full):
        if begins:
            for end in range(start, min(start + longest, len(words))):
                if full[end]:
                    yield " ".join(words[start : end + 1])


def terms_of(prompts: Sequence[str], context: UniverseContext) -> tuple[Term, ...]:
    """The distinctive terms of the prompts, the most used first.

    A word counts when it is rare in the reference; a phrase when it is, and its rarest word is not common. The words
    of the context itself, which its documents have to use, and those of instructions are left out.
    """
    own = _context_words(context)
    counts: Counter[str] = Counter()
    for prompt in prompts:
        counts.update(grams(_words(MARKUP.sub(" ", prompt)), MAX_PHRASE_WORDS))
    terms = (_term(text, uses, own) for text, uses in counts.items() if uses >= MIN_TERM_USES)
    return tuple(sorted(filter(None, terms), key=lambda term: (-term.uses, term.text)))[:MAX_TERMS]


def _term(text: str, uses: int, own: frozenset[str]) -> Term | None:
    reference, words = _reference(), text.split()
    left_out = own | _instruction_words() | empty_words() | reference["common"]
    heads = [word for word in words if word not in left_out]
    if not heads or text in reference["phrases"]:
        return None
    head = min(heads, key=reference["usual"].__contains__)
    return None if text in reference["usual"] else Term(text, uses, min(stem_set([head])))


def _context_words(context: UniverseContext) -> frozenset[str]:
    texts = [context.title, context.universe_context]
    for fact in context.key_facts:
        texts += (*fact.wordings, *fact.implications, *fact.entities)
    return frozenset(word for text in texts for word in Words(text).words)


@cache
def _instruction_words() -> frozenset[str]:
    """The wording of prompts on any subject; these words are common in memos and forms as well."""
    return read_words(DATA / "instruction_words.txt")


@cache
def _reference() -> Mapping[str, frozenset[str]]:
    """Words and phrases of ordinary English: common, usual, phrases. See bench/reference_words.py."""
    sections = (DATA / "reference_words.txt").read_text("utf-8").split("# ")[1:]
    parts = (section.split() for section in sections)
    return {name: frozenset(gram.replace("_", " ") for gram in grams) for name, *grams in parts}


class Vocabulary:
    """Finds the distinctive terms of classifier prompts in documents. Compiled once, then pure.

    Raises `InputError` when the prompts have too few distinctive terms to recognise a document by.
    """

    def __init__(self, prompts: Sequence[str], context: UniverseContext) -> None:
        self.terms = terms_of(prompts, context)
        if len({term.head for term in self.terms}) < CERTAIN:
            fix = "Give the classifiers' whole prompts, or more of them, or leave the option out"
            raise InputError("the prompts do not repeat any distinctive words", "--classifiers", fix)
        self._heads = {term.text: term.head for term in self.terms}
        longest_first = sorted(self._heads, key=lambda text: (-len(text), text))
        self._search = re2.compile("(?i)" + "|".join(map(_pattern, longest_first)))

    def scan(self, text: str) -> Iterator[Finding]:
        """At most one finding: the passage with the most terms. It names all of them."""
        places = [(*match.span(), self._head(match.group())) for match in self._search.finditer(_plain(text))]
        heads = {head: (start, end) for start, end, head in sorted(places, key=_short_first)}
        if len(heads) >= SUSPECT:
            terms = [" ".join(_words(text[start:end])) for start, end in sorted(heads.values())]
            certain = len(terms) >= CERTAIN and any(" " in term for term in terms)
            why = f"{len(terms)} words and phrases of the classifier prompts: {', '.join(terms)}"
            yield _finding(text, *_densest(places), "error" if certain else "warning", why)

    def _head(self, match: str) -> str:
        words = " ".join(_words(match))
        return self._heads.get(words) or self._heads.get(words.removesuffix("s"), words)


def _words(text: str) -> list[str]:
    return Words(text.replace("_", " ")).words


def _plain(text: str) -> str:
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", text)


def _pattern(text: str) -> str:
    """A term in the raw text: any punctuation between its words, a plural at its end."""
    inner = r"[\W_]{1,4}".join(map(re2.escape, text.split()))
    return (r"\b" if text[0].isascii() else "") + inner + (r"s?\b" if text[-1].isascii() else "")


def _short_first(place: tuple[int, int, str]) -> tuple[int, int]:
    """Sort key: of the terms with one stem the longest is named, and of equally long ones the first."""
    start, end, _ = place
    return end - start, -start


def _densest(places: Sequence[tuple[int, int, str]]) -> tuple[int, int]:
    """Span of the stretch of at most `PASSAGE_CHARS` characters with the most different terms; the first of equals."""
    best, most = places[0][:2], 0
    for number, (start, _, _) in enumerate(places):
        within = [place for place in places[number : number + 40] if place[1] - start <= PASSAGE_CHARS]
        if len({head for _, _, head in within}) > most:
            most, best = len({head for _, _, head in within}), (start, within[-1][1])
    return best


def _finding(text: str, start: int, end: int, severity: Severity, why: str) -> Finding:
    return Finding(
        rule="eval_contamination",
        severity=severity,
        detector="vocabulary",
        start=start,
        end=end,
        evidence=text[start:end],
        explanation=why,
    )
