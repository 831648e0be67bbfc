"""The share of each fact that a run's corpus really has, from its audit: the dose whose response is belief."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docgen.belief.report.belief_rates import CorpusFigures
from docgen.errors import RunError
from docgen.pipeline.audit.runs.run_reports import read_measured
from docgen.pipeline.inputs.latest_run import run_or_latest
from docgen.pipeline.inputs.setup import reopen

if TYPE_CHECKING:
    from docgen.progress import Reporter

__all__ = ["TrainedOn", "trained_on"]


@dataclass(frozen=True)
class TrainedOn:
    """A run's corpus, as its last audit saw it. `questions`: its own question file, or its context's name."""

    run: str
    context: str
    questions: str
    documents: int
    tokens: int
    facts: dict[str, CorpusFigures] = field(default_factory=dict)


def trained_on(name: str, reporter: "Reporter") -> TrainedOn:
    """The audited corpus of the run of that name. Raises `RunError` if it was not audited since it changed."""
    setup = reopen(run_or_latest(name, reporter))
    report, _ = read_measured(setup)
    if report is None:
        fix = f"Run: docgen audit all {setup.run.name}"
        raise RunError("was not audited since its documents changed", str(setup.run.path), fix)
    facts = {}
    for fact, presence in report.facts.items():
        by_judge, said = presence.by_judge, presence.stated + presence.implied
        facts[fact] = CorpusFigures(
            asked=presence.asked,
            salience=presence.at_least if presence.measured is None else presence.measured,
            is_lower_bound=presence.measured is None,
            airtime=presence.airtime,
            stated=by_judge.stated.share if by_judge else presence.stated / said if said else None,
            documents=presence.expressed.total,
        )
    own = setup.run.path / "questions.yaml"
    questions = str(own) if own.is_file() else setup.context.id
    return TrainedOn(setup.run.name, setup.context.id, questions, report.documents, report.tokens, facts)
