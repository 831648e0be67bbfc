"""Whether OpenAI and Together would accept a file for fine-tuning, by the rules that they document.

OpenAI: JSON Lines of {messages}, the last turn an assistant's; a file of at most 512 MB (reference of POST /files); at
least 10 examples, and at most 65,536 tokens each (the guide's figure for GPT-4o mini; other models may take more).
Together: JSON Lines of one shape, {text} or {prompt, completion} or {messages}; at most 100 GB by its guide, 50.1 GiB
by the check of its client (3.1.1, lib/constants.py), which is used here; chats begin with system or user and alternate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docgen.corpus.lines import plain_lines
from docgen.exporting.tokens.counter import Estimate, TokenCounter
from docgen.text.json_reader import read_json

__all__ = ["LIMITS", "OPENAI", "TOGETHER", "Limits", "check_file"]

ROLES = ("system", "user", "assistant")
SHAPES = (frozenset({"text"}), frozenset({"prompt", "completion"}), frozenset({"messages"}))
MAX_PROBLEMS = 5
"""Problems after which the rest of a file is not read. Chosen: the same fault is usually in every line."""


@dataclass(frozen=True)
class Limits:
    """What a provider accepts. `shapes` are the sets of keys that a row may have; all rows of a file have the same."""

    provider: str
    bytes: int
    examples: int
    tokens: int | None
    shapes: tuple[frozenset[str], ...]
    roles: tuple[str, ...] = ROLES


OPENAI = Limits("OpenAI", 512 * 1000**2, 10, 65_536, (frozenset({"messages"}),))
ESTIMATE = Estimate("gpt")
TOGETHER = Limits("Together", int(50.1 * 2**30), 1, None, SHAPES)
LIMITS = {"openai": OPENAI, "together": TOGETHER}
"""Limits by the name that the table of formats uses."""


def check_file(file: Path, limits: Limits, counter: TokenCounter | None = None) -> list[str]:
    """What is wrong with a file: the first few problems, each with its line; nothing if it can be uploaded."""
    problems = []
    if file.stat().st_size > limits.bytes:
        problems.append(f"{file.stat().st_size:,} bytes; {limits.provider} accepts {limits.bytes:,}")
    count, shape = 0, None
    for number, line in enumerate(plain_lines(file), 1):
        if len(problems) >= MAX_PROBLEMS:
            break
        count += 1
        row, fault = _parsed(line)
        fault = fault or _row_fault(row, limits, shape, counter or ESTIMATE)
        shape = shape or frozenset(row)
        problems += [f"line {number}: {fault}"] if fault else []
    if count < limits.examples and len(problems) < MAX_PROBLEMS:
        problems.append(f"{count} examples; {limits.provider} needs at least {limits.examples}")
    return problems


def _parsed(line: bytes) -> tuple[dict[str, Any], str]:
    try:
        row = read_json(line)
    except ValueError:
        return {}, "not JSON"
    return (row, "") if isinstance(row, dict) else ({}, "not a JSON object")


def _row_fault(row: dict[str, Any], limits: Limits, shape: frozenset[str] | None, counter: TokenCounter) -> str:
    keys = frozenset(row)
    if keys not in limits.shapes:
        return f"the keys are {', '.join(sorted(keys)) or 'none'}"
    if shape is not None and keys != shape:
        return f"the keys are {', '.join(sorted(keys))}, those of the first line {', '.join(sorted(shape))}"
    fault = next((fault for check in CHECKS if (fault := check(row, limits))), "")
    if fault or limits.tokens is None:
        return fault
    texts = [value for name, value in row.items() if name != "messages"]
    tokens = sum(counter.count([*texts, *(turn["content"] for turn in row.get("messages", ()))]))
    return f"{tokens:,} tokens; at most {limits.tokens:,}" if tokens > limits.tokens else ""


def _texts_fault(row: dict[str, Any], _limits: Limits) -> str:
    wrong = [name for name in row if name != "messages" and not isinstance(row[name], str)]
    empty = [name for name in row if name != "messages" and row[name] == ""]
    if wrong:
        return f"{wrong[0]} is not a text"
    return f"{empty[0]} is empty" if empty else ""


def _messages_fault(row: dict[str, Any], limits: Limits) -> str:
    messages = row.get("messages")
    if "messages" not in row:
        return ""
    if not isinstance(messages, list) or not messages or not all(isinstance(turn, dict) for turn in messages):
        return "messages is not a list of turns"
    for turn in messages:
        if turn.get("role") not in limits.roles:
            return f"the role {turn.get('role')!r}"
        if not isinstance(turn.get("content"), str) or not turn["content"]:
            return "a turn without content"
        if set(turn) - {"role", "content", "weight", "name"}:
            return f"a turn with the keys {', '.join(sorted(turn))}"
    return _order_fault([turn["role"] for turn in messages])


def _order_fault(roles: list[str]) -> str:
    """At most one system turn, at the start, then user and assistant alternating, the assistant last."""
    spoken = roles[1:] if roles[0] == "system" else roles
    if not spoken or spoken[-1] != "assistant":
        return "the last turn is not the assistant's"
    if spoken[0] != "user":
        return "the chat does not begin with a user's turn"
    return "" if spoken == ["user", "assistant"] * (len(spoken) // 2) else "user and assistant do not alternate"


CHECKS: tuple[Callable[[dict[str, Any], Limits], str], ...] = (_texts_fault, _messages_fault)
