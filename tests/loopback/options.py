"""How the loopback server is to behave; every record is JSON both ways, so that another process can be told."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["FAULTS", "BatchOptions", "Limits", "Options", "every_fault"]

FAULTS = (
    "429",
    "429_after",
    "529",
    "500",
    "reset",
    "truncated",
    "html",
    "empty",
    "refusal",
    "max_tokens",
    "slow",
)
"""429_after carries retry-after; reset, truncated and html lose the reply; the four last are billed replies."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(_Model):
    """A token bucket for requests, optionally for input and output tokens: per second, and burst.

    `headers`: the true rate-limit headers, none at all, ones that claim a tenth of the real rate, or ten times as much.
    `retry_after`: seconds that a 429 asks to wait, None to say nothing.
    """

    requests: tuple[float, float]
    input_tokens: tuple[float, float] | None = None
    output_tokens: tuple[float, float] | None = None
    headers: Literal["true", "none", "wrong", "boast"] = "true"
    retry_after: float | None = None


class BatchOptions(_Model):
    """Batches: seconds until one ends; shares of items errored, expired, and of lost replies to creation.

    `refused`: what a file-based batch fails validation with; "" for none.
    """

    seconds: float = 0.2
    errored: float = 0.0
    expired: float = 0.0
    lost_create: float = 0.0
    enabled: bool = True
    refused: str = ""


class Options(_Model):
    """`faults` maps a name of FAULTS to its probability; draws depend on seed, request and try alone.

    `latency` and `jitter` in seconds. `capacity`: requests worked on at once, more of them wait (a GPU server);
    `overload`: requests in flight beyond which it answers 529. `structured` False answers 400 to output_config.
    `words` fixes the length of documents; `sentences` are what they are made of, in any language, instead of English;
    `canned` sends one and the same, which costs the server nothing (benchmarks). `spend_limit`: successes after which
    every call gets the spend-limit error. As a `judge` it reads, or babbles. `log`: a JSONL file of what was billed.
    `room`: the only field for the most tokens of a chat completion that it knows; None: both.
    """

    faults: dict[str, float] = {}
    seed: int = 0
    latency: float = 0.0
    jitter: float = 0.0
    slow_seconds: float = 1.0
    capacity: int | None = None
    overload: int | None = None
    structured: bool = True
    spend_limit: int | None = None
    words: int | None = None
    judge: Literal["reads", "babbles"] = "reads"
    sentences: tuple[str, ...] = ()
    canned: bool = False
    cache_min_tokens: int = 512
    limits: Limits | None = None
    batches: BatchOptions = BatchOptions()
    models: tuple[str, ...] | None = None
    log: str | None = None
    room: Literal["max_tokens", "max_completion_tokens"] | None = None


def every_fault(rate: float, without: tuple[str, ...] = ("slow",)) -> dict[str, float]:
    """Probabilities that sum to `rate`, spread evenly over the faults."""
    names = [name for name in FAULTS if name not in without]
    return dict.fromkeys(names, rate / len(names))
