"""The folder of a site: what every one contains besides its pages."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from docgen.errors import ConfigError
from docgen.explorer.web.renderer import ASSETS

__all__ = ["MAX_DOCUMENTS", "SiteOptions", "clear_folder", "finish_folder"]

MAX_DOCUMENTS = 5_000
"""Documents that are published unless more are asked for."""
MARK = "docgen-site.txt"


@dataclass(frozen=True)
class SiteOptions:
    """What is published: at most `documents` of them, drawn with `seed` where there are more; None for all.

    `licence` and `canary` are on every page; without a canary the corpus gets its own.
    """

    documents: int | None = MAX_DOCUMENTS
    seed: int = 0
    licence: str = ""
    canary: str = ""


def clear_folder(out: Path) -> None:
    """An empty folder in place of an earlier site. Raises `ConfigError` for a folder with anything else in it."""
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        raise ConfigError("contains something other than a docgen site", f"--export {out}", "Name a new folder")
    if out.exists():
        shutil.rmtree(out)
    out.mkdir(parents=True)


def finish_folder(out: Path, licence: str, canary: str) -> None:
    """Style and scripts, the license, what keeps crawlers away, and the mark by which the site is recognised."""
    shutil.copytree(ASSETS / "static", out / "static", ignore=shutil.ignore_patterns("label.js"))
    (out / "robots.txt").write_text("User-agent: *\nDisallow: /\n", "utf-8")
    licence = licence or "Whoever published this site did not state a license."
    (out / "LICENCE.txt").write_text(f"{licence}\n\nCanary: {canary}\n", "utf-8")
    (out / MARK).write_text("Made by docgen view --export; the next export replaces this folder.\n", "utf-8")
