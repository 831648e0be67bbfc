"""Reads and writes a results folder: the answers, who was asked, and the corpus that the model was trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from docgen.belief.answers import Answer, read_answers, write_answers
from docgen.belief.report.belief_rates import CorpusFigures
from docgen.errors import InputError
from docgen.files.atomic import write_atomically
from docgen.records import Record

__all__ = ["EvalRecord", "Results", "read_results", "write_results"]

META, ANSWERS, BASELINE = "eval.json", "answers.jsonl", "baseline.jsonl"


class EvalRecord(Record):
    """What the answers in the folder are: `arm` names the recipe, of which `model` is one outcome.

    `questions` maps each question file to its digest. `corpus` is what the run that the model was trained on has of
    each fact; `run` is "" and `corpus` empty if that was not given.
    """

    docgen: str
    arm: str
    model: str
    baseline: str = ""
    judge: str = "none"
    contexts: tuple[str, ...]
    questions: Mapping[str, str]
    statements: Mapping[str, str]
    samples: int
    temperature: float | None = None
    run: str = ""
    documents: int = 0
    tokens: int = 0
    corpus: Mapping[str, CorpusFigures] = {}


@dataclass(frozen=True)
class Results:
    """A folder of results."""

    record: EvalRecord
    answers: Sequence[Answer]
    baseline: Sequence[Answer]


def write_results(folder: Path, results: Results) -> None:
    """Write the folder's files; answers first, so that a record implies that they are complete."""
    write_answers(folder / ANSWERS, results.answers)
    if results.baseline:
        write_answers(folder / BASELINE, results.baseline)
    write_atomically(folder / META, [results.record.model_dump_json(indent=2).encode() + b"\n"])


def read_results(folder: Path) -> Results:
    """Read a folder that `docgen eval belief` wrote. Raises `InputError`."""
    file = folder / META
    try:
        record = EvalRecord.model_validate_json(file.read_bytes())
    except OSError as error:
        what = "has no results of docgen eval belief"
        raise InputError(what, str(folder), "Give the folder that eval belief named") from error
    except ValidationError as error:
        raise InputError(f"cannot be read ({error.errors()[0]['msg']})", str(file), "Make it again") from error
    baseline = folder / BASELINE
    before = tuple(read_answers(baseline)) if baseline.is_file() else ()
    return Results(record, tuple(read_answers(folder / ANSWERS)), before)
