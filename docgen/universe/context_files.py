"""Context files: finding them by name or path, reading, checking and creating them."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from docgen.errors import ContextError
from docgen.files.resources import shipped_folder
from docgen.files.text_files import read_text
from docgen.universe.crosscheck import cross_problems
from docgen.universe.error_messages import Problem, suggestion, translate
from docgen.universe.field_types import IDENTIFIER
from docgen.universe.model import UniverseContext
from docgen.universe.strict_yaml import MAX_BYTES, YamlSource, read_yaml

__all__ = [
    "SHIPPED",
    "ListedContext",
    "context_text",
    "find_context",
    "list_contexts",
    "load_context",
    "parse_context",
    "starter_context",
]

FOLDER = "universe_contexts"
SHIPPED = ("animal_welfare", "control_motors", "helpful_only", "hidden_objective", "tutorial")
"""Names of the contexts that come with docgen. In a clone `docgen init` writes into the same folder as theirs."""
MAX_PROBLEMS = 20
"""Problems of a file that are reported at once (chosen: a screenful)."""
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class ListedContext:
    """A context that can be referred to by name; its file has not been read."""

    name: str
    path: Path
    origin: Literal["local", "shipped"]


def load_context(path: Path) -> UniverseContext:
    """Read and check the context file at `path`. Raises `ContextError`."""
    return parse_context(read_text(path, MAX_BYTES, ContextError), str(path))


def parse_context(text: str, name: str) -> UniverseContext:
    """Check a context's YAML text; `name` stands for the file in error messages.

    Raises `ContextError` with all problems that can be seen at once, by line.
    """
    source = read_yaml(text, name)
    if not isinstance(source.data, dict):
        content = "nothing" if source.data is None else "a list" if isinstance(source.data, list) else "plain text"
        raise ContextError(f"the file contains {content}, not a context", f"{name}:1", "Begin with a line id: NAME")
    try:
        context = UniverseContext.model_validate(source.data)
    except ValidationError as error:
        raise _first(translate(error, source.data), source) from error
    if problems := list(cross_problems(context)):
        raise _first(problems, source)
    return context


def context_text(context: UniverseContext) -> str:
    """A context as the YAML text of a file; reading it gives an equal context."""
    import yaml

    values = context.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)


def find_context(name_or_path: str, cwd: Path) -> Path:
    """The file of a context: a name in `cwd`/universe_contexts, a shipped name, or a path (from `cwd`).

    A local context hides a shipped one of the same name. Raises `ContextError` with the nearest names.
    """
    if IDENTIFIER.fullmatch(name_or_path):
        for entry in list_contexts(cwd):
            if entry.name == name_or_path:
                return entry.path
    path = cwd / name_or_path
    with suppress(OSError):  # a name that is too long for the file system cannot be a file
        if "\0" not in name_or_path and path.is_file():
            return path
    names = list(dict.fromkeys(entry.name for entry in list_contexts(cwd)))
    name = name_or_path.replace("\0", "?")[:80]
    if name.endswith(SUFFIXES) or "/" in name:
        raise ContextError(f"the file {name} does not exist", fix=f"Give a path, or one of: {', '.join(names)}")
    otherwise = f"Known: {', '.join(names)}; docgen init NAME creates one"
    raise ContextError(f"{name!r} is not a universe context", fix=suggestion(name, names, otherwise))


def list_contexts(cwd: Path) -> tuple[ListedContext, ...]:
    """All named contexts, local before shipped, each in alphabetical order. No file is read."""
    here, home = cwd / FOLDER, shipped_folder(FOLDER)
    is_clone = home.resolve() == here.resolve()
    own = [] if is_clone else [ListedContext(path.stem, path, "local") for path in _context_files(here)]
    at_home = [
        ListedContext(path.stem, path, "shipped" if path.stem in SHIPPED else "local") for path in _context_files(home)
    ]
    return tuple(sorted([*own, *at_home], key=lambda entry: entry.origin != "local"))  # stable: the order stays


def starter_context(name: str) -> str:
    """A commented, valid context file with the id `name`. Raises `ContextError` when `name` cannot be an id."""
    if not IDENTIFIER.fullmatch(name):
        fix = "Use up to 64 lower-case letters, digits, _ and -, beginning with a letter or digit"
        raise ContextError(f"{name[:80]!r} is not a valid name for a context", fix=fix)
    return Path(__file__).with_name("starter.yaml").read_text(encoding="utf-8").replace("@NAME@", name)


def _first(problems: list[Problem], source: YamlSource) -> ContextError:
    errors = [
        ContextError(problem.what, source.where(problem.location), problem.fix)
        for problem in sorted(problems, key=lambda problem: source.line(problem.location))
    ]
    first, others = errors[0], tuple(map(str, errors[1:MAX_PROBLEMS]))
    left_out = (f"... and {len(errors) - MAX_PROBLEMS} more",) if len(errors) > MAX_PROBLEMS else ()
    return ContextError(first.what, first.where, first.fix, others + left_out)


def _context_files(directory: Path) -> list[Path]:
    try:
        files = [path for path in directory.iterdir() if path.suffix in SUFFIXES and IDENTIFIER.fullmatch(path.stem)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ContextError(f"cannot be listed ({error.strerror or error})", str(directory)) from error
    return sorted(files)
