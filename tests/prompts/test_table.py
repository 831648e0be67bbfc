"""The table of prompts is whole: each has a template, a golden file, a parser that takes anything, a cache decision."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import docgen
from docgen.files.resources import shipped_folder
from docgen.prompts.requests import typical_reply_tokens
from docgen.prompts.table import PROMPTS, Prompt
from docgen.records import Style
from tests.prompts.cases import CASES, STYLE

GOLDEN = Path(__file__).parent / "golden"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["types", "ideas", "verdicts", "name"]), inner),
    max_leaves=12,
)
JUNK = (
    st.text(st.characters(codec=None, exclude_categories=()))
    | st.text(alphabet='<>/document evidence quote fact="a" decline{}[]"types ideas verdicts:,\n')
    | JSON.map(json.dumps)
    | st.integers(4000, 5000).map(lambda digits: f'{{"ideas": [{"9" * digits}]}}')
)
each_prompt = pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt.name)


def test_the_templates_are_those_of_the_table() -> None:
    """Files that begin with _ are parts of the others."""
    templates = {path.name for path in shipped_folder("templates").glob("*.jinja") if not path.name.startswith("_")}
    assert templates == {prompt.template for prompt in PROMPTS}
    assert len({prompt.name for prompt in PROMPTS}) == len(PROMPTS)


@each_prompt
def test_a_prompt_has_a_golden_file(prompt: Prompt[Any]) -> None:
    """Its plain case is named after it."""
    assert (GOLDEN / f"{prompt.name}.txt").exists()
    assert prompt.name in CASES


@pytest.mark.parametrize("case", CASES)
def test_a_request_carries_what_the_table_says(case: str) -> None:
    """Stage, schema and cache decision of every request come from its descriptor."""
    request = CASES[case]()
    (prompt,) = (prompt for prompt in PROMPTS if prompt.name == request.stage)
    schema = prompt.first_schema if case == "types" else prompt.schema
    assert _any_id(request.schema) == _any_id(schema)
    assert request.cacheable is (prompt.calls == "many")
    assert prompt.used_for == "corpus" or typical_reply_tokens(request) > 0, "an estimate has nothing to count with"


def test_the_cases_are_rendered_from_a_style_with_every_field() -> None:
    """A new draw must be in the golden files, so it needs a value in `STYLE`."""
    assert [name for name in Style.model_fields if not getattr(STYLE, name)] == []


def test_replies_are_read_with_the_parser_of_the_table() -> None:
    """Nothing outside `docgen.prompts` imports a parser: one that is replaced in the table is replaced everywhere."""
    pattern = re.compile(r"^from docgen\.prompts\.\w+ import [^\n]*?(?:\([^)]*?)?\bparse_\w+", re.MULTILINE)
    package = Path(docgen.__file__).parent
    importing = [path for path in package.rglob("*.py") if pattern.search(path.read_text("utf-8"))]
    assert [path for path in importing if path.parent.name != "prompts"] == []
    assert package / "prompts" / "table.py" in importing


def _any_id(schema: Any) -> Any:
    """The schema with any text where a request lists the ids that can be named."""
    if not isinstance(schema, dict):
        return schema
    named = {"fact", "rule", "denies"}
    return {name: {"type": "string"} if name in named else _any_id(value) for name, value in schema.items()}


@each_prompt
@given(reply=JUNK)
def test_no_reply_makes_a_parser_raise(prompt: Prompt[Any], reply: str) -> None:
    """A model may say anything; what it said is already paid for and in the journal."""
    assert prompt.parse(reply) == prompt.parse(reply)


def test_prompts_that_are_sent_many_times_are_cached_and_the_one_that_is_not_is_left_plain() -> None:
    """The decision as it stands: only the document types are asked for in a call or two."""
    assert [prompt.name for prompt in PROMPTS if prompt.calls == "few"] == ["types", "facts", "rule_examples"]


@pytest.mark.parametrize("case", CASES)
def test_whether_a_request_is_cached_is_no_part_of_its_key(case: str) -> None:
    """Replies bought before the decision changed still answer."""
    request = CASES[case]()
    assert replace(request, cacheable=not request.cacheable).key == request.key
