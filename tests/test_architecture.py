"""The layers: imports point down only, starting is quick because heavy libraries wait, the README's tree is whole."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "docgen"
CONTRIBUTING = Path(__file__).parents[1] / "CONTRIBUTING.md"
README = Path(__file__).parents[1] / "README.md"


def layers() -> tuple[tuple[str, ...], ...]:
    """The layers that CONTRIBUTING.md lists, bottom first; a package may import from the layers below its own."""
    block = CONTRIBUTING.read_text("utf-8").split("<!-- layers -->")[1]
    rows = [line.strip() for line in block.splitlines() if line.startswith("    ")]
    return tuple(tuple(name.strip() for name in row.split("  ")[0].split(",")) for row in reversed(rows))


LEVELS = layers()
HEAVY = (
    *("anthropic", "datasketch", "faker", "numba", "numpy", "polars", "scipy", "jinja2", "aiohttp", "tokenizers"),
    *(
        "pydantic",
        "asyncio",
        "tomllib",
        "docgen.text.words_and_sentences",
        "docgen.universe",
        "docgen.exporting.tokens.estimator",
    ),
)

NOT_TO_LOOK = (
    *("numpy", "polars", "scipy", "numba", "jinja2", "aiohttp", "snowballstemmer", "json_repair"),
    *("docgen.exporting.job", "docgen.dedupe", "docgen.planning.solve", "docgen.stages", "docgen.llm.engine"),
    *("docgen.audit.detect.detectors", "docgen.pipeline.audit.audit", "docgen.pipeline.estimate"),
)
"""What `docgen show` and `docgen status` have no use for. `show` alone needs the stemmer, for quotes."""
STEMMER = "snowballstemmer"


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
    assert users == ["llm.providers.anthropic"]


def source(module: str) -> str:
    path = PACKAGE.joinpath(*module.split("."))
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text("utf-8")


def test_help_imports_nothing_heavy() -> None:
    """`docgen --help` is quick on any machine because it loads none of the heavy libraries."""
    load = "import sys; import docgen.cli.app; docgen.cli.app.command_line()"
    code = f"{load}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small run."""
    folder = tmp_path_factory.mktemp("finished")
    command = ["run", "tutorial", "--n", "3", "--types", "2", "--ideas", "2", "--engine", "offline", "--quiet"]
    subprocess.run([sys.executable, "-m", "docgen", *command], cwd=folder, capture_output=True, check=True)
    return folder


@pytest.mark.parametrize("command", [["show"], ["show", "--json"], ["status"], ["status", "--json"]])
def test_looking_at_a_run_loads_no_machinery(command: list[str], finished: Path) -> None:
    """`docgen show` and `docgen status` are quick: they load no arrays, engine, detectors, exports or templates."""
    code = f"""import atexit, sys
import docgen.cli.entry
atexit.register(lambda: print("\\nloaded", *sys.modules, file=sys.stderr))
sys.argv[1:] = {command!r}
docgen.cli.entry.main()"""
    done = subprocess.run([sys.executable, "-c", code], cwd=finished, capture_output=True, text=True, check=True)
    loaded = done.stderr.rpartition("\nloaded ")[2].split()
    assert "docgen.pipeline.inputs.setup" in loaded
    needless = [name for name in loaded if name.startswith(NOT_TO_LOOK)]
    assert [name for name in needless if command != ["show"] or not name.startswith(STEMMER)] == []


@pytest.mark.parametrize("module", sorted(ALL))
def test_no_file_is_longer_than_300_lines(module: str) -> None:
    assert source(module).count("\n") <= 300


def test_the_tree_in_the_readme_has_every_folder() -> None:
    """Each once, below the folder that it is in."""
    tree = README.read_text("utf-8").split("\n    docgen/\n")[1].split("\n    universe_contexts/")[0]
    above: dict[int, str] = {}
    listed = list[str]()
    for line in tree.splitlines():
        indent, names = (
            len(line) - len(line.lstrip()),
            re.findall(r"(\w+)/(?=\s)", line.lstrip().partition("   ")[0] + " "),
        )
        parent = next((above[depth] for depth in sorted(above, reverse=True) if depth < indent), "")
        listed += [f"{parent}{name}/" for name in names]
        above = {depth: path for depth, path in above.items() if depth < indent}
        above |= {indent: listed[-1]} if names else {}
    folders = {f"{file.parent.relative_to(PACKAGE).as_posix()}/" for file in PACKAGE.rglob("__init__.py")} - {"./"}
    assert sorted(name for name in listed if not name.endswith("data/")) == sorted(folders)


def test_the_page_of_benchmarks_lists_every_script() -> None:
    """By name, or by a pattern such as `fuzz_*.py`; and no script that is gone."""
    folder = README.parent / "bench"
    patterns = re.findall(r"`([\w*]+\.py)`", (folder / "README.md").read_text("utf-8"))
    listed = {path for pattern in patterns for path in folder.glob(pattern)}
    assert sorted(set(folder.glob("*.py")) - listed) == []
    assert [pattern for pattern in patterns if pattern != "NAME.py" and not list(folder.glob(pattern))] == []
