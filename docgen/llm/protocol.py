"""What a language model is to docgen: one method, from a request to a completion."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from docgen.records import Record
from docgen.text import digest

__all__ = ["LLM", "Completion", "Request", "Usage"]


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
    """One call. `system` is the stable prefix that many requests share, `user` the part that is this request's own.

    `variables` are what the messages were rendered from; the offline provider composes from them, and they never reach
    a model. `sample` distinguishes deliberate repetitions of the same prompt, since the API has no seed. `cacheable`:
    many requests share this system text, so a prompt cache pays.
    """

    stage: str
    template: str
    system: str
    user: str
    model: str
    max_tokens: int
    schema: Mapping[str, Any] | None = None
    effort: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    sample: int = 0
    cacheable: bool = False
    variables: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def key(self) -> str:
        """Hash, 32 hex digits, of everything that reaches the model; valid as a batch's `custom_id`."""
        options = [self.schema, self.effort, dict(self.extra), self.max_tokens, self.sample]
        return digest(self.model, self.system, self.user, json.dumps(options, sort_keys=True))


class Completion(Record):
    """A reply as received; nothing in it has been parsed.

    `stop_reason` is the API's ("end_turn", "max_tokens", "refusal", ...), `category` that of a refusal. `dollars` is
    None if the model's price is not known. `reused` means that it came from the journal.
    """

    text: str
    stop_reason: str
    model: str
    usage: Usage = Usage()
    category: str = ""
    dollars: float | None = None
    batched: bool = False
    reused: bool = False


class LLM(Protocol):
    """Anything that answers requests."""

    @property
    def engine(self) -> str:
        """ "anthropic", "offline" or "fake"; recorded with every document."""

    async def complete(self, request: Request) -> Completion:
        """Answer one request.

        Raises `RequestFailed` when this call failed for good but others may succeed, `StopRun` when none can.
        """
