"""Who wrote a corpus is what run.json, journal, corpus, manifest, card and screens say, whatever was asked of a run.

The matrix: engine named or not, key or none or another engine's, run new or begun offline or paid, model named or not,
forked or not, context edited or not. The paid engines are the loopback server, whose sentences can be told from the
embedded writer's.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path

import pytest

from docgen.records import EMBEDDED_NOTICE
from tests.cli.runs.test_exit_codes import docgen
from tests.cli.runs.writers import DEFAULTS, FIELD, LOUDER, NAMED, SMALL, check_claims, enter_key, snapshot
from tests.loopback import Loopback


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix. `begun` "": a new run; `key`: the engine that there is a key for, "" for none."""

    flag: str
    key: str
    begun: str
    model: bool
    forked: bool
    edited: bool

    def __str__(self) -> str:
        parts = (
            f"engine-{self.flag or 'unnamed'}",
            f"key-of-{self.key}" if self.key else "no-key",
            f"begun-{self.begun}" if self.begun else "new",
            *(name for name in ("model", "forked", "edited") if getattr(self, name)),
        )
        return ",".join(parts)

    @property
    def engine(self) -> str:
        """Who is to write."""
        return self.flag or self.begun or ("anthropic" if self.key == "anthropic" else "offline")

    @property
    def writer(self) -> str:
        """The model that is to write."""
        return NAMED if self.model and self.engine != "offline" else DEFAULTS[self.engine]

    @property
    def refusal(self) -> str:
        """Why it cannot be done at all; empty when it can."""
        if self.engine == "offline" and self.model:
            return "--model"
        return "API key" if self.engine not in ("offline", self.key) else ""

    @property
    def changes(self) -> list[str]:
        """Fields that somebody has to accept."""
        if not self.begun or self.forked:
            return []
        model = DEFAULTS[self.begun]
        changes = [f"engine: {self.begun} -> {self.engine}"] if self.engine != self.begun else []
        changes += [f"model: {model} -> {self.writer}"] if self.writer != model else []
        return changes + ([FIELD] if self.edited else [])

    @property
    def buys(self) -> bool:
        """Whether requests go to the paid server."""
        return self.engine != "offline" and (self.begun != self.engine or self.model or self.edited)


BOTH, ENGINES, KEY_OR_NONE = (True, False), ("", "offline", "anthropic"), ("anthropic", "")
MIXED = ((False, False, False), (True, False, True), (False, True, True), (True, True, False))
"""Model, forked, edited: every pair of values of two of them, once."""
CELLS = [
    *(Cell(flag, key, "", model, False, False) for flag in ENGINES for key in KEY_OR_NONE for model in BOTH),
    *(
        Cell(flag, key, begun, model, forked, edited)
        for flag, key, begun in itertools.product(ENGINES, KEY_OR_NONE, ENGINES[1:])
        for model, forked, edited in itertools.product(BOTH, BOTH, BOTH)
    ),
    *(Cell("openai", key, "", model, False, False) for key in ("openai", "anthropic", "") for model in BOTH),
    *(
        Cell(flag, key, begun, model, forked, edited)
        for flag, begun in (("openai", "offline"), ("openai", "anthropic"), ("", "openai"), ("openai", "openai"))
        for key in ("openai", "anthropic")
        for model, forked, edited in MIXED
    ),
    *(Cell(flag, "anthropic", "openai", False, forked, False) for flag in ENGINES[1:] for forked in BOTH),
]


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_matrix(
    cell: Cell, place: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What runs, what is refused, and what is written about it."""
    if cell.key:
        enter_key(monkeypatch, server, cell.key)
    if cell.edited:
        (place / "light.yaml").write_text(LOUDER, "utf-8")
    command = ["run", cell.begun or "light.yaml", "--n", "3", *SMALL]
    command += ["--engine", cell.flag] if cell.flag else []
    command += ["--model", NAMED] if cell.model else []
    command += ["--fork", "f"] if cell.forked else []
    before, billed = snapshot(place), len(server.served)
    if cell.refusal or cell.changes:
        assert docgen(monkeypatch, *command) == 2
        errors = capsys.readouterr().err
        assert cell.refusal in errors
        assert cell.refusal or all(change in errors for change in cell.changes), errors
        assert (snapshot(place), len(server.served)) == (before, billed)
        command.append("--accept-changes")
    if cell.refusal:
        assert docgen(monkeypatch, *command) == 2
        assert (snapshot(place), len(server.served)) == (before, billed)
        return
    assert docgen(monkeypatch, *command) == 0
    out, errors = capsys.readouterr()
    assert (EMBEDDED_NOTICE in out) == (cell.engine == "offline")
    assert (len(server.served) > billed) == cell.buys
    assert {each.model for each in server.served[billed:]} <= {cell.writer}
    assert not cell.forked or (FIELD in errors) == cell.edited, errors
    unused_key = bool(cell.key) and cell.begun == "offline" and not cell.flag and not cell.forked
    assert ("stays with it" in errors) == unused_key, errors
    check_claims(place / "output" / ("f" if cell.forked else cell.begun or "lighthouse"), cell.engine, cell.writer)
