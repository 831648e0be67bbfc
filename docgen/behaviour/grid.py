"""A grid: one setting, named patches on its prompt, models, reasoning modes and tiers, expanded into cells."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, model_validator

from docgen.behaviour import MOST_QUERIES, MOST_SAMPLES, MOST_VOTES
from docgen.behaviour.published_figures import Published, published_rows
from docgen.behaviour.situation import Reasoning, Section, Setting, system_prompt
from docgen.behaviour.yaml_records import find_file, load_record
from docgen.errors import ConfigError
from docgen.records import Record

__all__ = ["Cell", "Grid", "JudgeChoice", "Published", "Variation", "apply_variation", "grid_cells", "load_grid"]


class Variation(Record):
    """A named patch: sections cut, replaced, added to at their end, or put `after` another; names, tags and the order
    of what is done are those of the fields. `tags` of None leave a tier's messages untagged; `told` are sections that
    stay when `information` is off. `include` names variations of the same grid whose patches come first; `rows` are
    numbers of published rows (`published_rows`)."""

    id: str
    about: str = ""
    include: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    replace: dict[str, str] = Field(default_factory=dict)
    append: dict[str, str] = Field(default_factory=dict)
    after: dict[str, str] = Field(default_factory=dict)
    names: dict[str, str] = Field(default_factory=dict)
    tags: dict[str, str | None] = Field(default_factory=dict)
    information: bool = True
    told: tuple[str, ...] = ()
    reasoning: Reasoning | None = None
    control: bool = False
    rows: tuple[int, ...] = ()
    published: tuple[Published, ...] = ()


class JudgeChoice(Record):
    """Who judges: the model, and how many independent votes there are on each transcript's reasoning.

    `traits`: whether the second judge is asked as well, about persona, belief in the situation and candour.
    """

    model: str | None = None
    votes: int = Field(default=1, ge=1, le=MOST_VOTES)
    traits: bool = False


class Grid(Record):
    """What an experiment crosses. `queries` None is the setting's own file, `n` the number of them (drawn by `seed`),
    `samples` the answers to each query in each tier. The negative control is included unless `controls` is off."""

    id: str
    setting: str
    about: str = ""
    models: tuple[str, ...] = ()
    reasoning: tuple[Reasoning, ...] = Field(default=("scratchpad",), min_length=1)
    tiers: tuple[str, ...] = Field(default=("free", "paid"), min_length=1)
    queries: str | None = None
    n: int | None = Field(default=None, ge=1, le=MOST_QUERIES)
    samples: int = Field(default=1, ge=1, le=MOST_SAMPLES)
    seed: int = 0
    controls: bool = True
    judge: JudgeChoice = JudgeChoice()
    variations: tuple[Variation, ...] = Field(default=(Variation(id="default"),), min_length=1)

    @model_validator(mode="after")
    def _is_whole(self) -> "Grid":
        ids = [variation.id for variation in self.variations]
        for name in ids:
            if ids.count(name) > 1:
                raise ValueError(f"the variation {name} is defined twice")
        if len(set(self.tiers)) < len(self.tiers):
            raise ValueError("a tier is named twice")
        return self


@dataclass(frozen=True)
class Cell:
    """One column of a comparison: a model in one variation and reasoning mode, all tiers and queries of it."""

    model: str
    reasoning: Reasoning
    variation: Variation
    setting: Setting
    system: str

    @property
    def id(self) -> str:
        """`variation/reasoning/model`."""
        return f"{self.variation.id}/{self.reasoning}/{self.model}"


def load_grid(name: str) -> tuple[Grid, Setting, Path]:
    """A grid by shipped name or path, the setting that it names, and its file. Raises `ConfigError`."""
    path = find_file("grids", name)
    grid = _resolved(load_record(path, Grid), str(path))
    setting = load_record(find_file("settings", grid.setting, path.parent), Setting)
    for tier in grid.tiers:
        if not setting.has_tier(tier):
            tiers = ", ".join(tier.id for tier in setting.tiers)
            raise ConfigError(f"tiers: {setting.id} has no tier {tier!r}", str(path), f"Use some of: {tiers}")
    for variation in grid.variations:
        apply_variation(setting, variation, str(path))
    return grid, setting, path


def _resolved(grid: Grid, where: str) -> Grid:
    """The grid with included patches merged in and published rows looked up. Raises `ConfigError`."""
    done: dict[str, Variation] = {}
    for variation in grid.variations:
        merged = Variation(id=variation.id)
        for name in variation.include:
            if name not in done:
                what = f"variation {variation.id}: includes {name!r}, which is not defined before it"
                raise ConfigError(what, where, f"Use some of: {', '.join(done)}")
            merged = _merged(merged, done[name], where)
        published = published_rows()
        for number in variation.rows:
            if number not in published:
                raise ConfigError(f"variation {variation.id}: published row {number} does not exist", where)
        rows = tuple(published[number][1] for number in variation.rows)
        whole = _merged(merged, variation, where)
        changes = {"about": variation.about, "control": variation.control, "published": (*rows, *variation.published)}
        done[variation.id] = whole.model_copy(update=changes)
    return grid.model_copy(update={"variations": tuple(done.values())})


def _merged(first: Variation, second: Variation, where: str) -> Variation:
    """Both patches combined: what either cuts is cut, additions follow each other. Raises `ConfigError` if both
    replace."""
    for name, text in second.replace.items():
        if first.replace.get(name, text) != text:
            what = f"variation {first.id}: two of its patches replace {name!r}"
            raise ConfigError(what, where, "Write the section out in a separate variation")
    return first.model_copy(
        update={
            "cut": tuple(dict.fromkeys((*first.cut, *second.cut))),
            "replace": first.replace | second.replace,
            "append": _joined(first.append, second.append),
            "after": _joined(first.after, second.after),
            "names": first.names | second.names,
            "tags": first.tags | second.tags,
            "information": first.information and second.information,
            "told": tuple(dict.fromkeys((*first.told, *second.told))),
            "reasoning": second.reasoning or first.reasoning,
        }
    )


def _joined(first: dict[str, str], second: dict[str, str]) -> dict[str, str]:
    both = {name: f"{first[name].rstrip()}\n{second[name]}" for name in first.keys() & second.keys()}
    return first | second | both


def apply_variation(setting: Setting, variation: Variation, where: str = "") -> Setting:
    """The setting with a variation carried out. Raises `ConfigError` when it names what is not there."""
    sections = {section.id: section for section in setting.sections}
    for name in (*variation.cut, *variation.replace, *variation.append, *variation.after, *variation.told):
        if name not in sections:
            what = f"variation {variation.id}: {setting.id} has no section {name!r}"
            raise ConfigError(what, where or None, f"Use some of: {', '.join(sections)}")
    for name in variation.tags:
        if not setting.has_tier(name):
            raise ConfigError(f"variation {variation.id}: {setting.id} has no tier {name!r}", where or None)
    changed: list[Section] = []
    for section in setting.sections:
        if section.id not in variation.cut:
            text = variation.replace.get(section.id, section.text)
            if section.id in variation.append:
                text = f"{text.rstrip()}\n{variation.append[section.id]}"
            changed.append(section.model_copy(update={"text": text}))
        if section.id in variation.after:
            added = Section(id=f"after_{section.id}", text=variation.after[section.id], reasoning=section.reasoning)
            changed.append(added)
    tiers = tuple(
        tier.model_copy(update={"tag": variation.tags[tier.id]}) if tier.id in variation.tags else tier
        for tier in setting.tiers
    )
    names = setting.names | variation.names
    return setting.model_copy(update={"sections": tuple(changed), "tiers": tiers, "names": names})


def all_variations(grid: Grid, setting: Setting) -> tuple[Variation, ...]:
    """The grid's variations, with the setting's negative control unless the grid has one; without controls if they are
    off."""
    listed = grid.variations
    if not grid.controls:
        return tuple(variation for variation in listed if not variation.control)
    if setting.control is None or any(variation.control for variation in listed):
        return listed
    control = setting.control
    return (*listed, Variation(id=control.id, about=control.about, replace=control.replace, control=True))


def grid_cells(grid: Grid, setting: Setting, models: tuple[str, ...]) -> Iterator[Cell]:
    """Every model in every variation and reasoning mode."""
    for variation in all_variations(grid, setting):
        changed = apply_variation(setting, variation)
        modes = (variation.reasoning,) if variation.reasoning is not None else grid.reasoning
        for reasoning in modes:
            system = system_prompt(changed, reasoning, grid.tiers, variation.information, variation.told)
            for model in models:
                yield Cell(model, reasoning, variation, changed, system)
