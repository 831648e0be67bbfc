"""The interface to language models: one method, from a request to a completion."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from docgen.records import Record
from docgen.text import digest

__all__ = ["LLM", "NOT_STATED", "PROPER_ENDS", "Completion", "Request", "Usage"]

NOT_STATED = "not stated"
"""The stop reason of a reply whose server gave none."""
PROPER_ENDS = frozenset({"end_turn", "stop_sequence", "stop", "eos", "eos_token", "end", "complete", "completed"})
"""Stop reasons of a reply that the model ended itself, in the words of the Messages API and of other servers."""


class Usage(Record):
    """Tokens of one or more calls. `input` excludes tokens read from or written to the prompt cache."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input=self.input + other.input,
            output=self.output + other.output,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
        )


@dataclass(frozen=True)
class Request:
    """One call; `stage` names its prompt.

    `system` is the stable prefix that many requests share, `user` the part that is this request's own.

    `variables` are what the messages were rendered from; the embedded writer composes from them, and they never reach
    a model. `sample` distinguishes deliberate repetitions of the same prompt, since the API has no seed. `cacheable`:
    many requests share this system text, so a prompt cache pays. `engine`: which one answers, "" for the run's own; it
    is part of a reply's identity, since a journal keeps the replies of each engine apart.
    """

    stage: str
    system: str
    user: str
    model: str
    max_tokens: int
    schema: Mapping[str, Any] | None = None
    effort: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    sample: int = 0
    cacheable: bool = False
    engine: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def key(self) -> str:
        """Hash, 32 hex digits, of everything that reaches the model; valid as a batch's `custom_id`."""
        options = [self.schema, self.effort, dict(self.extra), self.max_tokens, self.sample]
        return digest(self.model, self.system, self.user, json.dumps(options, sort_keys=True))


class Completion(Record):
    """A reply as received; nothing in it has been parsed.

    `stop_reason` is the server's word ("end_turn", "max_tokens", "refusal", ...), `category` the refusal's, `dollars`
    None when the model has no known price, `reused` True when the journal answered. `usage_known` is False when the
    server did not report believable token counts, `thought` True when it sent blocks of thoughts in addition to the
    text.
    """

    text: str
    stop_reason: str
    model: str
    usage: Usage = Usage()
    category: str = ""
    dollars: float | None = None
    batched: bool = False
    reused: bool = False
    usage_known: bool = True
    thought: bool = False

    @property
    def ended(self) -> bool:
        """Whether the model finished by itself; also true if the server does not say why it stopped."""
        return self.stop_reason in PROPER_ENDS or self.stop_reason == NOT_STATED


class LLM(Protocol):
    """Anything that answers requests."""

    @property
    def engine(self) -> str:
        """ "anthropic", "offline" or "fake"; recorded with every document."""

    async def complete(self, request: Request) -> Completion:
        """Answer one request.

        Raises `RequestFailed` when this call failed for good but others may succeed, `StopRun` when none can.
        """
