"""Text and chats from elsewhere, mixed in by documents or by tokens, without near-duplicates of the corpus."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path

import numpy as np

from docgen.dedupe.index import NearDuplicateIndex
from docgen.errors import ConfigError
from docgen.exporting.dataset.documents import TextStore
from docgen.exporting.dataset.examples import Example, Turn
from docgen.exporting.dataset.mix_files import mix_rows
from docgen.exporting.tokens.counter import TokenCounter

__all__ = ["Candidates", "MixSpec", "Mixed", "corpus_index", "draw", "open_candidates", "parse_mix"]

EXAMPLES_PER_BATCH = 256
"""Rows looked at in one go. Chosen: comparing and counting tokens are faster by the batch, and up to so many more rows
than needed are looked at."""
SPARE_DOCUMENTS = 2048
"""How many further documents are considered for an exchange that brings the tokens closer to what was asked for."""
TOLERANCE = 0.001
"""Tolerance, as a share of the tokens asked for, as promised; documents are exact."""


@dataclass(frozen=True)
class MixSpec:
    """A file or folder to mix in, `ratio` documents or tokens of it for each of the corpus."""

    path: Path
    ratio: float

    @property
    def name(self) -> str:
        """The file's name without its endings."""
        return self.path.name.split(".")[0] or self.path.name


@dataclass(frozen=True)
class Mixed:
    """What was drawn from one source: the places of examples in its candidates, and their tokens."""

    spec: MixSpec
    by: str
    places: tuple[int, ...]
    tokens: int
    wanted: float

    @property
    def off(self) -> float:
        """How far off the amount is, as a share of what was asked for."""
        amount = self.tokens if self.by == "tokens" else len(self.places)
        return abs(amount - self.wanted) / self.wanted if self.wanted else 0.0


def parse_mix(text: str) -> MixSpec:
    """FILE:RATIO, with "1:0.5" as a ratio too; the file alone means 1. Raises `ConfigError`."""
    path, _, ratio = text.rpartition(":")
    if path and Path(text).exists():  # a name with a colon in it
        path, ratio = text, "1"
    if path.endswith(":1") and not Path(path).exists():
        path = path.removesuffix(":1")
    try:
        amount = float(ratio if path else "1")
    except ValueError:
        amount = nan
    if not 0 < amount < 1e6:  # which is false of nan too
        raise ConfigError(f"{text!r} is not a file with a ratio", "--mix", "Write it as web.jsonl:1")
    return MixSpec(Path(path or text).expanduser(), amount)


class Candidates:
    """The examples of one source in a seeded order, without near-duplicates of the corpus and of each other."""

    def __init__(
        self, spec: MixSpec, store: TextStore, index: NearDuplicateIndex, counter: TokenCounter, seed: int
    ) -> None:
        self.spec, self._store, self._index, self._counter = spec, store, index, counter
        self._order = np.random.default_rng([seed, 0x317]).permutation(len(store)).tolist()
        self._next = 0
        self.unique: list[int] = []
        self.tokens: list[int] = []

    @property
    def looked_at(self) -> int:
        """Rows compared so far; those not in `unique` were near-duplicates."""
        return self._next

    def have(self, count: int) -> int:
        """Look for `count` of them, or all there are; returns how many are known now."""
        while len(self.unique) < count and self._next < len(self._order):
            rows = self._order[self._next : self._next + EXAMPLES_PER_BATCH]
            self._next += len(rows)
            examples = [self.example(row) for row in rows]
            texts = ["\n".join([*(content for _, content in each.turns or ()), each.text]) for each in examples]
            first = len(self._index)
            twins = self._index.check_and_add([first + place for place in range(len(rows))], texts)
            fresh = [place for place, twin in enumerate(twins) if twin is None and texts[place].strip()]
            self.unique += [rows[place] for place in fresh]
            self.tokens += self._counter.count([texts[place] for place in fresh])
        return len(self.unique)

    def example(self, row: int) -> Example:
        """The example in a row of the source."""
        value = json.loads(self._store[row])
        turns: list[Turn] | None = None if value["turns"] is None else [(role, text) for role, text in value["turns"]]
        return Example(value["text"], turns=None if turns is None else tuple(turns), source=self.spec.name)


def open_candidates(
    spec: MixSpec, store: TextStore, index: NearDuplicateIndex, counter: TokenCounter, seed: int
) -> Candidates:
    """Read a source into `store`, which must be empty; `index` has the corpus. Raises `InputError` for bad rows."""
    store.extend(json.dumps({"text": row.text, "turns": row.turns}) for row in mix_rows(spec.path))
    return Candidates(spec, store, index, counter, seed)


def draw(candidates: Candidates, spec: MixSpec, by: str, amount: int) -> Mixed:
    """`spec.ratio` times `amount` documents or tokens: exact to a document, or to 0.1% of the tokens if possible.

    Raises `ConfigError` when the source has too few that are not near-duplicates.
    """
    target = spec.ratio * amount
    if by == "documents":
        count = round(target)
        if candidates.have(count) < count:
            raise _too_few(candidates, f"{count:,} documents")
        return Mixed(spec, by, tuple(range(count)), sum(candidates.tokens[:count]), float(count))
    return _by_tokens(candidates, spec, target)


def _by_tokens(candidates: Candidates, spec: MixSpec, wanted: float) -> Mixed:
    count = total = 0
    while total < wanted:
        if candidates.have(count + 1) <= count:
            raise _too_few(candidates, f"{round(wanted):,} tokens")
        total += candidates.tokens[count]
        count += 1
    places, total = list(range(count)), total
    if total - wanted > TOLERANCE / 4 * wanted:  # chosen: most mixes are this close already, and keep their order
        places, total = _exchanged(candidates, places, total, wanted)
    return Mixed(spec, "tokens", tuple(places), total, wanted)


def _exchanged(candidates: Candidates, places: list[int], total: int, wanted: float) -> tuple[list[int], int]:
    """Leave out one document, or exchange it for a spare one, so that the tokens are closest to `wanted`."""
    available = candidates.have(len(places) + SPARE_DOCUMENTS)
    tokens = np.array(candidates.tokens[:available])
    spare = np.argsort(tokens[len(places) :], kind="stable") + len(places)
    sizes = np.concatenate([[0], tokens[spare]])  # 0: nothing replaces it
    best: tuple[float, int, int] = (abs(total - wanted), -1, 0)
    for place in places:
        target = wanted - (total - tokens[place])
        near = int(np.searchsorted(sizes, target))
        for at in range(max(0, near - 1), min(len(sizes), near + 1)):
            best = min(best, (abs(float(sizes[at]) - target), place, at))
    _, leaving, at = best
    if leaving < 0:
        return places, total
    stay = [place for place in places if place != leaving]
    total += int(sizes[at]) - int(tokens[leaving])
    return ([*stay, int(spare[at - 1])] if at else stay), total


def _too_few(candidates: Candidates, wanted: str) -> ConfigError:
    twins = candidates.looked_at - len(candidates.unique)
    what = f"has {len(candidates.unique):,} documents ({sum(candidates.tokens):,} tokens)"
    without = f", without {twins:,} near-duplicates" if twins else ""
    return ConfigError(f"{what}{without}; {wanted} are asked for", f"--mix {candidates.spec.path}", "Lower the ratio")


def corpus_index(texts: Iterable[Sequence[str]]) -> NearDuplicateIndex:
    """An index of the corpus, which is given in batches."""
    index = NearDuplicateIndex()
    for batch in texts:
        index.add(range(len(index), len(index) + len(batch)), list(batch))
    return index
