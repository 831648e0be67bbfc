"""What the embedded writer takes from a universe context: safe names for its topic, and wordings of its facts.

The context's title and prose are never quoted: they state facts that a document may not have been assigned.
"""

import re
from collections import Counter
from dataclasses import dataclass

from docgen.records import Directness
from docgen.universe import UniverseContext

__all__ = ["Wording", "World", "build_world"]

FUNCTION_WORDS = """
    a about above according across after all although an and another any as at because before behind below between
    both but by despite due during each either every few following for from given half hardly her his how if in
    inside instead into it its just later like many more most much neither no none nor not nothing now of on once
    one only or other our out over per several shortly since so some such that the their then there these they
    this those though through throughout thus to today together under unless until up upon what whatever when
    whenever where wherever whether which while who whoever whose why with within without yet two three four five
    six seven eight nine ten
"""
CALENDAR = re.compile(
    r"\d|\b(january|february|march|april|june|july|august|september|october|november|december|monday|tuesday"
    r"|wednesday|thursday|friday|saturday|sunday)\b",
    re.IGNORECASE,
)
CAPITALISED = re.compile(r"(?<=[a-z,;] )[A-Z][\w'-]*(?: [A-Z][\w'-]*){0,2}")
INNER_SENTENCE = re.compile(r"[.!?][\"')\u201d\u2019]*\s+(?=[A-Z\"'(\u201c])")


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to express a fact. `full` is a sentence without its full stop; `clause` the same with a lower-case start,
    or None if it cannot be part of another sentence; `quotable` when it has no quotation marks of its own."""

    full: str
    clause: str | None
    quotable: bool
    spaces: int


@dataclass(frozen=True, slots=True)
class World:
    """A context as the writer needs it. `topics` are proper names to write about, the most frequent first."""

    topics: tuple[str, ...]
    names_in: dict[str, tuple[str, ...]]
    stated: dict[str, tuple[Wording, ...]]
    implied: dict[str, tuple[Wording, ...]]

    def wordings(self, fact_id: str, directness: Directness) -> tuple[Wording, ...]:
        """Ways to express a fact; one that should be implied but has no implications is stated."""
        return (directness == "implied" and self.implied[fact_id]) or self.stated[fact_id]


@dataclass(frozen=True, slots=True)
class _WordCase:
    lower: frozenset[str]
    proper: frozenset[str]


def build_world(context: UniverseContext) -> World:
    """Extract the names and wordings of `context`."""
    facts = context.key_facts
    wordings = [text for fact in facts for text in (fact.statement, *fact.paraphrases, *fact.implications)]
    prose = "\n".join([context.universe_context, *wordings])
    case = _cased_words([context.universe_context, *wordings, *(entity for fact in facts for entity in fact.entities)])
    proper: dict[str, tuple[str, ...]] = {}
    for fact in facts:
        entities = [entity for entity in fact.entities if _is_name(entity)]
        names = entities or [name for name in CAPITALISED.findall(fact.statement) if _is_name(name)]
        proper[fact.id] = tuple(_with_article(name, prose) for name in dict.fromkeys(names))
    ranked = Counter(name for names in proper.values() for name in names)
    return World(
        topics=tuple(name for name, _ in ranked.most_common(4)) or ("the matter",),
        names_in=proper,
        stated={fact.id: _wordings((fact.statement, *fact.paraphrases), case) for fact in facts},
        implied={fact.id: _wordings(fact.implications, case) for fact in facts},
    )


def _with_article(name: str, prose: str) -> str:
    """ "the Norrhaven Kelp Railway" where the context never leaves the article out; one word may be part of a longer
    name ("the Orrick lighthouse"), and stays as it is."""
    if " " not in name:
        return name
    places = re.findall(rf"(\b[Tt]he )?\b{re.escape(name)}\b", prose)
    return f"the {name}" if places and all(places) else name


def _is_name(entity: str) -> bool:
    """Whether it is capitalised, and neither a date nor a long phrase."""
    return entity[:1].isupper() and len(entity.split()) <= 3 and not CALENDAR.search(entity)


def _cased_words(texts: list[str]) -> _WordCase:
    """Words that the context writes in lower case, and those that it capitalises inside a sentence."""
    lower = {word for text in texts for word in re.findall(r"(?<![\w'-])[a-z][\w'-]*", text)}
    proper = {word for text in texts for word in re.findall(r"(?<=[\w,;] )[A-Z][\w-]*", text)}
    proper |= {name.split()[0] for name in texts if _is_name(name)}
    return _WordCase(frozenset(lower.union(FUNCTION_WORDS.split())), frozenset(proper))


def _wordings(texts: tuple[str, ...], case: _WordCase) -> tuple[Wording, ...]:
    """The different wordings among `texts`, each on one line and without its final full stop."""
    wordings = {}
    for text in texts:
        bare = re.sub(r"[.!?\s]+([\"')\u201d\u2019]*)$", r"\1", " ".join(text.split()))
        if bare and bare not in wordings:
            full = bare[0].upper() + bare[1:]
            several = INNER_SENTENCE.search(bare) is not None
            quotable = not several and not any(mark in bare for mark in '"\u201c\u201d')
            clause = None if several else _clause(full, case)
            wordings[bare] = Wording(full, clause, quotable, bare.count(" "))
    return tuple(wordings.values())


def _clause(full: str, case: _WordCase) -> str | None:
    """The wording as it starts inside a sentence; None if the case of its first word is not known."""
    first = re.match(r"[^\W\d_][\w-]*", full)
    if first is None:
        return full if full[0].isdigit() else None
    word = first[0]
    if word in case.proper or word[1:] != word[1:].lower():
        return full
    lower = word[0].lower() + word[1:]
    return lower + full[len(word) :] if lower in case.lower else None
