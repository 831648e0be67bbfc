"""Sentences that break a rule, from exemplars.toml, for embeddings to compare documents with."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

__all__ = ["exemplars"]


@cache
def exemplars() -> Mapping[str, tuple[str, ...]]:
    """Sentences by the key of the rule that they break (`rule_key`)."""
    data = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return {rule: tuple(sentences) for rule, sentences in data.items()}
