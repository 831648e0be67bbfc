"""What chat-completions servers say besides the reply: their errors as docgen's own, their rate limits under common
names."""

import datetime as dt
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from docgen.errors import RequestFailed, StopRun
from docgen.llm.errors import Transient, one_line
from docgen.llm.providers.anthropic_errors import from_error_body, from_status
from docgen.llm.providers.messages_format import server_words

__all__ = ["chat_error", "chat_error_in_reply", "stated_limits"]

FIXES = {
    "bad_key": "Check {key_variable}",
    "permission": "Use a key with access to this model and endpoint",
    "unknown_model": "Check --model: name one that the server lists at /v1/models",
    "wrong_url": "Check --base-url: it must serve chat completions at /v1/chat/completions",
}
"""What to do about an error, if that differs from the Messages API."""
NO_MONEY = ("insufficient_quota", "insufficient credits", "billing_hard_limit_reached", "billing_not_active")
RESOURCES = {"requests": "requests", "tokens": "input-tokens"}
"""Kinds of limits, and the pacer's names for them. OpenAI counts a prompt and the room for its reply as tokens
together; pacing by the prompts alone is too fast at worst, and refusals then slow it down."""
UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
EPOCH, EPOCH_MS = 1e9, 1e12
"""From these values on, a plain number is a point in time (seconds, milliseconds since 1970), not seconds to wait."""


def chat_error(
    status: int, body: Any, head: str, headers: Mapping[str, str], key_variable: str
) -> RequestFailed | StopRun:
    """The error for an HTTP status of 300 or more; `head` is the beginning of the body, for what is not JSON.

    `key_variable` is where the user has the provider's key.
    """
    kind, message = server_words(body)
    error = body.get("error") if isinstance(body, Mapping) else None
    code = str(error.get("code") or "") if isinstance(error, Mapping) else ""
    words = f"{kind} {code} {message}".lower()
    if any(word in words for word in NO_MONEY):
        fix = "Raise the limit or add credit, then run the same command again"
        return StopRun("spend_limit", one_line(message or code), fix)
    if status == 400 and code == "model_not_found":
        status = 404
    limits = {**headers, **stated_limits(headers)}
    return _advised(from_status(status, kind, code, message or head, limits, key_variable), key_variable)


def chat_error_in_reply(body: Any, key_variable: str) -> RequestFailed | StopRun | None:
    """The error in a body with status 200, as gateways send them; None if there is none."""
    kind, words = server_words(body)
    error = body.get("error") if isinstance(body, Mapping) else None
    if not words or not error:
        return None
    code = error.get("code") if isinstance(error, Mapping) else None
    if isinstance(code, int) and 400 <= code < 600:
        failed = chat_error(code, body, words, {}, key_variable)
        return Transient(failed.kind, failed.message, maybe_billed=True) if isinstance(failed, Transient) else failed
    return _advised(from_error_body(kind, words, key_variable), key_variable)


def _advised(error: RequestFailed | StopRun, key_variable: str) -> RequestFailed | StopRun:
    if isinstance(error, StopRun) and error.reason in FIXES:
        return StopRun(error.reason, error.message, FIXES[error.reason].format(key_variable=key_variable))
    return error


def stated_limits(headers: Mapping[str, str]) -> dict[str, str]:
    """The rate limits in a response's headers under the names by which docgen's rate control reads them.

    Understands OpenAI's (`x-ratelimit-limit-requests`, resets like "1m30s" or "20ms", also Groq's and vLLM gateways')
    and the plain `x-ratelimit-limit` of Together and OpenRouter, whose resets are seconds or a point in time.
    """
    stated: dict[str, str] = {}
    for theirs, ours in RESOURCES.items():
        suffixes = (f"-{theirs}", "") if theirs == "requests" else (f"-{theirs}",)
        for suffix in suffixes:
            limit = headers.get(f"x-ratelimit-limit{suffix}")
            remaining = headers.get(f"x-ratelimit-remaining{suffix}")
            if limit is None or remaining is None:
                continue
            prefix = f"anthropic-ratelimit-{ours}"
            stated |= {f"{prefix}-limit": limit, f"{prefix}-remaining": remaining}
            seconds = _seconds(headers.get(f"x-ratelimit-reset{suffix}", ""))
            if seconds is not None:
                moment = dt.datetime.fromtimestamp(time.time() + seconds, dt.UTC)
                stated[f"{prefix}-reset"] = moment.isoformat()
            break
    return stated


def _seconds(text: str) -> float | None:
    """Seconds until a reset; None for what cannot be read or is over a year away."""
    with suppress(ValueError):
        number = float(text)
        if number >= EPOCH:
            number = (number / 1000 if number >= EPOCH_MS else number) - time.time()
        return min(max(0.0, number), 365 * 86_400.0)
    parts = DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        return None
    return min(sum(float(number) * UNIT_SECONDS[unit] for number, unit in parts), 365 * 86_400.0)
