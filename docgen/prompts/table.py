"""Table of all prompts: the properties of each kind of LLM call, in any run or audit. Add a new prompt here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from docgen.prompts.replies import Draft, parse_document, parse_ideas, parse_types, parse_verdicts

__all__ = [
    "DOCUMENT",
    "FACT_VERDICTS",
    "IDEAS",
    "JUDGE_FACTS",
    "JUDGE_IDEAS",
    "JUDGE_RULES",
    "PROMPTS",
    "REVISE",
    "RULE_VERDICTS",
    "TYPES",
    "Prompt",
]

Reply = TypeVar("Reply")

FACT_VERDICTS = ("stated", "implied", "contradicted", "absent")
RULE_VERDICTS = ("leak", "clean")


@dataclass(frozen=True)
class Prompt(Generic[Reply]):
    """One kind of LLM call.

    `name` is the stage under which journals and estimates count its calls. `parse` turns the model's raw text into a
    value and never raises: for an unusable reply it returns None, or a draft that says so. `schema` is the JSON schema
    of the reply, None for plain text; `first_schema` is the schema of the first reply if that has more fields. `calls`
    says whether a run makes many calls with the same system text. `used_for` separates prompts that write a corpus,
    which a run compares when it resumes, from prompts that judge one.
    """

    name: str
    parse: Callable[[str], Reply]
    calls: Literal["few", "many"]
    used_for: Literal["corpus", "judging"] = "corpus"
    schema: Mapping[str, Any] | None = None
    first_schema: Mapping[str, Any] | None = None

    @property
    def template(self) -> str:
        """File name in templates/. The file has a block "system" and a block "user"."""
        return f"{self.name}.jinja"

    @property
    def cacheable(self) -> bool:
        """Whether a prompt-cache breakpoint after the system text can save money.

        Writing to the cache costs more than sending the text, so caching a prompt that is sent once or twice loses.
        """
        return self.calls == "many"


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


def _verdicts(subject: str, verdicts: tuple[str, ...]) -> dict[str, Any]:
    """Schema of a judge's reply: one verdict for each `subject`."""
    verdict = {"type": "string", "enum": list(verdicts)}
    return _object(verdicts=_list_of(_object(**{subject: STRING}, verdict=verdict, quote=STRING, reason=STRING)))


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
    schema=_object(types=_TYPES),
    first_schema=_object(types=_TYPES, names=_NAMES, places=_STRINGS),
)
IDEAS = Prompt("ideas", parse_ideas, "many", schema=_object(ideas=_list_of(_IDEA)))
DOCUMENT: Prompt[Draft] = Prompt("document", parse_document, "many")
REVISE: Prompt[Draft] = Prompt("revise", parse_document, "many")
JUDGE_FACTS = Prompt("judge_facts", parse_verdicts, "many", "judging", _verdicts("fact", FACT_VERDICTS))
JUDGE_RULES = Prompt("judge_rules", parse_verdicts, "many", "judging", _verdicts("rule", RULE_VERDICTS))
JUDGE_IDEAS = Prompt("judge_ideas", parse_verdicts, "many", "judging", _verdicts("idea", RULE_VERDICTS))

PROMPTS: tuple[Prompt[Any], ...] = (TYPES, IDEAS, DOCUMENT, REVISE, JUDGE_FACTS, JUDGE_RULES, JUDGE_IDEAS)
