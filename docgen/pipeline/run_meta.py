"""run.json: what a run was made from, as written and as read back."""

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from docgen import __version__
from docgen.errors import RunError
from docgen.files.run_folder import RunFolder
from docgen.options.run import RunConfig
from docgen.pipeline.engine_choice import own_model
from docgen.prompts.requests import template_digests
from docgen.universe import UniverseContext

__all__ = ["describe_run", "read_meta", "recorded_config", "shared_journals"]

LIBRARIES = ("anthropic", "datasketch", "numpy", "polars", "pydantic")


def read_meta(run: RunFolder) -> dict[str, Any]:
    """run.json, with everything in it that later steps rely on."""
    meta = run.read_meta()
    try:
        RunConfig.model_validate(meta["config"])
        shape = (meta["context"]["digest"], *meta["templates"].values(), *meta["parents"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _unusable(run) from error
    if not all(isinstance(value, str) for value in shape):
        raise _unusable(run)
    return meta


def _unusable(run: RunFolder) -> RunError:
    fix = "It was edited, or made by another version of docgen; start a new run with --run NAME"
    return RunError("has no usable configuration", str(run.path / "run.json"), fix)


def recorded_config(meta: Mapping[str, Any] | None) -> RunConfig | None:
    """The settings that a run was last given; None without a record."""
    return None if meta is None else own_model(RunConfig.model_validate(meta["config"]))


def shared_journals(run: RunFolder, base: RunFolder | None, old: Mapping[str, Any] | None) -> list[str]:
    """Folders of the runs whose journals are shared, as seen from the folder that holds `run`."""
    if old is None or base is None:
        return list(old["parents"]) if old else []
    shared = [base.path, *(base.path.parent / parent for parent in old["parents"])]
    return [os.path.relpath(path.resolve(), run.path.parent.resolve()) for path in shared]


def describe_run(config: RunConfig, context: UniverseContext, source: str, parents: list[str]) -> dict[str, Any]:
    """What run.json is to hold."""
    return {
        "docgen": __version__,
        "config": config.model_dump(mode="json"),
        "context": {"id": context.id, "title": context.title, "digest": context.digest, "source": source},
        "templates": template_digests(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "parents": parents,
    }
