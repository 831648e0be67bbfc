"""Who wrote a run, checked against everything that is written about it."""

import json
import re
from pathlib import Path

import polars as pl
import pytest

from docgen.records import EMBEDDED_NOTICE
from tests.loopback import Loopback
from tests.loopback.compose import ADVERBS, SUBJECTS
from tests.worlds import LIGHTHOUSE

__all__ = [
    "DEFAULT", "DEFAULTS", "EMBEDDED", "FIELD", "KEYS", "LOUDER", "NAMED", "SMALL",
    "check_claims", "enter_key", "snapshot",
]  # fmt: skip

EMBEDDED, DEFAULT, NAMED = "docgen-offline-1", "claude-haiku-5-5", "claude-sonnet-5-5"
DEFAULTS = {"offline": EMBEDDED, "anthropic": DEFAULT, "openai": "gpt-5-mini"}
"""The model of each engine where none is named."""
PAID_SENTENCE = re.compile(rf", and (?:{SUBJECTS}) (?:{ADVERBS}) ")
LOUDER = LIGHTHOUSE.replace("winds the clockwork every Sunday", "winds the clockwork every Monday")
FIELD = "key_facts.keeper.statement"
SMALL = ("--types", "2", "--ideas", "3", "--words", "60-120", "--yes")
KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL")


def enter_key(patch: pytest.MonkeyPatch, server: Loopback, engine: str = "anthropic") -> None:
    patch.setenv(f"{engine.upper()}_API_KEY", "k" * 9)
    patch.setenv(f"{engine.upper()}_BASE_URL", server.url)


def snapshot(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def check_claims(run: Path, engine: str, model: str) -> None:
    """Texts are the writer's, and everything written about them names that writer and nobody else."""
    rows = pl.read_parquet(run / "corpus.parquet")
    assert len(rows) == 3
    assert set(rows.select("engine", "model").iter_rows()) == {(engine, model)}
    assert all(bool(PAID_SENTENCE.search(text)) == (engine != "offline") for text in rows["text"])
    meta = json.loads((run / "run.json").read_text())
    manifest = json.loads((run / "export/text/manifest.json").read_text())
    assert (meta["config"]["engine"], meta["config"]["model"]) == (engine, model)
    assert (manifest["config"]["engine"], manifest["config"]["model"]) == (engine, model)
    assert manifest["writers"] == [{"engine": engine, "model": model, "documents": 3}]
    said = [
        (run / "export/text/manifest.json").read_text(),
        (run / "export/text/README.md").read_text(),
        *(run / "export/text/train.jsonl").read_text().splitlines(),
        (run / "reports/salience.json").read_text(),
        (run / "reports/leakage.json").read_text(),
        (run / "reports/report.html").read_text(),
    ]
    assert all((EMBEDDED_NOTICE in text) == (engine == "offline") for text in said)
    others = [name for name in ("claude-", *DEFAULTS.values(), NAMED) if name not in model and model not in name]
    assert not any(other in text for other in others for text in said)
