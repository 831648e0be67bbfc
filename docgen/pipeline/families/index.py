"""The index of a family, family.json in its folder: for each corpus its level, file, facts and their shares.

It is written when a family is begun and again when a corpus of it is finished; `read_family` reads the corpora
themselves, so that it is right even while they are being written.
"""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from pydantic_core import from_json

from docgen.audit.measure.intervals import Share
from docgen.errors import RunError
from docgen.files.run_folder.run_folder import LEVELS, RunFolder
from docgen.pipeline.execution.shared_budget import level_runs
from docgen.pipeline.inputs.setup import Setup, reopen
from docgen.records import Record

__all__ = ["Corpus", "Family", "family_kind", "read_family", "record_control", "record_sweep", "refresh_index"]

Kind = Literal["sweep", "control"]
INDEX = "family.json"
LEVEL_NAME = re.compile(r"(?P<fact>.+)-(?P<knob>salience|stated)-(?P<level>[0-9]+(?:\.[0-9]+)?(?:e-[0-9]+)?)")
"""The folder of a level, as `docgen.pipeline.families.sweeps.open_level` names it."""


class Corpus(Record):
    """One corpus of a family. Folders and files are relative to the folder of the index; `file` is "" until it
    exists."""

    name: str
    run: str
    file: str = ""
    fact: str = Field("", description="the fact that a sweep varies")
    knob: str = Field("", description="what varies: salience, or stated")
    level: float | None = Field(None, description="share asked of that fact")
    documents: int = 0
    n: int | None = None
    tokens: int = 0
    shares: dict[str, float] = Field(default_factory=dict, description="share of its documents assigned each fact")
    stated: dict[str, float] = Field(default_factory=dict, description="share of these that are to state it")
    judged: dict[str, Share] = Field(default_factory=dict, description="the same by a judge, if one has read it")
    measured: dict[str, float] = Field(
        default_factory=dict, description="share that express each fact, by the judge or by wording if that sees all"
    )
    at_least: dict[str, float] = Field(default_factory=dict, description="share seen by wording: a lower bound")
    dollars: float | None = Field(0.0, description="what its own calls cost; shared replies are not counted")
    writer: str = Field("", description="a notice if the embedded writer wrote")

    @property
    def varied(self) -> float | None:
        """What its level asks for, as planned in the accepted documents."""
        return (self.stated if self.knob == "stated" else self.shares).get(self.fact) if self.documents else None

    @property
    def complete(self) -> bool:
        """Whether it has all of its documents."""
        return self.n is not None and self.documents >= self.n


class Family(Record):
    """Corpora that differ in one thing only. `plays`: which fact of a control takes the place of which fact of the
    run."""

    kind: Kind
    run: str
    path: str
    title: str
    corpora: tuple[Corpus, ...]
    plays: dict[str, str] = Field(default_factory=dict)
    dollars: float | None = 0.0

    @property
    def complete(self) -> bool:
        """Whether every corpus in it is complete."""
        return all(corpus.complete for corpus in self.corpora)


def family_kind(run: RunFolder) -> Kind | None:
    """The kind of family whose index is in a run's folder; None for a single corpus. Does not read the corpora."""
    if (run.path / LEVELS).is_dir():
        return "sweep"
    kind = _recorded(run).get("kind")
    return kind if kind in ("sweep", "control") else None


def read_family(run: RunFolder) -> Family | None:
    """The family whose index is in the run's folder, as its corpora are now; None if there is none."""
    kind = family_kind(run)
    if kind is None:
        return None
    from docgen.pipeline.status import summarise

    recorded = _recorded(run)
    setup = reopen(run)
    if kind == "sweep":
        corpora = _levels(setup, recorded)
    else:
        corpora = tuple(_corpus(name, run, path, None) for name, path in _recorded_corpora(recorded).items())
    own = 0.0 if kind == "control" else summarise(setup).dollars  # for a sweep: the brainstorm that all share
    costs = [own, *(each.dollars for each in corpora)]
    dollars = None if None in costs else sum(filter(None, costs))
    plays = recorded.get("plays")
    plays = {str(one): str(other) for one, other in plays.items()} if isinstance(plays, dict) else {}
    return Family(
        kind=kind, run=run.name, path=str(run.path), title=setup.context.title, corpora=corpora, plays=plays,
        dollars=dollars,
    )  # fmt: skip


