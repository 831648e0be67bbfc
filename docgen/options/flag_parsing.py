"""Reads settings as typed after a flag, or written as text in a file."""

import re
from collections.abc import Sequence
from typing import Literal

from docgen.errors import ConfigError
from docgen.options.setting_types import ServerEntry, WriterEntry, check_servers, check_writers

__all__ = ["read_models", "read_servers", "read_shares", "read_verify", "read_words"]


def read_words(text: str, where: str) -> tuple[int, int]:
    """The range that "300-900" or "300" means."""
    match = re.fullmatch(r"\s*([0-9]{1,9})\s*(?:-\s*([0-9]{1,9})\s*)?", text)
    if not match:
        raise ConfigError(f"{text!r} is not a range of words", where, "Write it as 300-900")
    return int(match[1]), int(match[2] or match[1])


def read_verify(text: str) -> int | Literal["all"]:
    """How many documents "200", "0" or "all" means."""
    if text == "all":
        return "all"
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    raise ConfigError(f"{text!r} is not a number of documents", "--verify", "Use a number, all or 0")


def read_models(models: Sequence[str]) -> tuple[str | None, tuple[WriterEntry, ...] | None]:
    """The one model, or the writers with their shares, of texts like "NAME" or "NAME=0.6"."""
    shares = [re.fullmatch(r"(.+)=([0-9]*\.?[0-9]+)", model) for model in models]
    if len(models) <= 1:
        return (models[0] if models else None), None
    writers = []
    for model, match in zip(models, shares, strict=True):
        if match is None:
            raise ConfigError(f"{model!r} has no share", "--model", "Write each of several models as NAME=0.6")
        writers.append({"model": match[1], "share": float(match[2])})
    try:
        return None, check_writers(writers)
    except ValueError as error:
        raise ConfigError(f"several models {error}", "--model", "For example --model a=0.6 --model b=0.4") from error


def read_servers(addresses: Sequence[str]) -> tuple[str | None, tuple[ServerEntry, ...] | None]:
    """The one address, or several servers."""
    if len(addresses) <= 1:
        return (addresses[0] if addresses else None), None
    try:
        return None, check_servers([{"base_url": address} for address in addresses])
    except ValueError as error:
        raise ConfigError(f"an address {error}", "--base-url", "For example http://gpu1:8000") from error


def read_shares(pairs: Sequence[str], where: str) -> dict[str, float]:
    """Shares by fact, of texts like "fact=0.3"."""
    shares: dict[str, float] = {}
    for pair in pairs:
        name, equals, share = pair.partition("=")
        try:
            shares[name.strip()] = float(share)
        except ValueError:
            equals = ""
        if not equals or not name.strip():
            raise ConfigError(f"{pair!r} is not a fact with a share", where, "Write it as FACT=0.3")
    return shares
