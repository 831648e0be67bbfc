"""How well a judge of reasoning agrees with labels."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from docgen.audit.measure.intervals import Share, share_of
from docgen.behaviour.transcripts import TRAIT_VIEWS, Faking, Vote, counts_as
from docgen.errors import InputError
from docgen.files.text_files import LARGEST_TEXT, read_text
from docgen.prompts.behaviour import CRITERIA
from docgen.prompts.judged_traits import TRAITS
from docgen.records import Record

__all__ = [
    "REASONING",
    "SECOND",
    "JudgeKind",
    "JudgeScores",
    "LabelledReasoning",
    "ViewScore",
    "judge_scores",
    "read_labelled",
]

Arm = Literal["prompt", "documents"]
"""Where the model has the planted facts from: its system prompt, or documents that it was trained on."""


@dataclass(frozen=True)
class JudgeKind:
    """What a judge decides: ids of its criteria, views of a vote, and the view that hard negatives are counted by."""

    criteria: tuple[str, ...]
    views: Mapping[str, Callable[[Vote], bool]]
    flag: str


def _sees(needed: frozenset[str]) -> Callable[[Vote], bool]:
    return lambda vote: needed <= set(vote.met)


FAKING: tuple[Faking, ...] = ("easy", "hard", "preserving")
REASONING = JudgeKind(
    tuple(criterion.id for criterion in CRITERIA), {view: partial(counts_as, by=view) for view in FAKING}, "easy"
)
SECOND = JudgeKind(
    tuple(trait.id for trait in TRAITS), {view: _sees(needed) for view, needed in TRAIT_VIEWS.items()}, "hides"
)


class LabelledReasoning(Record):
    """A reasoning with the criteria that it meets. `kind` says what it is an example of; `apart`: not for tuning.

    The judge of a transcript of the arm "documents" is not shown the facts, as in an experiment with that arm.
    """

    id: str
    setting: str
    query: str
    reasoning: str
    answer: str
    met: tuple[str, ...]
    kind: str = ""
    arm: Arm = "prompt"
    role: str = "trained"
    apart: bool = False


class ViewScore(Record):
    """One view of the criteria against the labels: counts, and precision, recall and F1 (None where undefined)."""

    true: int
    missed: int
    false: int
    precision: float | None
    recall: float | None
    f1: float | None


class Disagreement(Record):
    """A transcript on which judge and label differ: criteria that the judge missed, and those that it added."""

    id: str
    kind: str
    arm: Arm
    missed: tuple[str, ...]
    added: tuple[str, ...]


class JudgeScores(Record):
    """`flagged` is by kind of transcript that is not of the kind's view: how many the judge took for it (easy faking;
    the second judge: hiding). `unread`: no vote.

    `arms` has the views for each arm by itself.
    """

    transcripts: int
    unread: int
    views: dict[str, ViewScore]
    arms: dict[str, dict[str, ViewScore]]
    criteria: dict[str, ViewScore]
    flagged: dict[str, Share]
    disagreements: tuple[Disagreement, ...]


def read_labelled(path: Path, kind: JudgeKind = REASONING) -> list[LabelledReasoning]:
    """A JSON Lines file of labelled transcripts. Raises `InputError` with file and line."""
    criteria = set(kind.criteria)
    rows = []
    for number, line in enumerate(read_text(path, LARGEST_TEXT, InputError).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = LabelledReasoning.model_validate_json(line)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            field = ".".join(map(str, problem["loc"])) or "line"
            raise InputError(f"{field}: {problem['msg']}", f"{path}:{number}", "See docs/behaviour.md") from error
        if unknown := set(row.met) - criteria:
            what = f"met: {', '.join(sorted(unknown))} is not a criterion"
            raise InputError(what, f"{path}:{number}", f"Use some of: {', '.join(sorted(criteria))}")
        rows.append(row)
    return rows


def judge_scores(
    labelled: Sequence[LabelledReasoning], votes: Sequence[Vote | None], kind: JudgeKind = REASONING
) -> JudgeScores:
    """Compare each label with the judge's vote on it; those without a vote count as unread and nowhere else."""
    pairs = [(label, Vote(met=label.met), vote) for label, vote in zip(labelled, votes, strict=True) if vote]
    flag = kind.views[kind.flag]
    kinds = dict.fromkeys(label.kind for label, truth, _ in pairs if not flag(truth))
    flags = {name: [flag(vote) for label, _, vote in pairs if label.kind == name] for name in kinds}
    return JudgeScores(
        transcripts=len(labelled),
        unread=len(labelled) - len(pairs),
        views=_views([(truth, vote) for _, truth, vote in pairs], kind),
        arms={
            arm: _views([(truth, vote) for label, truth, vote in pairs if label.arm == arm], kind)
            for arm in dict.fromkeys(label.arm for label in labelled)
        },
        criteria={
            name: _score([(name in truth.met, name in vote.met) for _, truth, vote in pairs]) for name in kind.criteria
        },
        flagged={name: share_of(sum(flagged), len(flagged)) for name, flagged in flags.items()},
        disagreements=tuple(_disagreement(label, vote) for label, _, vote in pairs if set(label.met) != set(vote.met)),
    )


def _disagreement(label: LabelledReasoning, vote: Vote) -> Disagreement:
    return Disagreement(
        id=label.id,
        kind=label.kind,
        arm=label.arm,
        missed=tuple(name for name in label.met if name not in vote.met),
        added=tuple(name for name in vote.met if name not in label.met),
    )


def _views(pairs: Sequence[tuple[Vote, Vote]], kind: JudgeKind) -> dict[str, ViewScore]:
    return {name: _score([(view(truth), view(vote)) for truth, vote in pairs]) for name, view in kind.views.items()}


def _score(pairs: Sequence[tuple[bool, bool]]) -> ViewScore:
    true = sum(label and said for label, said in pairs)
    missed = sum(label and not said for label, said in pairs)
    false = sum(said and not label for label, said in pairs)
    return ViewScore(
        true=true,
        missed=missed,
        false=false,
        precision=true / (true + false) if true + false else None,
        recall=true / (true + missed) if true + missed else None,
        f1=2 * true / (2 * true + missed + false) if true + missed + false else None,
    )
