"""Documents in languages whose wording the rules do not know: there, the absence of findings means nothing."""

from collections import Counter
from collections.abc import Collection

from pydantic import Field

from docgen.records import Record
from docgen.text.languages import detect_language

__all__ = ["LanguageTally", "UnknownLanguages"]

ALL_OF, THEN_EACH = 200, 20
"""The first documents are all looked at, then one in so many: recognising a language takes 4,000 characters, and is
slow."""


class UnknownLanguages(Record):
    """Of `looked_at` documents, those in a language whose wording the rules do not know, by its name."""

    looked_at: int = 0
    documents: dict[str, int] = Field(default_factory=dict)

    @property
    def in_words(self) -> str:
        """One line for screens and reports; empty if the rules know all of them."""
        if not self.documents:
            return ""
        names = ", ".join(f"{name} {count:,}" for name, count in self.documents.items())
        return (
            f"The rules have no wording in the language of {sum(self.documents.values()):,} of {self.looked_at:,} "
            f"documents looked at ({names}): there, no findings means nothing. Have a judge read them: --judge"
        )


class LanguageTally:
    """Looks at documents as they arrive; `spoken` are the codes of the languages that the rules have cues for."""

    def __init__(self, spoken: Collection[str]) -> None:
        self._spoken = frozenset(spoken)
        self._seen = self._looked_at = 0
        self._unread: Counter[str] = Counter()

    def add(self, text: str) -> None:
        """The next document."""
        self._seen += 1
        # Below 200 characters there may be too few stop words to recognise a language by.
        if (self._seen > ALL_OF and self._seen % THEN_EACH) or len(text) < 200:
            return
        self._looked_at += 1
        language = detect_language(text)
        if language.code not in self._spoken:
            self._unread[language.name] += 1

    def merge(self, other: "LanguageTally") -> None:
        """Add what a tally of other documents saw."""
        self._seen += other._seen
        self._looked_at += other._looked_at
        self._unread.update(other._unread)

    def report(self) -> UnknownLanguages:
        """What was seen so far, the most frequent language first."""
        return UnknownLanguages(looked_at=self._looked_at, documents=dict(self._unread.most_common()))
