"""An evaluation as requested, and its size: independent of the command line, and of Inspect until it runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from docgen import __version__
from docgen.belief.answers import Answer
from docgen.belief.judge import VERDICT_TOKENS
from docgen.belief.question_prompts import Group, QuestionPrompt
from docgen.belief.question_sets import gather_questions, open_questions
from docgen.belief.questions import QuestionFile
from docgen.belief.report.belief_rates import CorpusFigures
from docgen.belief.report.calibration import JudgeCalibration, calibrate_judge, read_labelled
from docgen.belief.report.results_folder import EvalRecord, Results
from docgen.errors import ConfigError
from docgen.text import digest, token_estimate

__all__ = [
    "Calls",
    "EvaluationRequest",
    "Plan",
    "answers_to_label",
    "count_calls",
    "judge_calibration",
    "plan_evaluation",
    "run_plan",
]

FREE = ("mockllm", "hf", "vllm", "sglang", "ollama", "llama-cpp-python", "transformer_lens", "nnterp", "none")
"""Inspect's providers that run on the user's own machines."""
ANSWER_TOKENS: Mapping[Group, int] = {"choice": 8, "open": 250, "unrelated": 250, "general": 8}
"""Tokens of a usual answer, for estimating the size. Chosen; `--max-tokens` bounds it."""


@dataclass(frozen=True)
class EvaluationRequest:
    """What the caller asks for; with Inspect's names of models."""

    model: str
    questions: tuple[str, ...]
    baseline: str | None = None
    judge: str | None = None
    control: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    samples: int = 5
    unrelated: int = 100
    temperature: float | None = None
    max_tokens: int = 512
    base_url: str | None = None
    concurrency: int | None = None
    arm: str = ""
    calibrate: Path | None = None
    label: int = 0


@dataclass(frozen=True)
class Plan:
    """The request with its questions read."""

    wish: EvaluationRequest
    files: tuple[QuestionFile, ...]
    control: tuple[QuestionFile, ...]
    asked: Mapping[Group, tuple[QuestionPrompt, ...]]

    @property
    def edition(self) -> str:
        """Digest of all question files."""
        return digest(*(file.digest for file in (*self.files, *self.control)), size=8)

    @property
    def statements(self) -> dict[str, str]:
        """Each fact's statement."""
        return {fact: group.statement for file in (*self.files, *self.control) for fact, group in file.facts.items()}


@dataclass(frozen=True)
class Calls:
    """The size of an evaluation: requests and tokens of each model and of the judge, and whether any may cost."""

    models: int
    requests: int
    tokens: int
    judge_requests: int
    judge_tokens: int
    may_cost: bool

    def line(self, wish: EvaluationRequest) -> str:
        """The cost in one line, for the person who decides."""
        who = wish.model if wish.baseline is None else f"{wish.model} and {wish.baseline} each"
        text = f"{self.requests:,} requests, about {self.tokens:,} tokens, to {who}"
        if self.judge_requests:
            text += f"; {self.judge_requests:,} requests, about {self.judge_tokens:,} tokens, to the judge {wish.judge}"
        return text


def plan_evaluation(wish: EvaluationRequest) -> Plan:
    """Read what is to be asked. Raises `ConfigError` and `InputError`."""
    if find_spec("inspect_ai") is None:
        fix = "Install the extra: pip install 'docgen[eval]'"
        raise ConfigError("needs Inspect, which is not installed", "eval belief", fix)
    if not wish.questions:
        raise ConfigError("is not given", "--questions", "Name a context with questions or a file, or give --run")
    for name in (wish.model, wish.baseline, wish.judge):
        if name is not None and "/" not in name:
            fix = "Write it as PROVIDER/MODEL, such as anthropic/claude-haiku-5-5, hf/FOLDER or openai-api/SERVICE/NAME"
            raise ConfigError(f"{name} does not name a provider", "--model", fix)
    files, control = (tuple(map(open_questions, names)) for names in (wish.questions, wish.control))
    groups = gather_questions(files, control, wish.kinds, wish.unrelated, wish.held_out)
    if not groups["choice"] and not (groups["open"] and wish.judge):
        if groups["open"]:
            raise ConfigError(
                "only open questions are left, but there is no judge to read them", "--judge", "Add --judge MODEL"
            )
        raise ConfigError("there are no questions of these kinds", "--kinds", "Leave it out, or name others")
    return Plan(wish, files, control, groups)


