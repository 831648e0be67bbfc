"""Doctor's trial says beforehand whether a model can write, and how far it is from it."""

import asyncio

from docgen.embedded_writer import EmbeddedWriter
from docgen.llm.doctor import Check
from docgen.llm.fake import FakeLLM
from docgen.llm.protocol import LLM, Completion, Request
from docgen.pipeline.writer_check import try_writing
from docgen.prompts.requests import ModelOptions


def _trial(llm: LLM) -> list[Check]:
    return asyncio.run(try_writing(llm, ModelOptions("m")))


def test_a_model_that_writes_as_asked_passes() -> None:
    assert [(check.name, check.state) for check in _trial(EmbeddedWriter())] == [
        ("document types", "ok"),
        ("a document", "ok"),
    ]


def test_a_model_that_cannot_is_told_so_with_how_far_it_is() -> None:
    kinds, document = _trial(FakeLLM(lambda _: "the the of a ferry"))
    assert (kinds.state, document.state) == ("fail", "fail")
    assert "0 of 5 could be read (the reply began 'the the of a ferry')" in kinds.detail
    assert "rejected" in document.detail
    assert "5 of about" in document.detail
    assert "will not get through a run" in document.detail


def test_a_slow_server_is_given_what_it_can_write_in_time_and_judged_by_that() -> None:
    """Seen with a base model behind llama.cpp, which never ends a reply: all that was said is that it was late."""
    rooms: list[int] = []

    def answer(request: Request) -> Completion:
        rooms.append(request.max_tokens)
        return Completion(text="the lake the lake", stop_reason="max_tokens", model=request.model)

    checks = asyncio.run(try_writing(FakeLLM(answer), ModelOptions("m"), room=960))
    assert rooms == [960, 960]
    assert all("did not end within 960 tokens" in check.detail for check in checks)
    assert [check.state for check in checks] == ["fail", "fail"]


def test_a_document_in_the_right_form_without_its_fact_is_only_noted() -> None:
    """A run refills what is rejected."""
    text = f"<document>{'The lake lies still today. ' * 25}</document>"
    _, document = _trial(FakeLLM(lambda _: text))
    assert document.state == "note"
    assert "missing_fact" in document.detail
