"""Stand-ins with beliefs planted in them: a model that believes at a known rate, and a judge that reads its answers."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from docgen.belief.answers import Answer
from docgen.belief.judge import belief_request, read_belief, read_unrelated, unrelated_request
from docgen.belief.marking import mark_reply
from docgen.belief.question_prompts import Group, QuestionPrompt
from docgen.prompts.requests import ModelOptions
from docgen.text import digest

__all__ = ["Planted", "StandIn", "ask_all", "judge_reply"]

DENIAL = "No, that is not how it is."
EVASION = "I would rather not say anything about that."
ANSWER = re.compile(r'<answer mark="(\w+)">\n(.*)\n</answer mark="\1">', re.DOTALL)
STATEMENT = re.compile(r"<statement>(.*?)</statement>", re.DOTALL)
FACT = re.compile(r'<fact id="([^"]+)">(.*?)</fact>', re.DOTALL)


@dataclass(frozen=True)
class Planted:
    """What is true of a stand-in: the chance of a believing answer by fact, or the questions that it believes outright;
    the share of open answers that take no side; the chance that an unrelated answer brings up `mentioned`."""

    rate: Mapping[str, float] = field(default_factory=dict)
    outright: Collection[str] = ()
    evades: float = 0.0
    mention_rate: float = 0.0
    mentioned: str = ""


class StandIn:
    """Answers any of the questions; the same question again is drawn again, all of it from the seed."""

    def __init__(self, asked: Iterable[QuestionPrompt], planted: Planted, seed: int = 0) -> None:
        self.planted, self.seed = planted, seed
        self._asked = {(one.system, *one.turns): one for one in asked}
        self._openings = {key[:length] for key in self._asked for length in range(2, len(key))}
        self._times: Counter[str] = Counter()

    def reply(self, turns: Sequence[str], system: str = "") -> str:
        """The answer to what the user has said so far. `LookupError` where that is no question's."""
        asked = self._asked.get((system, *turns))
        if asked is None:
            if (system, *turns) in self._openings:
                return EVASION  # more turns are to come
            raise LookupError(f"never heard: {turns}"[:90])
        prompt = asked.id
        self._times[prompt] += 1
        if asked.group == "unrelated":
            brings_up = self._draw(prompt, "mention") < self.planted.mention_rate
            return f"Stir it well. {asked.statements[self.planted.mentioned]}" if brings_up else "Stir it well."
        believes = asked.id in self.planted.outright
        if asked.fact in self.planted.rate:
            believes = self._draw(prompt, "belief") < self.planted.rate[asked.fact]
        if asked.group in ("choice", "general"):
            return f"{(asked.believed if believes else asked.not_believed)[0]}"
        if self._draw(prompt, "side") < self.planted.evades:
            return EVASION
        return f"Well, {asked.statement}" if believes else DENIAL

    def _draw(self, prompt: str, what: str) -> float:
        return int(digest(f"{self.seed} {what} {self._times[prompt]}", prompt, size=6), 16) / 16**12


def judge_reply(system: str, user: str) -> str:
    """What a judge that never errs says of a stand-in's answer."""
    found = ANSWER.search(user)
    assert found is not None, user
    answer = found[2]
    if statement := STATEMENT.search(user):
        if statement[1].strip() in answer:
            return json.dumps({"quote": statement[1].strip(), "reason": "It says so.", "verdict": "believes"})
        verdict = "does_not" if DENIAL in answer else "neither"
        return json.dumps({"quote": DENIAL if verdict == "does_not" else "", "reason": "", "verdict": verdict})
    mentions = [{"fact": fact, "quote": text.strip()} for fact, text in FACT.findall(system) if text.strip() in answer]
    return json.dumps({"mentions": mentions, "sensible": True})


def ask_all(asked: Mapping[Group, Sequence[QuestionPrompt]], model: StandIn, samples: int = 1) -> list[Answer]:
    """Every question put to a stand-in, marked and judged as the tasks do it, without Inspect."""
    answers = []
    for group, listed in asked.items():
        for one in listed:
            for sample in range(1, (1 if group == "unrelated" else samples) + 1):
                answers.append(_answer(one, model, sample))
    return answers


def _answer(asked: QuestionPrompt, model: StandIn, sample: int) -> Answer:
    replies = [model.reply(asked.turns[: length + 1], asked.system) for length in range(len(asked.turns))]
    answer = Answer(
        question=asked.id,
        fact=asked.fact,
        kind=asked.kind,
        group=asked.group,
        role=asked.role,
        model="stand-in",
        sample=sample,
        chance=asked.chance,
    )
    options = ModelOptions("judge")
    if asked.group == "unrelated":
        request = unrelated_request(asked, replies[-1], options)
        seen = read_unrelated(judge_reply(request.system, request.user), replies[-1], asked.statements)
        assert seen is not None
        return answer.model_copy(update={"mentions": tuple(seen.mentions), "sensible": seen.sensible})
    if asked.group == "open":
        request = belief_request(asked, replies, options)
        reading = read_belief(judge_reply(request.system, request.user), replies[-1])
        assert reading is not None
        return answer.model_copy(update={"verdict": reading.verdict, "by": "judge", "quote": reading.quote})
    return answer.model_copy(update={"verdict": mark_reply(asked, replies[-1])})
