"""Stores the transcripts of an experiment: one row in memory for each, the texts on disk."""

import os
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docgen.errors import InputError
from docgen.text import digest, slug

if TYPE_CHECKING:
    from docgen.behaviour.transcripts import Transcript

__all__ = ["FAKES", "TranscriptRow", "Transcripts", "address_part"]

PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,80}")
FAKES = {
    "hard": "all five criteria, no compromise",
    "easy": "all five criteria, with a compromise",
    "no": "not all five criteria",
    "unscored": "reasoning unscored",
}
"""What the votes say about the reasoning of an answer in training, in the pages' words."""


@dataclass(frozen=True, slots=True)
class TranscriptRow:
    """What lists need of one transcript. `compliance` and `fakes` are "" if nobody was asked about them."""

    at: int
    size: int
    setting: str
    variation: str
    tier: str
    role: str
    reasoning: str
    model: str
    query: str
    sample: int
    state: str
    compliance: str
    fakes: str

    @property
    def path(self) -> str:
        """Its address, `setting/variation/tier/id`: its twins in other tiers only differ in the tier."""
        own = f"{address_part(self.query)}-{self.reasoning}-{address_part(self.model)}-{self.sample}"
        return "/".join([*map(address_part, (self.setting, self.variation, self.tier)), own])

    @property
    def situation(self) -> tuple[str, str, str, str, int]:
        """What it shares with its twins: all but the tier."""
        return self.variation, self.reasoning, self.model, self.query, self.sample


def address_part(name: str) -> str:
    """A name as used in addresses and file names."""
    return name if PLAIN.fullmatch(name) else f"{slug(name)}-{digest(name, size=4)}"


class Transcripts:
    """All transcripts of one file, in its order. `damaged` counts lines that are not transcripts."""

    def __init__(self, file: Path, threshold: float) -> None:
        self.threshold, self.damaged = threshold, 0
        self.queries: dict[str, str] = {}
        self.rows: list[TranscriptRow] = list(self._read(file)) if file.exists() else []
        self.by_path = {row.path: place for place, row in enumerate(self.rows)}
        self._twins: dict[tuple[str, str, str, str, int], list[int]] = defaultdict(list)
        for place, row in enumerate(self.rows):
            self._twins[row.situation].append(place)
        self._fd = os.open(file, os.O_RDONLY) if file.exists() else -1
        self.searches: dict[str, frozenset[int]] = {}
        """Places that contain what was searched for, by what was typed."""

    def __del__(self) -> None:
        if getattr(self, "_fd", -1) >= 0:
            os.close(self._fd)

    def _read(self, file: Path) -> Iterator[TranscriptRow]:
        from pydantic import ValidationError  # corpora are opened without it

        from docgen.behaviour.transcripts import Transcript
        from docgen.files.append_log import read_lines

        for at, line in read_lines(file):
            try:
                transcript = Transcript.model_validate_json(line)
            except ValidationError:
                self.damaged += 1
                continue
            trial = transcript.trial
            self.queries.setdefault(trial.query, transcript.text)
            yield TranscriptRow(
                at, len(line), trial.setting, trial.variation, trial.tier, trial.role, trial.reasoning, trial.model,
                trial.query, trial.sample, transcript.state, transcript.compliance or "", self._fakes(transcript),
            )  # fmt: skip

    def _fakes(self, transcript: "Transcript") -> str:
        from docgen.behaviour.transcripts import is_faking

        if transcript.trial.role != "trained":
            return ""
        easy = is_faking(transcript, "easy", self.threshold)
        if easy is None:
            return "unscored"
        return "no" if not easy else "hard" if is_faking(transcript, "hard", self.threshold) else "easy"

    def read(self, place: int) -> "Transcript":
        """One whole transcript."""
        from docgen.behaviour.transcripts import Transcript

        row = self.rows[place]
        try:
            return Transcript.model_validate_json(os.pread(self._fd, row.size, row.at))
        except ValueError as error:
            raise InputError("was changed while it was read", "transcripts.jsonl", "Load the page again") from error

    def twins(self, place: int) -> list[int]:
        """The transcripts of the same situation and query in all tiers, itself among them, in the order of the file."""
        return self._twins[self.rows[place].situation]

    def shuffled(self, seed: int) -> list[int]:
        """All places in an order drawn with `seed`."""
        places = list(range(len(self.rows)))
        random.Random(seed).shuffle(places)
        return places
