"""The house's walls: imports point down only, and starting is quick because heavy libraries stay outside."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "docgen"
LEVELS: tuple[tuple[str, ...], ...] = (
    ("errors", "text", "controls", "appendlog", "resources", "progress", "kernels"),
    ("beside", "figures", "quotes", "stems"),
    ("records", "corpus", "cluster", "embedding"),
    ("airtime",),
    ("llm.protocol", "universe", "stylepools"),
    ("config", "prompts", "replies"),
    ("dedupe",),
    ("audit", "salience"),
    ("evidence",),
    ("llm", "store", "stages"),
    ("pipeline",),
    ("cli",),
    ("__main__",),
)
"""From the ground up; a module may import from lower levels and from its own unit, never from a sibling or above."""
HEAVY = ("anthropic", "datasketch", "faker", "numba", "numpy", "polars", "scipy", "jinja2", "aiohttp", "tokenizers")


def modules() -> list[str]:
    """Dotted names below docgen, without the package's own."""
    files = sorted(PACKAGE.rglob("*.py"))
    names = [".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__") for file in files]
    return [name for name in names if name != "__init__"]


def unit(module: str) -> tuple[int, str]:
    """Level and unit of a module: the longest name in LEVELS that it lies under."""
    found = [(len(name), level, name) for level, names in enumerate(LEVELS) for name in names if under(module, name)]
    assert found, f"docgen.{module} has no place in the house: add it to LEVELS"
    _, level, name = max(found)
    return level, name


def under(module: str, name: str) -> bool:
    return module == name or module.startswith(name + ".")


def imports(module: str) -> set[str]:
    """docgen modules that a module imports, anywhere in it, `TYPE_CHECKING` included."""
    path = PACKAGE.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("docgen."):
            base = node.module.removeprefix("docgen.")
            found |= {f"{base}.{a.name}" if f"{base}.{a.name}" in ALL else base for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "docgen":
            found |= {alias.name for alias in node.names if alias.name in ALL}
        elif isinstance(node, ast.Import):
            found |= {a.name.removeprefix("docgen.") for a in node.names if a.name.startswith("docgen.")}
    return found


ALL = frozenset(modules())


@pytest.mark.parametrize("module", sorted(ALL))
def test_imports_point_down(module: str) -> None:
    """No module imports from above, or from a unit beside its own; stages are units each."""
    level, name = unit(module)
    for other in imports(module):
        other_level, other_name = unit(other)
        same_unit = other_name == name and (name != "stages" or other in (module, "stages"))
        assert same_unit or other_level < level, f"docgen.{module} imports docgen.{other}"


def test_only_one_module_imports_the_sdk() -> None:
    """The vendor's SDK is behind the provider's door."""
    users = [m for m in ALL if "import anthropic" in source(m) or "from anthropic" in source(m)]
    assert users == ["llm.anthropic"]


def source(module: str) -> str:
    path = PACKAGE.joinpath(*module.split("."))
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text("utf-8")


def test_help_imports_nothing_heavy() -> None:
    """`docgen --help` is quick on any machine because it loads none of the heavy libraries."""
    code = f"import sys; import docgen.cli.app; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", sorted(ALL))
def test_a_room_can_be_overlooked(module: str) -> None:
    """No file of more than 300 lines: two rooms then."""
    assert source(module).count("\n") <= 300
