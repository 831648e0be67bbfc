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
    """Tokens of one or many calls. `input` excludes what was read from or written to the prompt cache."""

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
    """One call. `system` is the stable prefix that many requests share; `user` is this request's own part.

    `variables` are what the messages were rendered from: the offline provider composes from them; they never reach a
    model. `sample` tells apart deliberate repetitions of the same prompt, since the API has no seed. `cacheable` says
    that many requests share this system text, so that a prompt cache can pay.
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
        """Content hash, 32 hex digits, of everything that reaches the model. Fit for a batch's `custom_id`."""
        options = [self.schema, self.effort, dict(self.extra), self.max_tokens, self.sample]
        return digest(self.model, self.system, self.user, json.dumps(options, sort_keys=True))


class Completion(Record):
    """A reply as it was paid for; nothing in it is parsed yet.

    `stop_reason` is the API's word ("end_turn", "max_tokens", "refusal", ...), `category` the refusal's, `dollars`
    None when the model has no known price, `reused` True when the journal answered.
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
        """ "anthropic", "offline" or "fake": recorded with every document."""

    async def complete(self, request: Request) -> Completion:
        """Answer one request.

        Raises `RequestFailed` when this call failed for good (others may go on) and `StopRun` when none can succeed.
        """
