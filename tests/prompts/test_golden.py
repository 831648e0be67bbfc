"""What each prompt renders to, word for word: a change of wording shows in review as a change of text."""

from pathlib import Path

import pytest

from docgen.files.resources import shipped_folder
from tests.prompts.cases import CASES

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", CASES)
def test_renders_to_its_golden_file(name: str, update_golden: bool) -> None:
    """After a deliberate change run: pytest tests/prompts --update-golden"""
    request = CASES[name]()
    text = f"# SYSTEM\n\n{request.system}\n\n# USER\n\n{request.user}\n"
    file = GOLDEN / f"{name}.txt"
    if update_golden:
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


def test_golden_files_and_cases_are_the_same_set() -> None:
    """No golden file outlives its case."""
    assert {file.stem for file in GOLDEN.glob("*.txt")} == set(CASES)


def test_every_template_has_a_case() -> None:
    """Files that begin with _ are parts of the others."""
    templates = {path.name for path in shipped_folder("templates").glob("*.jinja") if not path.name.startswith("_")}
    assert templates == {f"{CASES[name]().stage}.jinja" for name in CASES}
