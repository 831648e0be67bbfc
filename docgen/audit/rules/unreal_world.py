"""Cues that call the context's own world unreal ("Norrhaven and its railway are made up"), built from its names.

Said of anything else, the same words are harmless: a novel is fictional, a rumour may be a hoax. The cues are in
unreal_world.toml.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from docgen.audit.data_files import read_patterns
from docgen.audit.detect.facts.known_wordings import function_words, ordinary_words
from docgen.audit.rules.leakage_rule import Cue, Rule, rule_key
from docgen.universe import UniverseContext

__all__ = ["unreal_world_cues", "with_cues", "world_names"]

CAPITALISED = re.compile(r"(?<!\w)[^\W\d_a-z][\w'’-]*(?: [^\W\d_a-z][\w'’-]*)*")
SENTENCE_GOES_ON = re.compile(r"[a-z,;] $")
CALENDAR = re.compile(
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?)\b"
)


def unreal_world_cues(context: UniverseContext) -> dict[str, tuple[Cue, ...]]:
    """Cues by the key of the rule that they belong to; none for a context without names."""
    names = world_names(context)
    if not names:
        return {}
    longest_first = sorted(names, key=len, reverse=True)
    any_name = "|".join(r"\s+".join(map(re.escape, name.split())) for name in longest_first)
    cues: dict[str, tuple[Cue, ...]] = {}
    for entry in _entries():
        cue = Cue(entry["pattern"].replace("NAME", f"(?:{any_name})"), entry["why"], entry.get("severity", "error"))
        cues[entry["rule"]] = (*cues.get(entry["rule"], ()), cue)
    return cues


def with_cues(rule: Rule, cues: dict[str, tuple[Cue, ...]]) -> Rule:
    """The rule, with its share of `cues` added."""
    own = cues.get(rule_key(rule.id), ())
    return replace(rule, cues=rule.cues + own) if own else rule


def world_names(context: UniverseContext) -> tuple[str, ...]:
    """Proper names of the context's title, prose and facts, the most frequent first.

    One-word names count where they occur inside a sentence and are not a word of ordinary English; longer ones lose a
    leading "The" or "In".
    """
    texts = [context.title, context.universe_context]
    for fact in context.key_facts:
        texts += (fact.statement, *fact.paraphrases, *fact.entities)
    counts = Counter(name for text in texts for name in _names(text))
    return tuple(name for name, _ in counts.most_common(60))  # enough for every shipped context; more slow the scan


def _names(text: str) -> Iterator[str]:
    for match in CAPITALISED.finditer(text):
        words = [re.sub(r"['’]s$", "", word) for word in match[0].split()]
        while words and words[0].lower() in function_words():
            del words[0]
        if not words or CALENDAR.search(match[0]):
            continue
        before = text[: match.start() + match[0].rfind(words[-1])]
        inside = match[0] == text or SENTENCE_GOES_ON.search(before[-2:]) is not None
        # Words of up to three letters are mostly abbreviations that other things share.
        if len(words) > 1 or (inside and len(words[0]) >= 4 and words[0].lower() not in ordinary_words()):
            yield " ".join(words)


@cache
def _entries() -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = read_patterns(Path(__file__).parent / "unreal_world.toml")["cues"]
    return entries
