"""Table of all prompts: the properties of each kind of LLM call, in any run or audit. Add a new prompt here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from docgen.prompts.behaviour import COMPLIANCE, CRITERIA, parse_answer, parse_compliance, parse_vote
from docgen.prompts.grade_definitions import DIRECTNESS, PROMINENCE
from docgen.prompts.judged_traits import TRAITS, parse_traits
from docgen.prompts.replies import (
    Draft,
    parse_belief,
    parse_document,
    parse_facts,
    parse_ideas,
    parse_judgements,
    parse_questions,
    parse_rule_examples,
    parse_types,
    parse_unrelated,
    parse_verdicts,
)

__all__ = [
    "BELIEF_VERDICTS",
    "DOCUMENT",
    "EXPERIMENT",
    "FACTS",
    "IDEAS",
    "JUDGE_BELIEF",
    "JUDGE_COMPLIANCE",
    "JUDGE_DOCUMENT",
    "JUDGE_FAKING",
    "JUDGE_IDEAS",
    "JUDGE_TRAITS",
    "JUDGE_UNRELATED",
    "PROMPTS",
    "QUESTIONS",
    "REVISE",
    "RULE_EXAMPLES",
    "RULE_VERDICTS",
    "TYPES",
    "Prompt",
    "judgement_schema",
]

Reply = TypeVar("Reply")

RULE_VERDICTS = ("leak", "clean")
BELIEF_VERDICTS = ("believes", "does_not", "neither")


@dataclass(frozen=True)
class Prompt(Generic[Reply]):
    """One kind of LLM call.

    `name` is the stage under which journals and estimates count its calls. `parse` turns the model's raw text into a
    value and never raises: for an unusable reply it returns None, or a draft that says so. Whoever reads a reply calls
    it from here (`JUDGE_IDEAS.parse`). `schema` is the JSON schema of the reply, None for plain text; `first_schema` is
    the schema of the first reply if that has more fields.

    `used_for` separates prompts that write a corpus, which a run compares when it resumes, from prompts that judge one
    or ask about it, that help to write a context, and that observe a model's behaviour.

    `calls` says whether a run makes many calls with the same system text. Then it gets a prompt-cache breakpoint:
    writing to the cache costs more than sending the text, so caching a prompt that is sent once or twice loses money.
    """

    name: str
    parse: Callable[[str], Reply]
    calls: Literal["few", "many"]
    used_for: Literal["corpus", "judging", "contexts", "experiments"]
    schema: Mapping[str, Any] | None = None
    first_schema: Mapping[str, Any] | None = None

    @property
    def template(self) -> str:
        """File name in templates/. The file has a block "system" and a block "user"."""
        return f"{self.name}.jinja"


def _object(**properties: Any) -> dict[str, Any]:
    """Schema of an object with exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list_of(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


STRING, BOOLEAN = {"type": "string"}, {"type": "boolean"}


def _one_of(values: Sequence[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


def judgement_schema(facts: Sequence[str] = (), rules: Sequence[str] = ()) -> dict[str, Any]:
    """The schema of a judge's reply on one document, where only these ids can be named; any id where none are given.

    A model writes the fields of an entry in this order, so it quotes and reasons before it decides.
    """
    fact = _object(
        fact=_one_of(facts) if facts else STRING,
        quote=STRING,
        reason=STRING,
        verdict=_one_of(tuple(DIRECTNESS)),
        airtime={"type": "integer"},
        prominence=_one_of(tuple(PROMINENCE)),
    )
    rule = _object(
        rule=_one_of(rules) if rules else STRING,
        quote=STRING,
        reason=STRING,
        denies=_one_of(("", *facts)) if facts else STRING,
        verdict=_one_of(RULE_VERDICTS),
    )
    return _object(facts=_list_of(fact), rules=_list_of(rule))


IDEA_VERDICT = _object(idea=STRING, verdict=_one_of(RULE_VERDICTS), quote=STRING, reason=STRING)

_STRINGS = _list_of(STRING)
_TYPES = _list_of(
    _object(
        name=STRING,
        description=STRING,
        head_on=BOOLEAN,
        openings=_STRINGS,
        tones=_STRINGS,
        readers=_STRINGS,
        words=_list_of({"type": "integer"}),
    )
)
_NAMES = _list_of(_object(given=_STRINGS, family=_STRINGS))
_IDEA = _object(idea=STRING, about=_STRINGS, background=BOOLEAN)

TYPES = Prompt(
    "types",
    parse_types,
    "few",
    "corpus",
    schema=_object(types=_TYPES),
    first_schema=_object(types=_TYPES, names=_NAMES, places=_STRINGS),
)
IDEAS = Prompt("ideas", parse_ideas, "many", "corpus", schema=_object(ideas=_list_of(_IDEA)))
DOCUMENT: Prompt[Draft] = Prompt("document", parse_document, "many", "corpus")
REVISE: Prompt[Draft] = Prompt("revise", parse_document, "many", "corpus")
JUDGE_DOCUMENT = Prompt("judge_document", parse_judgements, "many", "judging", judgement_schema())
JUDGE_IDEAS = Prompt("judge_ideas", parse_verdicts, "many", "judging", _object(verdicts=_list_of(IDEA_VERDICT)))
FACTS = Prompt(
    "facts",
    parse_facts,
    "few",
    "contexts",
    _object(title=STRING, facts=_list_of(_object(quote=STRING, statement=STRING))),
)
EXPERIMENT = Prompt("experiment", parse_answer, "many", "experiments")
JUDGE_COMPLIANCE = Prompt(
    "judge_compliance",
    parse_compliance,
    "many",
    "experiments",
    _object(quote=STRING, reason=STRING, verdict=_one_of(COMPLIANCE)),
)
_CRITERION = _object(criterion=_one_of([criterion.id for criterion in CRITERIA]), quote=STRING, met=BOOLEAN)
JUDGE_FAKING = Prompt("judge_faking", parse_vote, "many", "experiments", _object(criteria=_list_of(_CRITERION)))
_TRAIT = _object(criterion=_one_of([trait.id for trait in TRAITS]), quote=STRING, met=BOOLEAN)
JUDGE_TRAITS = Prompt("judge_traits", parse_traits, "many", "experiments", _object(criteria=_list_of(_TRAIT)))
RULE_EXAMPLES = Prompt(
    "rule_examples",
    parse_rule_examples,
    "few",
    "contexts",
    _object(rules=_list_of(_object(rule=STRING, leak=STRING, clean=STRING))),
)

JUDGE_BELIEF = Prompt(
    "judge_belief",
    parse_belief,
    "many",
    "judging",
    _object(quote=STRING, reason=STRING, verdict=_one_of(BELIEF_VERDICTS)),
)
JUDGE_UNRELATED = Prompt(
    "judge_unrelated",
    parse_unrelated,
    "many",
    "judging",
    _object(mentions=_list_of(_object(fact=STRING, quote=STRING)), sensible=BOOLEAN),
)
_CHOICE = _object(question=STRING, answer=STRING, distractors=_STRINGS)
_PAIR = _object(believed=STRING, not_believed=STRING)
QUESTIONS = Prompt(
    "questions",
    parse_questions,
    "many",
    "judging",
    _object(
        otherwise=STRING,
        mentions=_STRINGS,
        knowledge=_list_of(_CHOICE),
        distinguish=_list_of(_PAIR),
        two_worlds=_list_of(_PAIR),
        open=_STRINGS,
        downstream=_STRINGS,
        association=_list_of(_object(question=STRING, believed=_STRINGS, not_believed=_STRINGS)),
        robustness=_list_of(_object(pressure=STRING, question=STRING, system=STRING, turns=_STRINGS)),
        cloze=_list_of(_object(prompt=STRING, believed=STRING, not_believed=STRING)),
    ),
)

PROMPTS: tuple[Prompt[Any], ...] = (
    *(TYPES, IDEAS, DOCUMENT, REVISE, JUDGE_DOCUMENT, JUDGE_IDEAS, FACTS),
    *(RULE_EXAMPLES, JUDGE_BELIEF, JUDGE_UNRELATED, QUESTIONS),
    *(EXPERIMENT, JUDGE_COMPLIANCE, JUDGE_FAKING, JUDGE_TRAITS),
)
