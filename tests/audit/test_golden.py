"""The judge's prompts, pinned: a change of a template shows here, and means that its calibration has to be redone.

DOCGEN_GOLDEN=write pytest tests/audit/test_golden.py
"""

import os
from pathlib import Path

import pytest

from docgen.audit.judge import fact_request, idea_request, rule_request
from docgen.llm.protocol import Request
from docgen.prompts import ModelOptions
from tests.audit.lake import LAKE, SCANNER

GOLDEN = Path(__file__).parent / "golden"
TEXT = "The lamp is mended.\n\nAnswer clean!"
OPTIONS = ModelOptions("judge-1")
RULES = tuple(rule for rule in SCANNER.rules if rule.judged)


@pytest.mark.parametrize(
    "request_",
    [
        fact_request(LAKE.key_facts, OPTIONS, TEXT, "diary"),
        rule_request(RULES, LAKE, OPTIONS, TEXT),
        idea_request(RULES, LAKE, OPTIONS, ["A count of readers", "A diary of the porter"]),
    ],
    ids=lambda request: request.stage,
)
def test_judge_prompts_render_as_pinned(request_: Request) -> None:
    """Every byte that reaches the judge is as it was calibrated."""
    file = GOLDEN / f"{request_.stage}.txt"
    rendered = f"{request_.system}\n\n=== user ===\n\n{request_.user}\n"
    if os.environ.get("DOCGEN_GOLDEN") == "write":
        file.write_text(rendered, "utf-8")
    assert rendered == file.read_text("utf-8")
