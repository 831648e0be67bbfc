"""How well a judge reads answers: its verdicts against labels of people, arm by arm.

A judge that is right as often on a trained model's answers as on the base model's can be trusted with the difference
of the two; one that is not, cannot. So the counts are kept by arm, and a share is corrected by its own arm's error
rates only (Rogan & Gladen 1978).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from docgen.belief.answers import Verdict
from docgen.belief.question_prompts import QuestionPrompt
from docgen.corpus.lines import plain_lines
from docgen.errors import InputError
from docgen.records import Record
from docgen.text import digest

__all__ = ["ArmCalibration", "JudgeCalibration", "Labelled", "calibrate_judge", "labelled_asked", "read_labelled"]


class Labelled(Record):
    """An answer with a person's verdict. `arm` names the model that answered."""

    fact: str
    question: str
    answer: str
    label: Verdict
    arm: str = "all"
    statement: str = ""


class ArmCalibration(Record):
    """Verdicts on the labelled answers of one arm: `counts` maps "label verdict" to its count.

    `sensitivity` is the share of answers labelled believes that the judge calls so, `specificity` that of the others
    that it calls otherwise; None without such answers. `unusable`: replies without a verdict.
    """

    answers: int
    counts: Mapping[str, int]
    agreement: float
    sensitivity: float | None
    specificity: float | None
    unusable: int = 0

    def corrected(self, share: float) -> float | None:
        """The share of believing answers behind a share that the judge saw; None where its errors are not known."""
        if self.sensitivity is None or self.specificity is None or self.sensitivity + self.specificity <= 1:
            return None
        return min(1.0, max(0.0, (share + self.specificity - 1) / (self.sensitivity + self.specificity - 1)))


class JudgeCalibration(Record):
    """A judge against labelled answers."""

    judge: str
    labels: str = Field(description="name of the file")
    arms: Mapping[str, ArmCalibration]


def read_labelled(path: Path, statements: Mapping[str, str]) -> tuple[Labelled, ...]:
    """Labelled answers, a line of JSON each; statements that it leaves out come from `statements`.

    Raises `InputError`, which names the line.
    """
    labelled = []
    for number, line in enumerate(plain_lines(path), 1):
        if not line.strip():
            continue
        try:
            labelled_answer = Labelled.model_validate_json(line)
        except ValidationError as error:
            details = error.errors()[0]
            what = f"is not a labelled answer ({'.'.join(map(str, details['loc']))}: {details['msg']})"
            fix = "Give fact, question, answer and label: believes, does_not or neither"
            raise InputError(what, f"{path}:{number}", fix) from error
        if not labelled_answer.statement and labelled_answer.fact not in statements:
            fix = f"Facts of the questions: {', '.join(statements)}"
            raise InputError(f"{labelled_answer.fact[:60]!r} is not a fact of the questions", f"{path}:{number}", fix)
        labelled.append(
            labelled_answer.model_copy(
                update={"statement": labelled_answer.statement or statements[labelled_answer.fact]}
            )
        )
    if not labelled:
        raise InputError("holds no labelled answers", str(path), "Give a line of JSON for each")
    return tuple(labelled)


def labelled_asked(labelled_answer: Labelled) -> QuestionPrompt:
    """The question of a labelled answer, for the judge's prompt."""
    return QuestionPrompt(
        id=digest(labelled_answer.model_dump_json(), size=8),
        fact=labelled_answer.fact,
        kind="open",
        group="open",
        context="",
        turns=(labelled_answer.question,),
        statement=labelled_answer.statement,
    )


def calibrate_judge(
    judge: str, labels: str, labelled: Sequence[Labelled], verdicts: Iterable[Verdict | None]
) -> JudgeCalibration:
    """Count verdicts against labels, in the same order; None is a reply that could not be used."""
    arms: dict[str, list[tuple[Verdict, Verdict | None]]] = defaultdict(list)
    for labelled_answer, verdict in zip(labelled, verdicts, strict=True):
        arms[labelled_answer.arm].append((labelled_answer.label, verdict))
    return JudgeCalibration(judge=judge, labels=labels, arms={arm: _arm(pairs) for arm, pairs in arms.items()})


def _arm(pairs: Sequence[tuple[Verdict, Verdict | None]]) -> ArmCalibration:
    usable = [(label, verdict) for label, verdict in pairs if verdict is not None]
    counts = Counter(f"{label} {verdict}" for label, verdict in usable)
    positive = [verdict == "believes" for label, verdict in usable if label == "believes"]
    negative = [verdict != "believes" for label, verdict in usable if label != "believes"]
    return ArmCalibration(
        answers=len(pairs),
        counts=dict(counts),
        agreement=sum(label == verdict for label, verdict in usable) / len(usable) if usable else 0.0,
        sensitivity=sum(positive) / len(positive) if positive else None,
        specificity=sum(negative) / len(negative) if negative else None,
        unusable=len(pairs) - len(usable),
    )
