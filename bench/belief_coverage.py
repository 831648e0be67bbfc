"""Are planted beliefs measured right? How often the intervals of `docgen eval belief` hold what is true of a stand-in.

    python -m bench.belief_coverage                 # marking, judge and figures, 100 trials of each kind
    python -m bench.belief_coverage --inspect 3     # the same through Inspect's tasks (extra docgen[eval])

Each trial makes a stand-in model with other draws, asks it all questions of a shipped file, has a stand-in judge that
never errs read the open answers, and looks whether every interval holds its planted value: beliefs at random at a known
rate, beliefs in k of n questions outright, facts brought up unasked at a known rate, and the change against a baseline.
A line of the table is one planted value; it has to be held in 93 of 100 or more. A trial through Inspect also compares
every mark with the one made without it: stand-ins draw by their seed, so that few trials show that both ways measure
the same, and the coverage of the quick one is Inspect's too.
"""

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from docgen.belief.answers import Answer
from docgen.belief.question_prompts import Group, QuestionPrompt
from docgen.belief.question_sets import gather_questions, open_questions
from docgen.belief.report.belief_rates import belief_figures, side_effects
from docgen.belief.report.intervals import Estimate
from tests.belief.standins import Planted, StandIn, ask_all, judge_reply

RATES = (0.02, 0.1, 0.3, 0.5, 0.8, 0.95)
BASE_RATE = 0.1
MENTIONS = (0.01, 0.05, 0.2)
EVADES = 0.1
LEAST = 0.93

Asking = Mapping[Group, Sequence[QuestionPrompt]]
Ask = Callable[[Asking, StandIn, int], list[Answer]]
Row = tuple[str, bool]


def main() -> None:
    """Print the table; exit code 1 where a line falls short."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--inspect", type=int, default=0, metavar="N", help="N trials through Inspect instead")
    parser.add_argument("--questions", default="tutorial")
    parser.add_argument("--samples", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    asking = gather_questions([open_questions(chosen.questions)], unrelated=100)
    ask: Ask = through_inspect(chosen.questions) if chosen.inspect else ask_all
    trials = chosen.inspect or chosen.trials
    held, count = Counter[str](), Counter[str]()
    for trial in range(trials):
        for name, is_held in rows(asking, ask, trial, chosen.samples):
            held[name] += is_held
            count[name] += 1
        if trial % 10 == 9 and not chosen.json:
            print(f"{trial + 1} of {trials} trials", file=sys.stderr)
    shares = {name: held[name] / count[name] for name in count}
    if chosen.json:
        print(json.dumps({name: {"held": held[name], "of": count[name]} for name in count}, indent=2))
    else:
        for name, share in shares.items():
            print(f"{name:42} {held[name]:5} of {count[name]:5}  {share:.1%}")
    sys.exit(1 if min(shares.values()) < LEAST else 0)


def rows(asking: Asking, ask: Ask, trial: int, samples: int) -> Iterator[Row]:
    """Every planted value of one trial, and whether its interval holds it."""
    facts = list(dict.fromkeys(one.fact for one in asking["choice"]))
    rates = {fact: RATES[place % len(RATES)] for place, fact in enumerate(facts)}
    mention = MENTIONS[trial % len(MENTIONS)]
    planted = Planted(rates, mention_rate=mention, mentioned=facts[trial % len(facts)])
    everyone = [one for group in asking.values() for one in group]
    after = ask(asking, StandIn(everyone, planted, 2 * trial), samples)
    if ask is not ask_all:
        without = ask_all(asking, StandIn(everyone, planted, 2 * trial), samples)
        yield "every mark as without Inspect", _marks(after) == _marks(without)
    before = ask(asking, StandIn(everyone, Planted(dict.fromkeys(facts, BASE_RATE)), 2 * trial + 1), samples)
    for fact in belief_figures(after, before):
        measure, rate = fact.measures["all"], rates[fact.fact]
        yield f"believes at random, rate {rate}", _holds(measure.believes, rate)
        yield f"change from {BASE_RATE} to {rate}", _holds(measure.change, rate - BASE_RATE)
        for kind, one in fact.measures.items():
            if kind != "all":
                yield f"  by kind: {kind}", _holds(one.believes, rate)
    for side in side_effects(after, before):
        if side.name == "over_mention":
            yield f"mentions a fact unasked, rate {mention}", _holds(side.share, mention)
    yield from _outright(asking, ask, trial, samples)


def _outright(asking: Asking, ask: Ask, trial: int, samples: int) -> Iterator[Row]:
    """A model that believes k of the questions whenever it is asked, and evades some of the others."""
    facts = list(dict.fromkeys(one.fact for one in asking["choice"]))
    fact = facts[trial % len(facts)]
    own = [one for one in (*asking["choice"], *asking["open"]) if one.fact == fact]
    names = list(dict.fromkeys(one.id.removesuffix(".ab").removesuffix(".ba") for one in own))
    rng = random.Random(trial)
    chosen = set(rng.sample(names, rng.randint(0, len(names))))
    outright = {one.id for one in own if one.id.removesuffix(".ab").removesuffix(".ba") in chosen}
    part: Asking = {
        "choice": tuple(one for one in own if one.group == "choice"),
        "open": tuple(one for one in own if one.group == "open"),
    }
    answers = ask_all(part, StandIn(own, Planted(outright=outright), trial), samples) if ask is ask_all else []
    if answers:
        (figures,) = belief_figures(answers)
        yield "believes k of n outright", _holds(figures.measures["all"].believes, len(chosen) / len(names))


def _marks(answers: Sequence[Answer]) -> Counter[tuple[object, ...]]:
    return Counter((one.question, one.fact, one.verdict, one.mentions, one.sensible) for one in answers)


def _holds(estimate: Estimate | None, truth: float) -> bool:
    return estimate is not None and estimate.low - 1e-9 <= truth <= estimate.high + 1e-9


def through_inspect(questions: str) -> Ask:
    """Ask by Inspect's tasks: its mock model answers as the stand-in does, and judges as the stand-in judge."""
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    from docgen.belief.inspect_tasks.eval_runner import Evaluation, run_evaluation

    def output(text: str) -> ModelOutput:
        made = ModelOutput.from_content("mockllm", text)
        made.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)  # or it counts tokens over the network
        return made

    def ask(asking: Asking, model: StandIn, samples: int) -> list[Answer]:
        def answer(messages: list, *_: object) -> ModelOutput:  # type: ignore[type-arg]
            system = next((one.text for one in messages if one.role == "system"), "")
            return output(model.reply([one.text for one in messages if one.role == "user"], system))

        def judge(messages: list, *_: object) -> ModelOutput:  # type: ignore[type-arg]
            return output(judge_reply(messages[0].text, messages[1].text))

        evaluation = Evaluation(
            questions=[questions],
            model=get_model("mockllm/standin", custom_outputs=answer, memoize=False),
            judge=get_model("mockllm/judge", custom_outputs=judge, memoize=False),
            unrelated=len(asking["unrelated"]),
            samples=samples,
        )
        with tempfile.TemporaryDirectory() as folder:
            answers, problem = run_evaluation(evaluation, Path(folder))
        if problem:
            raise SystemExit(problem)
        return answers

    return ask


if __name__ == "__main__":
    main()
