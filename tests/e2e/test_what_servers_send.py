"""Runs against servers that send thoughts, special tokens, odd lists, refusals: over a real socket, to the end."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from docgen.cli.app import app
from docgen.errors import StopRun
from docgen.options.last_step import Step
from docgen.pipeline.execution.execute import execute
from docgen.pipeline.inputs.setup import Setup
from docgen.pipeline.status import summarise
from tests.loopback import Loopback
from tests.loopback.compose import compose, prompt_text
from tests.runs import Notes, attempts, corpus, set_up_run

WORDS = "This model can read 2048 tokens"


def kind_of(body: dict[str, Any]) -> str:
    prompt = prompt_text(body)
    for kind in ("types", "ideas"):
        if f'{{"{kind}"' in prompt:
            return kind
    return "document" if " words; dated " in prompt else "verdict"


def serving(change: Callable[[str, str, int], Any]) -> Callable[[dict[str, Any]], Any]:
    """A script: `change(kind, sound reply, number)` gives the text to send, or a whole (status, body, headers)."""
    counts: dict[str, int] = {}

    def script(body: dict[str, Any]) -> Any:
        kind = kind_of(body)
        number = counts[kind] = counts.get(kind, 0) + 1
        sound = compose(body, random.Random(f"{kind} {number}"))
        sent = change(kind, sound, number)
        if isinstance(sent, tuple):
            return sent
        return 200, message(sent), {}

    return script


def message(text: str, **fields: Any) -> dict[str, Any]:
    usage = {"input_tokens": 100, "output_tokens": len(text) // 4 + 1}
    content = [{"type": "text", "text": text}]
    return {"type": "message", "model": "m", "content": content, "stop_reason": "end_turn", "usage": usage, **fields}


def settled(folder: Path, url: str, n: int = 6, **more: Any) -> Setup:
    options = {"engine": "anthropic", "base_url": url, "model": "m", "words": (60, 120), "concurrency": 4, **more}
    return set_up_run(folder, n=n, **options)


def carried_out(folder: Path, change: Callable[[str, str, int], Any], **more: Any) -> tuple[Setup, Notes]:
    notes = Notes()
    with Loopback() as server:
        server.server.script = serving(change)
        setup = settled(folder, server.url, **more)
        execute(setup, Step.ALL, notes, lambda: False)
    return setup, notes


def inside(reply: str) -> str:
    found = re.search(r"<document>\n(.*?)\n</document>", reply, re.S)
    assert found is not None
    return found[1]


DRESSED: dict[str, Callable[[str], str]] = {
    "mistral": lambda text: f"[THINK]They want a memo.[/THINK]{text}</s>",
    "gemma": lambda text: f"<start_of_turn>model\n{text}<end_of_turn>",
    "no opening tag": lambda text: f"I should keep to the length.\n</think>\n\n{text}",
    "llama": lambda text: f"<|start_header_id|>assistant<|end_header_id|>\n\n{text}<|eot_id|>",
    "harmony without tokens": lambda text: f"analysisWe need a memo.assistantfinal{text}",
    "a second turn": lambda text: f"{text}<|im_end|>\n<|im_start|>user\nNow write another.",
    "inside the tags": lambda text: f"<document>\n<think>a memo</think>\n{text}<|endoftext|>\n</document>",
}


@pytest.mark.parametrize("name", DRESSED)
def test_known_thoughts_and_tokens_are_cut_away(name: str, tmp_path: Path) -> None:
    """In documents and in the lists of the brainstorm; what is left is the document that the model meant."""

    def change(kind: str, sound: str, _: int) -> str:
        return DRESSED[name](inside(sound)) if kind == "document" else f"<think>hm [1] {{}}</think>{sound}<|im_end|>"

    setup, _ = carried_out(tmp_path, change)
    texts = corpus(setup)["text"].to_list()
    assert len(texts) == 6
    assert not [text for text in texts if re.search(r"[<>\[\]|]|memo|model\n|assistant|length", text)]


@pytest.mark.parametrize("mark", ["<|reserved_7|>", "<｜tool▁calls｜>", "<reasoning>", "[/INST]", "<unk>"])
def test_what_stands_in_the_middle_is_a_scaffold_error(mark: str, tmp_path: Path) -> None:
    def change(kind: str, sound: str, _: int) -> str:
        if kind != "document":
            return sound
        head, _dot, rest = inside(sound).partition(". ")
        return f"<document>\n{head}. {mark} {rest}\n</document>"

    with Loopback() as server:
        server.server.script = serving(change)
        setup = settled(tmp_path, server.url, n=2, max_attempts=1)
        execute(setup, Step.GENERATE, Notes(), lambda: False)
    reasons = [reason for attempt in attempts(setup) for reason in attempt.reasons]
    assert {attempt.verdict for attempt in attempts(setup)} == {"rejected"}
    assert mark == "<reasoning>" or {reason.subject for reason in reasons} == {"scaffold"}


@pytest.mark.parametrize("stop", ["length", "model_context_window_exceeded", "tool_use"])
def test_an_untagged_reply_without_a_proper_end_is_truncated(stop: str, tmp_path: Path) -> None:
    def change(kind: str, sound: str, _: int) -> Any:
        return (200, message(inside(sound), stop_reason=stop), {}) if kind == "document" else sound

    with Loopback() as server:
        server.server.script = serving(change)
        setup = settled(tmp_path, server.url, n=2, max_attempts=1)
        execute(setup, Step.GENERATE, Notes(), lambda: False)
    assert {reason.code for attempt in attempts(setup) for reason in attempt.reasons} == {"truncated"}


def items_of(text: str) -> list[Any]:
    value = json.loads(text)
    return list(value.get("types") or value["ideas"])


def with_commas(text: str) -> str:
    return text.replace("}]", "},]").replace('"]', '",]')


def titled(item: Any, name: str) -> Any:
    return {name: item} if isinstance(item, str) else item


LISTS: dict[str, Callable[[str], str]] = {
    "cut at the token limit": lambda text: text[: len(text) * 2 // 3],
    "under another key": lambda text: text.replace('"types"', '"items"').replace('"ideas"', '"Items"'),
    "trailing commas in a fence": lambda text: "As [asked], {note}:\n```json\n" + with_commas(text) + "\n```",
    "ideas as objects": lambda text: json.dumps({"list": [titled(item, "title") for item in items_of(text)]}),
    "one object a line": lambda text: "\n".join(json.dumps(titled(item, "idea")) for item in items_of(text)),
    "every second reply is prose": lambda text: text,
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_read_as_they_come(name: str, tmp_path: Path) -> None:
    def change(kind: str, sound: str, number: int) -> str:
        if kind in ("document", "verdict"):
            return sound
        if name.startswith("cut") and number % 2 == 0:
            return sound
        return "I would rather not." if name.startswith("every") and number % 2 else LISTS[name](sound)

    setup, _ = carried_out(tmp_path, change, n=3)
    assert len(setup.run.read_types()) == setup.config.types
    assert corpus(setup).height == 3


def test_types_that_the_server_refuses_stop_the_run_with_its_words(tmp_path: Path) -> None:
    refusal: tuple[int, dict[str, Any], dict[str, str]] = 400, {"error": {"message": WORDS}}, {}
    assert WORDS in stopped(tmp_path, lambda kind, sound, _: refusal).message


def stopped(folder: Path, change: Callable[[str, str, int], Any]) -> StopRun:
    """The error that a run over such a server ends with."""
    with Loopback() as server:
        server.server.script = serving(change)
        setup = settled(folder, server.url, run="stopped")
        with pytest.raises(StopRun) as caught:
            execute(setup, Step.ALL, Notes(), lambda: False)
    return caught.value


def test_ideas_that_the_server_refuses_are_said_and_stop_it_only_when_none_came(tmp_path: Path) -> None:
    refusal: tuple[int, dict[str, Any], dict[str, str]] = 422, {"detail": WORDS}, {}
    _, notes = carried_out(tmp_path, lambda kind, sound, number: refusal if (kind, number) == ("ideas", 1) else sound)
    assert any(WORDS in note for note in notes.notes)
    assert WORDS in stopped(tmp_path, lambda kind, sound, _: refusal if kind == "ideas" else sound).message


def test_documents_that_the_server_refuses_show_its_words_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal: tuple[int, dict[str, Any], dict[str, str]] = 400, {"error": WORDS}, {}
    setup, _ = carried_out_failing(tmp_path, lambda kind, sound, _: refusal if kind == "document" else sound)
    assert [WORDS in words for words in summarise(setup).failures] == [True]
    monkeypatch.chdir(tmp_path)
    status = CliRunner().invoke(app, ["status", "r"])
    assert WORDS in status.stdout
    shown = CliRunner().invoke(app, ["show", "r"])
    assert WORDS in str(shown.exception)


def carried_out_failing(folder: Path, change: Callable[[str, str, int], Any]) -> tuple[Setup, Notes]:
    with Loopback() as server:
        server.server.script = serving(change)
        setup, notes = settled(folder, server.url), Notes()
        execute(setup, Step.GENERATE, notes, lambda: False)
    return setup, notes


def test_max_tokens_under_extra_is_the_option_and_the_other_fields_reach_the_server(tmp_path: Path) -> None:
    """So that the reserve counts what goes into the body."""
    bodies: list[dict[str, Any]] = []

    def script(body: dict[str, Any]) -> Any:
        bodies.append(body)
        return 200, message(compose(body, random.Random(len(bodies)))), {}

    with Loopback() as server:
        server.server.script = script
        setup = settled(tmp_path, server.url, n=2, extra={"max_tokens": 7777, "top_k": 5})
        execute(setup, Step.GENERATE, Notes(), lambda: False)
    assert {(body["max_tokens"], body["top_k"]) for body in bodies} == {(7777, 5)}
    assert (setup.config.max_tokens, setup.config.extra) == (7777, {"top_k": 5})
