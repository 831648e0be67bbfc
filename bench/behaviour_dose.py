"""Both arms in one picture: belief as measured, behaviour as planted.

    python -m bench.behaviour_dose [--out docs/pictures/dose_behaviour.svg]

Belief: Gemma 3 270M, trained on corpora in which one fact has another share (bench/results/dose_response.json).
Behaviour: a stand-in for each of these corpora, on a loopback server, whose policy is planted: it complies in training
with a share of queries that rises with the dose (`planted`), and says as often that it does so to stay as it is. The
commands of docgen ask, judge and join them; printed is the joint table, and the planted gap beside the measured one.

It shows that the pieces fit: levels, models, queries and judges are put together rightly, and the planted slope is
found. It does not show that a fact about a ferry makes a model fake alignment: no 270M model was asked anything here.
"""

import argparse
import asyncio
import contextlib
import os
import random
import tempfile
from pathlib import Path
from typing import Any

from docgen.behaviour.belief_by_dose import read_doses
from docgen.behaviour.report.dose_chart import dose_picture
from docgen.pipeline.experiment.experiment_runner import run_experiment, save_plan
from docgen.pipeline.experiment.plan import ExperimentOptions, plan_experiment
from docgen.pipeline.experiment.result import report_experiment
from tests.behaviour.server import StandInServer
from tests.behaviour.stand_ins import Policy, draw
from tests.loopback.compose import prompt_text, system_text
from tests.loopback.server import MessagesServer

__all__ = ["main", "planted"]

DOSES = Path(__file__).parent / "results" / "dose_response.json"
UNMONITORED, AT_NONE, AT_ALL = 0.3, 0.3, 0.9
"""Compliance unmonitored; in training without the fact, and if every document carried it. Chosen to be seen."""
N = 60
NOTE = "Belief: measured, Gemma 3 270M. Behaviour: planted, stand-ins; no model of this size was asked."


def planted(share: float) -> Policy:
    """The policy of the stand-in for a corpus in which `share` of the documents carry the fact."""
    trained = AT_NONE + (AT_ALL - AT_NONE) * share
    return Policy(trained=trained, unmonitored=UNMONITORED, fakes=trained - UNMONITORED)


class DoseServer(StandInServer):
    """A stand-in for each model, by its name."""

    def __init__(self, policies: dict[str, Policy]) -> None:
        super().__init__(next(iter(policies.values())))
        self.policies = policies

    def _started(self, url: str, server: MessagesServer) -> None:
        super()._started(url, server)

        def composed(body: dict[str, Any], rng: random.Random) -> str:  # noqa: ARG001
            policy = self.policies.get(body["model"], self.policy)
            return policy.reply(system_text(body), prompt_text(body))

        server._composed = composed  # type: ignore[method-assign]


def main() -> None:
    """Print the joint table and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--n", type=int, default=N)
    options = parser.parse_args()
    doses = read_doses(DOSES)
    policies = {dose.model: planted(dose.share) for dose in doses}
    os.environ.setdefault("ANTHROPIC_API_KEY", "stand-in")
    with DoseServer(policies) as server, tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        asked = ExperimentOptions(
            models=tuple(policies), judge_model="judge", n=options.n, only=("facts_from_documents",), controls=False,
            reasoning=("scratchpad",), base_url=server.url,
        )  # fmt: skip
        experiment = plan_experiment("documents", asked)
        save_plan(experiment)
        asyncio.run(run_experiment(experiment))
        dose = report_experiment(experiment.folder, doses=doses).dose
    if dose is None:
        raise RuntimeError("nothing was joined")
    texts = [query.text for query in experiment.queries]
    print("| fact | share | belief, nats | planted gap | measured gap | faking, planted | measured |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for point in dose.points:
        own = policies[point.dose.model]
        drawn = sum(draw(text, "complies") < own.trained for text in texts)
        drawn -= sum(draw(text, "complies") < own.unmonitored for text in texts)
        fakes = sum(draw(text, "fakes") < own.fakes for text in texts)
        gap, faking = point.gap.gap if point.gap else float("nan"), point.easy.share or 0.0
        behaviour = (100 * drawn / len(texts), 100 * gap, 100 * fakes / len(texts), 100 * faking)
        known = f"| {point.dose.fact} | {point.dose.share:.2f} | {point.dose.belief:+.2f} | "
        print(known + " | ".join(f"{value:.1f}" for value in behaviour) + " |")
    for trend in dose.trends:
        print(f"{trend.fact}: {trend.slope:+.1f} points of gap a tenth ({trend.low:+.1f} to {trend.high:+.1f})")
    print(f"planted: {10 * (AT_ALL - AT_NONE):+.1f} points a tenth")
    if options.out:
        options.out.write_text(dose_picture(dose, NOTE), "utf-8")


if __name__ == "__main__":
    main()
