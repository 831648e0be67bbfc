"""The doctor says what works, what does not and what to do, without a traceback and without the key."""

import asyncio
import time
from typing import Any

import pytest

from docgen.llm.doctor import Check, diagnose
from docgen.llm.engine import EngineOptions
from tests.llm.providers.test_server_replies import message
from tests.llm.support import MODEL
from tests.loopback import BatchOptions, Limits, Loopback, Options


def examine(options: Options, model: str = MODEL) -> dict[str, Check]:
    with Loopback(options) as server:
        return {check.name: check for check in asyncio.run(diagnose(EngineOptions(base_url=server.url), model))}


def test_a_full_server_passes_every_check() -> None:
    checks = examine(Options(limits=Limits(requests=(50.0, 100.0))))
    assert {check.state for check in checks.values()} == {"ok"}
    assert "100 left" in checks["limits"].detail


def test_a_compatible_server_is_described() -> None:
    checks = examine(Options(structured=False, batches=BatchOptions(enabled=False)), "my-own-model")
    assert [name for name, check in checks.items() if check.state == "fail"] == []
    assert "in the prompt" in checks["structured output"].detail
    assert "omit --batch" in checks["batches"].detail
    assert "price file" in checks["price"].detail


@pytest.mark.parametrize(("key", "words"), [("bad", "invalid bearer token"), ("forbidden", "may not use this")])
def test_a_key_that_does_not_work_fails(key: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    checks = examine(Options())
    assert checks["message"].state == "fail"
    assert words in checks["message"].detail
    assert "structured output" not in checks


def test_a_model_that_is_not_there_fails() -> None:
    checks = examine(Options(models=("other",)))
    assert "other" in checks["models"].detail
    assert checks["message"].state == "fail"


@pytest.mark.parametrize("engine", ["openai", "anthropic"])
def test_a_server_that_is_not_there_fails_in_the_systems_words(engine: str) -> None:
    checks = asyncio.run(diagnose(EngineOptions(engine=engine, base_url="http://127.0.0.1:9"), MODEL))
    (check,) = (check for check in checks if check.name == "message")
    assert check.state == "fail"
    assert "no connection to http://127.0.0.1:9" in check.detail
    assert check.detail.endswith("Connection refused")


def test_a_server_too_slow_for_the_message_is_told_from_one_that_is_not_there() -> None:
    """Seen with llama.cpp and a base model, which fills the whole room: a server on few cores is not done in time."""

    async def examine_slow() -> list[Check]:
        with Loopback() as server:

            def script(body: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]] | None:
                if body["max_tokens"] > 100:
                    time.sleep(1.2)
                return 200, message(stop_reason="max_tokens", usage={"input_tokens": 9, "output_tokens": 32}), {}

            server.server.script = script
            return await diagnose(EngineOptions(base_url=server.url, timeout=1.0), MODEL)

    checks = {check.name: check for check in asyncio.run(examine_slow())}
    assert checks["message"].state == "note"
    assert "is slow: no reply within 1 s" in checks["message"].detail
    assert "32 tokens took" in checks["message"].detail
    assert "structured output" in checks


def test_no_key_and_no_address_is_one_clear_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    (check,) = asyncio.run(diagnose(EngineOptions(), MODEL))
    assert check.state == "fail"
    assert "ANTHROPIC_API_KEY" in check.detail


def scripted(body: dict[str, Any]) -> dict[str, Check]:
    """The checks of a server that answers everything so."""
    with Loopback() as server:
        server.server.script = lambda _: (200, body, {})
        return {check.name: check for check in asyncio.run(diagnose(EngineOptions(base_url=server.url), MODEL))}


@pytest.mark.parametrize(
    "text", ["Red, green, blue.", '{"colors": ["red"]}', '{"colours": "red"}', '["red"]', "Sure: {"]
)
def test_structure_that_is_not_there_is_not_called_served(text: str) -> None:
    check = scripted(message(text))["structured output"]
    assert (check.state, "in the prompt instead" in check.detail) == ("note", True)


def test_a_reply_cut_off_in_the_middle_does_not_say_that_schemas_are_not_supported() -> None:
    """Seen with llama.cpp: its grammar holds, and a weak model lists colours until the room is used up."""
    body = message(
        '{"colours": ["red", "red", "red', stop_reason="max_tokens", usage={"input_tokens": 9, "output_tokens": 900}
    )
    checks = scripted(body)
    assert checks["structured output"].state == "note"
    assert "cannot be told: the reply did not end within 1,024 tokens" in checks["structured output"].detail
    assert "not supported" not in checks["structured output"].detail
    assert "tokens/s" in checks["message"].detail


@pytest.mark.parametrize(
    "body",
    [
        message(content=[{"type": "thinking", "thinking": "hm"}], stop_reason="max_tokens"),
        message("<think>I should name three colours, such as", stop_reason="length"),
        message("<|channel|>analysis<|message|>The user wants colours"),
    ],
)
def test_nothing_but_thoughts_fails_and_says_what_to_do(body: dict[str, Any]) -> None:
    checks = scripted(body)
    assert {checks["message"].state, checks["structured output"].state} == {"fail"}
    assert "--max-tokens" in checks["message"].detail


def test_the_model_that_was_asked_for_and_the_one_that_answered_are_named() -> None:
    assert f"{MODEL} answered as other-7b" in scripted(message(model="other-7b"))["message"].detail
    assert "believable" in scripted(message(usage={}))["message"].detail
