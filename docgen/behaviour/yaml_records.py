"""Settings and grids: strict YAML files, shipped by name or given by path, read into records."""

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from docgen.errors import ConfigError, ContextError
from docgen.files.text_files import read_text
from docgen.records import Record
from docgen.text.output.spelling_suggestions import suggestion
from docgen.universe.strict_yaml import MAX_BYTES, Location, read_yaml

__all__ = ["DATA", "find_file", "load_record", "shipped_names"]

R = TypeVar("R", bound=Record)

DATA = Path(__file__).parent / "data"


def shipped_names(kind: str) -> tuple[str, ...]:
    """Names of the files shipped with docgen: `kind` is "settings", "grids", "queries" or "gold"."""
    return tuple(sorted(path.stem for path in (DATA / kind).iterdir() if path.suffix in (".yaml", ".jsonl")))


def find_file(kind: str, name: str, beside: Path | None = None) -> Path:
    """The file called `name`: a path as seen from the folder `beside` or the current one, or a shipped name.

    Raises `ConfigError` with the shipped names.
    """
    suffix = ".jsonl" if kind in ("queries", "gold") else ".yaml"
    if name in shipped_names(kind):
        return DATA / kind / f"{name}{suffix}"
    places = [*([beside / name] if beside is not None else []), Path(name)]
    for place in places:
        if place.exists():
            return place
    fix = suggestion(name, shipped_names(kind), f"Give a path, or one of: {', '.join(shipped_names(kind))}")
    raise ConfigError(f"{name!r} is neither one of the {kind} nor a file", fix=fix)


def load_record(path: Path, kind: type[R]) -> R:
    """Read `path` as a record of `kind`. Raises `ConfigError` with file and line."""
    text = read_text(path, MAX_BYTES, ConfigError)
    try:
        source = read_yaml(text, str(path))
    except ContextError as error:
        raise ConfigError(error.what, error.where, "Correct the YAML") from error
    try:
        return kind.model_validate(source.data)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        location: Location = tuple(problem["loc"])
        field = ".".join(str(part) for part in location) or "file"
        reason = str(problem["msg"]).removeprefix("Value error, ")
        fix = "Remove the name, or correct it" if problem["type"] == "extra_forbidden" else "Correct it"
        raise ConfigError(f"{field}: {reason[0].lower()}{reason[1:]}", source.where(location), fix) from error