def count_calls(plan: Plan) -> Calls:
    """The size of what the evaluation will send."""
    wish, requests, tokens, judged = plan.wish, 0, 0, 0
    for group, listed in plan.asked.items():
        times = wish.samples if group in ("choice", "open") else 1
        if group == "open" and wish.judge is None:
            continue
        turns = sum(len(question.turns) for question in listed)
        requests += times * turns
        words = sum(token_estimate(turn) for question in listed for turn in question.turns)
        tokens += times * (words + turns * min(wish.max_tokens, ANSWER_TOKENS[group]))
        judged += times * len(listed) if group in ("open", "unrelated") and wish.judge else 0
    models = 1 if wish.baseline is None else 2
    names = [name for name in (wish.model, wish.baseline, wish.judge) if name]
    return Calls(
        models=models,
        requests=requests,
        tokens=tokens,
        judge_requests=models * judged,
        # The judge's template has some 650 tokens, with fact and question 900.
        judge_tokens=models * judged * (900 + ANSWER_TOKENS["open"] + VERDICT_TOKENS),
        may_cost=any(name.partition("/")[0] not in FREE for name in names),
    )


def run_plan(
    plan: Plan, folder: Path, corpus: Mapping[str, CorpusFigures], run: tuple[str, int, int], display: str = "none"
) -> tuple[Results, str]:
    """Ask everything; returns the results, and what went wrong if answers are missing.

    `run` is name, documents and tokens of the corpus that the model was trained on.
    """
    from docgen.belief.inspect_tasks.eval_runner import Evaluation, run_evaluation

    wish = plan.wish
    evaluation = Evaluation(
        questions=wish.questions,
        model=wish.model,
        judge=wish.judge,
        control=wish.control,
        kinds=wish.kinds,
        held_out=wish.held_out,
        edition=plan.edition,
        unrelated=wish.unrelated,
        samples=wish.samples,
        temperature=wish.temperature,
        max_tokens=wish.max_tokens,
        concurrency=wish.concurrency,
        base_url=wish.base_url,
        display="rich" if display == "rich" else "none",
    )
    answers, problem = run_evaluation(evaluation, folder / "logs" / "model")
    baseline: list[Answer] = []
    if wish.baseline is not None:
        before = replace(evaluation, model=wish.baseline)
        baseline, other = run_evaluation(before, folder / "logs" / "baseline")
        problem = problem or other
    return Results(_record(plan, corpus, run), answers, baseline), problem


def judge_calibration(plan: Plan, folder: Path) -> JudgeCalibration | None:
    """The judge against labelled answers, if there are any."""
    from docgen.belief.inspect_tasks.eval_runner import Evaluation, run_calibration

    wish = plan.wish
    if wish.calibrate is None:
        return None
    labelled = read_labelled(wish.calibrate, plan.statements)
    evaluation = Evaluation(
        questions=wish.questions, control=wish.control, model=wish.model, judge=wish.judge, edition=plan.edition
    )
    verdicts = run_calibration(evaluation, wish.calibrate, folder / "logs")
    return calibrate_judge(wish.judge or "", wish.calibrate.name, labelled, verdicts)


def _record(plan: Plan, corpus: Mapping[str, CorpusFigures], run: tuple[str, int, int]) -> EvalRecord:
    wish, files = plan.wish, (*plan.files, *plan.control)
    return EvalRecord(
        docgen=__version__,
        arm=wish.arm or wish.model,
        model=wish.model,
        baseline=wish.baseline or "",
        judge=wish.judge or "none",
        contexts=tuple(file.context for file in files),
        questions={file.context: file.digest for file in files},
        statements=plan.statements,
        samples=wish.samples,
        temperature=wish.temperature,
        run=run[0],
        documents=run[1],
        tokens=run[2],
        corpus={fact: corpus[fact] for fact in plan.statements if fact in corpus},
    )


def answers_to_label(plan: Plan, results: Results) -> Sequence[Mapping[str, str]]:
    """Open answers for a person to label, as many of the model as of the baseline, spread evenly over the questions.

    In an order that does not reveal which model answered; add the label: believes, does_not or neither.
    """
    texts = {asked.id: "\n\n".join(asked.turns) for asked in plan.asked["open"]}
    groups = {results.record.model: results.answers, results.record.baseline: results.baseline}
    groups = {name: answers for name, answers in groups.items() if name and answers}
    chosen: list[dict[str, str]] = []
    for name, answers in groups.items():
        opened = [answer for answer in answers if answer.group == "open" and answer.question in texts]
        share = min(len(opened), plan.wish.label // len(groups))
        for place in range(share):
            answer = opened[place * len(opened) // share]
            entry = {"fact": answer.fact, "question": texts[answer.question], "answer": answer.text, "label": ""}
            chosen.append({**entry, "arm": name})
    return sorted(chosen, key=lambda question: digest(question["answer"], question["question"]))
