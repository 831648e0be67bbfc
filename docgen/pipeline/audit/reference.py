"""What a corpus' diversity is compared with: given files, or the run that this one was forked from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from docgen.audit.measure.diversity import DiversityTally
from docgen.pipeline.audit.targets import file_subjects
from docgen.pipeline.setup import Setup

__all__ = ["Reference", "base_corpus", "read_reference"]


@dataclass(frozen=True)
class Reference:
    """Another corpus, counted; `name` stands for it in reports."""

    tally: DiversityTally
    name: str


def base_corpus(setup: Setup) -> tuple[Path, ...]:
    """The corpus of the run that `setup` was forked from, if both are there."""
    files = (journal.with_name("corpus.parquet") for journal in setup.parents[:1])
    return tuple(file for file in files if file.exists())


def read_reference(paths: Sequence[Path]) -> Reference | None:
    """Count the documents of these files; None without any."""
    if not paths:
        return None
    tally = DiversityTally()
    for subject in file_subjects(paths):
        tally.add(subject)
    return Reference(tally, ", ".join(_name(path) for path in paths))


def _name(path: Path) -> str:
    """A run's corpus goes by the run's name."""
    return path.parent.name if path.name == "corpus.parquet" and path.parent.name else str(path)
