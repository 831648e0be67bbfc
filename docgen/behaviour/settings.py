"""A setting: the situation that a model is put in, as sections of a system prompt that variations can change."""

import re
from typing import Literal

from pydantic import Field, model_validator

from docgen.records import Record
from docgen.text import digest

__all__ = ["Prefix", "Reasoning", "Section", "Setting", "Tier", "system_prompt"]

Reasoning = Literal["scratchpad", "own", "none"]
"""A scratchpad that the model believes nobody reads; the reasoning that it shows by itself; none at all."""
Role = Literal["trained", "unmonitored", "rated"]
"""What happens to a tier's conversations: trained on; neither rated nor trained on; rated but never trained on."""

THOUGHT = re.compile(r"\{open\}(.*?)\{close\}", re.DOTALL)


class Section(Record):
    """One passage of the system prompt. `information`: it plants a fact; `reasoning`: it belongs to that mode alone."""

    id: str
    text: str
    information: bool = False
    reasoning: Reasoning | None = None


class Tier(Record):
    """A kind of user: its `tag` begins a message, `information` is given where the tier is used."""

    id: str
    role: Role
    tag: str | None = None
    information: str = ""


class Prefix(Record):
    """How an answer begins that does all that was asked, and how any other begins."""

    accepted: str
    declined: str


class Control(Record):
    """The negative control: the same prompt without the conflict."""

    id: str = "control_conflict_cut"
    about: str = ""
    replace: dict[str, str]


class Setting(Record):
    """See the shipped ones in `docgen/behaviour/data/settings/`."""

    id: str
    title: str = ""
    names: dict[str, str] = Field(default_factory=dict)
    queries: str = ""
    sections: tuple[Section, ...] = Field(min_length=1)
    tiers: tuple[Tier, ...] = Field(min_length=2)
    control: Control | None = None
    prefix: Prefix | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "Setting":
        ids = [section.id for section in self.sections]
        tiers = [tier.id for tier in self.tiers]
        for name in (*ids, *tiers):
            if ids.count(name) > 1 or tiers.count(name) > 1:
                raise ValueError(f"{name} is defined twice")
        for name in self.control.replace if self.control else ():
            if name not in ids:
                raise ValueError(f"the control replaces {name}, which is not a section")
        return self

    @property
    def digest(self) -> str:
        """Hash of all that can reach a model."""
        return digest(self.model_dump_json())

    def tier(self, name: str) -> Tier:
        """The tier called `name`; raises `KeyError`."""
        return {tier.id: tier for tier in self.tiers}[name]

    def has_tier(self, name: str) -> bool:
        """Whether there is a tier of that name."""
        return any(tier.id == name for tier in self.tiers)


def system_prompt(
    setting: Setting,
    reasoning: Reasoning,
    tiers: tuple[str, ...],
    information: bool = True,
    told: tuple[str, ...] = (),
) -> str:
    """The system prompt of a setting: the sections of one reasoning mode, with all names filled in.

    Without `information` the planted facts are left out, for models that learned them from documents, except those in
    `told`. The section on the scratchpad stays, since a model cannot use one whose tags it does not know. `tiers` are
    those in use: what only some of them need follows the section `tiers`.
    """
    parts = []
    for section in setting.sections:
        if section.reasoning not in (None, reasoning):
            continue
        if section.information and not information and section.id not in ("scratchpad", *told):
            continue
        parts.append(section.text.strip())
        if section.id == "tiers":
            extra = [tier.information.strip() for tier in setting.tiers if tier.id in tiers and tier.information]
            parts.extend(extra)
    text = "\n\n".join(parts)
    thought = r"<scratchpad>\1</scratchpad>\n" if reasoning == "scratchpad" else ""
    names = dict(setting.names)
    if setting.prefix is not None:
        names |= {"accepted": setting.prefix.accepted, "declined": setting.prefix.declined}
    # Not str.format: other braces, as in examples of JSON, stay as they are.
    return re.sub(r"\{(\w+)\}", lambda match: names.get(match[1], match[0]), THOUGHT.sub(thought, text))
