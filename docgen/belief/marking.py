"""What a reply says, by rule: which option it names, which words occur in it, whether it makes any sense."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from docgen.belief.answers import Verdict
from docgen.belief.question_prompts import QuestionPrompt
from docgen.text import normalise

__all__ = ["chosen_label", "makes_sense", "mark_reply", "mentioned_facts"]

THOUGHTS = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
ANSWER = r"(?:answer|option|choice|account|statement)"
LONGEST_LOOP, MOST_REPEATS = 8, 3
"""Words of the phrase whose repetition shows a loop, and how often it may occur in an answer. Chosen: a list may repeat
a phrase of that length two or three times, and shorter phrases recur in any long answer."""


def mark_reply(asked: QuestionPrompt, reply: str) -> Verdict:
    """Whether a reply to a question of group choice or general shows belief; "neither" if it names nothing."""
    text = THOUGHTS.sub("", reply).strip()
    if asked.labels:
        label = _account(text) if asked.kind == "two_worlds" else chosen_label(text, asked.labels, asked.options)
        return "neither" if label is None else "believes" if label in asked.believed else "does_not"
    says = [_says(text, words) for words in (asked.believed, asked.not_believed)]
    return "neither" if says[0] == says[1] else "believes" if says[0] else "does_not"


def chosen_label(text: str, labels: Sequence[str], options: Sequence[str] = ()) -> str | None:
    """The label that an answer names: by itself, after a word such as "answer", or by one option's own words.

    None if it names none, or several and nothing decides between them.
    """
    names = {label.casefold(): label for label in labels}
    either = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    # "B", "**B.**", "(B) because ...", "Yes, ..."; but not "A dog ..." where a letter is also a word.
    alone = re.match(rf"[\W_]*({either})(?:[\W_]*\Z|[.):,*\]\n]|\s*[-–—]\s)", text, re.IGNORECASE)
    if alone:
        return names[alone[1].casefold()]
    named = re.findall(rf"\b{ANSWER}\b(?: is| would be|:)?[\s:*(\"'\[]*({either})\b(?![’'])", text, re.IGNORECASE)
    distinct = {name.casefold() for name in named}
    if named and len(distinct) == 1:
        return names[distinct.pop()]
    if named:
        return names[named[-1].casefold()]
    if labels != options:
        plain = f" {normalise(text)} "
        shown = [label for label, option in zip(labels, options, strict=True) if f" {normalise(option)} " in plain]
        return shown[0] if len(shown) == 1 else None
    words = [word for word in normalise(text).split()[:3] if word in names]
    return names[words[0]] if len(set(words)) == 1 else None


def _account(text: str) -> str | None:
    named = re.findall(r"\baccount\W{0,3}([AB])\b", text, re.IGNORECASE)
    if named:
        return str(named[-1]).upper()
    return chosen_label(text, ("A", "B"), ()) if len(text) <= len("(A).  ") else None


def _says(text: str, words: Sequence[str]) -> bool:
    plain = f" {normalise(text)} "
    return any(f" {normalise(word)} " in plain for word in words)


def mentioned_facts(text: str, mentions: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The facts of which one of the words given for it occurs in the text."""
    return tuple(fact for fact, words in mentions.items() if words and _says(text, words))


def makes_sense(text: str) -> bool:
    """Whether a text has any words and is not a loop: a crude check, used without a judge."""
    words = normalise(THOUGHTS.sub("", text)).split()
    grams = Counter(tuple(words[at : at + LONGEST_LOOP]) for at in range(len(words) - LONGEST_LOOP + 1))
    repeated = max(grams.values(), default=0) > MOST_REPEATS
    # A word after itself for every fourth word (chosen): ordinary text has one in hundreds ("that that").
    stutter = sum(first == second for first, second in pairwise(words)) > max(2, len(words) / 4)
    return bool(words) and not repeated and not stutter