def record_sweep(base: RunFolder, levels: Iterable[str]) -> None:
    """Begin the index of a sweep, or add levels to it, by the names of their folders. The caller holds no lock."""
    names = [*_recorded_corpora(_recorded(base)), *levels]
    corpora = [{"name": name, "run": f"{LEVELS}/{name}"} for name in dict.fromkeys(names)]
    with RunFolder(base.path / LEVELS).lock():
        base.write_json(INDEX, {"kind": "sweep", "corpora": corpora})
    refresh_index(base)


def record_control(source: RunFolder, control: RunFolder, plays: Mapping[str, str]) -> None:
    """Begin the index of a run and its matched control, in the control's folder. The caller holds its lock."""
    original = Path(os.path.relpath(source.path.resolve(), control.path.resolve())).as_posix()
    corpora = [{"name": source.name, "run": original}, {"name": control.name, "run": "."}]
    control.write_json(INDEX, {"kind": "control", "corpora": corpora, "plays": dict(plays)})


def refresh_index(run: RunFolder) -> Path:
    """Rewrite the index from the corpora as they are; returns its file."""
    family = read_family(run)
    if family is None:
        raise RunError("is not a family of corpora", run.name, "Families are made by docgen sweep and docgen control")
    return run.write_json(INDEX, family.model_dump(mode="json", exclude={"path"}))


def _recorded(run: RunFolder) -> dict[str, Any]:
    """The index as it was last written; None for what cannot be read, which is rebuilt."""
    try:
        value = from_json((run.path / INDEX).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _recorded_corpora(recorded: Mapping[str, Any]) -> dict[str, str]:
    """Where each corpus lies, by its name."""
    corpora = recorded.get("corpora")
    rows = [row for row in corpora if isinstance(row, dict)] if isinstance(corpora, list) else []
    return {row["name"]: str(row.get("run", "")) for row in rows if isinstance(row.get("name"), str)}


def _levels(base: Setup, recorded: Mapping[str, Any]) -> tuple[Corpus, ...]:
    """The levels on record and those on disk, by fact and share."""
    there = [level.name for level in level_runs(base.run)]
    named = {name: LEVEL_NAME.fullmatch(name) for name in dict.fromkeys([*_recorded_corpora(recorded), *there])}
    rows = []
    for name, parts in named.items():
        row = _corpus(name, base.run, f"{LEVELS}/{name}", base.config.n)
        if parts is not None:
            varied = {"fact": parts["fact"], "knob": parts["knob"], "level": float(parts["level"])}
            row = row.model_copy(update=varied)
        rows.append(row)
    return tuple(sorted(rows, key=lambda row: (row.fact, row.knob, row.level or 0.0, row.name)))


def _corpus(name: str, index: RunFolder, place: str, n: int | None) -> Corpus:
    run = index if place == "." else RunFolder(index.path / place)
    if not run.exists():
        return Corpus(name=name, run=place, n=n)
    from docgen.pipeline.status import summarise

    summary = summarise(reopen(run))
    facts = summary.facts
    file = f"{place}/{run.corpus.name}" if run.corpus.exists() else ""
    return Corpus(
        name=name, run=place, file=file.removeprefix("./"), documents=summary.accepted, n=summary.n,
        tokens=summary.tokens, dollars=summary.dollars, writer=summary.writer,
        shares={fact.fact: round(fact.assigned_share, 6) for fact in facts},
        stated={fact.fact: round(fact.stated / fact.assigned, 6) for fact in facts if fact.assigned},
        judged={fact.fact: fact.judged for fact in facts if fact.judged},
        measured={fact.fact: fact.measured for fact in facts if fact.measured is not None},
        at_least={fact.fact: fact.at_least for fact in facts if fact.at_least is not None},
    )  # fmt: skip
