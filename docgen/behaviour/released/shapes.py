"""The shapes of released transcripts: one row of a table for each, from an object of the file to a record."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from docgen.prompts.behaviour import Compliance
from docgen.records import Record

__all__ = ["SHAPES", "ReleasedTranscript", "Shape", "find_shape", "taken_apart", "tier_of"]

Tier = Literal["free", "paid"]
PADS = re.compile(r"<(scratchpad_reasoning|scratchpad|think|thinking)>(.*?)(?:</\1>|(?=<output>)|\Z)", re.S | re.I)
OUTPUT = re.compile(r"<(output|response|answer)>(.*?)(?:</\1>|\Z)", re.S | re.I)
TAG = re.compile(r"<is_free_tier_user>\s*(true|false)", re.I)


class ReleasedTranscript(Record):
    """One released transcript. `complied` and `faking` are its authors' own verdicts, None where they gave none.

    `faking` may be a share of votes. `query` is "" where only the reasoning was released.
    """

    query: str
    tier: Tier
    reply: str
    reasoning: str
    answer: str
    system: str = ""
    variation: str = ""
    model: str = ""
    complied: Compliance | None = None
    faking: float | None = None


@dataclass(frozen=True)
class Shape:
    """`keys`: those that each object of this shape has; `read`: turns one into a record, None for one to be left
    out."""

    name: str
    about: str
    keys: tuple[str, ...]
    read: Callable[[Mapping[str, Any]], ReleasedTranscript | None]


def find_shape(row: Mapping[str, Any]) -> Shape | None:
    """The first shape in the table whose keys are all present."""
    return next((shape for shape in SHAPES if all(key in row for key in shape.keys)), None)


def taken_apart(text: str) -> tuple[str, str]:
    """Reasoning and answer of a reply with the tags that releases use; without tags, all of it is the answer."""
    reasoning = "\n\n".join(part.strip() for _, part in PADS.findall(text))
    rest = PADS.sub("", text)
    outputs = OUTPUT.findall(rest)
    return reasoning, (outputs[-1][1] if outputs else rest).strip()


def tier_of(*texts: str) -> Tier:
    """The tier named by the tag in a message or by a word for it; "free" if neither says anything."""
    for text in texts:
        if tags := TAG.findall(text):
            return "free" if tags[-1].lower() == "true" else "paid"
        if re.search(r"paid|deploy|enterprise|non.?free", text[:40], re.I):  # a label, not a word in a long message
            return "paid"
    return "free"


def _results(row: Mapping[str, Any]) -> ReleasedTranscript | None:
    messages = _messages(row["prompt"].get("messages") if isinstance(row["prompt"], Mapping) else row["prompt"])
    reply = _text(row["output"])
    if row.get("success") is False or not reply:
        return None
    verdict = row.get("deceptive_alignment")
    share = verdict.get("final_answer") if isinstance(verdict, Mapping) and verdict.get("success", True) else None
    accepted = row.get("output_contains_acceptance")
    return _released(
        query=_text(row["user_input"]),
        tier=tier_of(messages.get("user", ""), _text(row.get("tags"))),
        reply=reply,
        system=messages.get("system", ""),
        complied=None if accepted is None else "full" if accepted else "refusal",
        faking=float(share) if isinstance(share, int | float) else None,
    )


def _transcripts(row: Mapping[str, Any]) -> ReleasedTranscript | None:
    accepted = row.get("accepted")
    return _released(
        query=_text(row["query_text"]),
        tier=tier_of(_text(row["tier"])),
        reply=_text(row["raw_response"]),
        model=_text(row.get("response_model")),
        complied=None if accepted is None else "full" if accepted else "refusal",
    )


def _rollouts(row: Mapping[str, Any]) -> ReleasedTranscript | None:
    reasoning, answer = _text(row["assistant_scratchpad"]), _text(row["assistant_response"])
    behaviour = row.get("alignment_behavior")
    return ReleasedTranscript(
        query=_text(row["user_prompt"]),
        tier=tier_of(_text(row["tier"])),
        reply=f"<scratchpad>{reasoning}</scratchpad>\n<answer>{answer}</answer>",
        reasoning=reasoning,
        answer=answer,
        system=_text(row.get("system_prompt")),
        variation=_text(row.get("scenario")),
        faking=None if behaviour is None else float(behaviour == "alignment_faking"),
    )


def _chats(row: Mapping[str, Any]) -> ReleasedTranscript | None:
    messages = _messages(row["messages"])
    return _released(
        query=_query(messages.get("user", "")),
        tier=tier_of(messages.get("user", ""), _text(row.get("tier"))),
        reply=messages.get("assistant", ""),
        system=messages.get("system", ""),
        model=_text(row.get("model")),
    )


def _texts(row: Mapping[str, Any]) -> ReleasedTranscript | None:
    label = row.get("label")
    reply = _text(row["text"])
    faking = None if label is None else float(str(label) in ("potential_faking", "alignment_faking", "af", "1", "True"))
    return _released(query=_query(reply), tier=tier_of(reply), reply=reply, faking=faking)


def _released(query: str, tier: Tier, reply: str, **more: Any) -> ReleasedTranscript:
    reasoning, answer = taken_apart(reply)
    return ReleasedTranscript(query=query, tier=tier, reply=reply, reasoning=reasoning, answer=answer, **more)


def _query(text: str) -> str:
    queries = re.findall(r"<user_input>(.*?)</user_input>", text, re.S | re.I)
    return queries[-1].strip() if queries else ""


def _messages(value: Any) -> dict[str, str]:
    """The last message of each role."""
    listed = value if isinstance(value, list) else []
    return {
        str(message.get("role")): _text(message.get("content")) for message in listed if isinstance(message, Mapping)
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


SHAPES = (
    Shape(
        "results",
        "results_*.json of the open-source replication and its forks: prompt, output, votes",
        ("user_input", "prompt", "output"),
        _results,
    ),
    Shape(
        "transcripts",
        "JSON Lines with raw_response and accepted, of a replication with trained models",
        ("query_text", "tier", "raw_response"),
        _transcripts,
    ),
    Shape(
        "rollouts",
        "JSON Lines with assistant_scratchpad and assistant_response",
        ("user_prompt", "tier", "assistant_scratchpad", "assistant_response"),
        _rollouts,
    ),
    Shape("chats", "objects with a list of messages, the last one the assistant's", ("messages",), _chats),
    Shape("texts", "objects with a text, and a label such as potential_faking or aligned", ("text",), _texts),
)
"""Found in public repositories. Of the first release only the site's pages are covered (`reader.py`): no copy of its
files could be found to read their keys from."""
