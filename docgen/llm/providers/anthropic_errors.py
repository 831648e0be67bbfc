"""Maps the Messages API's errors to docgen's own: what is retried, what fails one call, what stops the run."""

import math
import time
from collections.abc import Mapping
from contextlib import suppress

from docgen.errors import RequestFailed, StopRun
from docgen.llm.errors import NotFound, Transient, one_line
from docgen.llm.ratelimit.headers import allowances, http_date

__all__ = ["from_error_body", "from_status", "retry_after"]

RETRIED_STATUS = frozenset({408, 409, 425, 429})
"""In addition to 500 and above: timeout, conflict and rate limit, as the SDK does, and "too early" (RFC 8470)."""
SPEND_WORDS = ("spend_limit", "billing_error", "billing", "credit balance")
STATUS_OF_TYPE = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The Messages API's error types and their statuses."""


def from_status(
    status: int, error_type: str, code: str, message: str, headers: Mapping[str, str], key_variable: str
) -> RequestFailed | StopRun:
    """The error for an HTTP status of 300 or more. `error_type` and `code` are the API's, "" if it gave none.

    `key_variable` is where the user has the provider's key.
    """
    detail = one_line(message).rstrip(". ") or error_type or f"HTTP {status}"
    words = f"{error_type} {code} {detail}".lower()
    if status == 402 or (status in (400, 403, 429) and any(word in words for word in SPEND_WORDS)):
        return StopRun("spend_limit", detail, "Raise the limit or add credit, then run the same command again")
    if status == 401:
        return StopRun("bad_key", detail, f"Check {key_variable} (docgen doctor tests it)")
    if status == 403:
        return StopRun("permission", detail, "Use a key with access to this model and endpoint (see: docgen doctor)")
    stop = NotFound if status == 404 and error_type == "not_found_error" else StopRun
    if status == 404 and "model" in words:
        return stop("unknown_model", detail, "Check --model (docgen doctor lists the models that the key can use)")
    if status in (404, 405) or 300 <= status < 400:
        return stop("wrong_url", detail, "Check --base-url: it must serve the Anthropic Messages API")
    if status in RETRIED_STATUS or status >= 500:
        busy = status in (429, 503, 529)  # the last is Anthropic's "overloaded"
        return Transient(str(status), detail, retry_after(headers), busy, maybe_billed=status in (408, 504))
    return RequestFailed(str(status), detail)


def from_error_body(error_type: str, message: str, key_variable: str) -> RequestFailed | StopRun:
    """The error for an error body with status 200, as gateways send them: by its type, if that is known.

    Tried again like any passing fault, even if it says that the server is busy: there is no `retry-after`.
    """
    status = STATUS_OF_TYPE.get(error_type, 0)
    error = from_status(status, error_type, "", message, {}, key_variable)
    if isinstance(error, StopRun) or status in (400, 413):
        return error
    return Transient(str(status or error_type or "error"), one_line(message).rstrip(". "))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that `retry-after-ms` or `retry-after` (seconds or an HTTP date) ask for, or a used-up limit; or None."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        with suppress(ValueError):
            value = float(headers.get(name, ""))
            if value < math.inf:  # neither infinite nor NaN
                return max(0.0, value / unit)
    date = http_date(headers.get("retry-after", ""))
    if date is not None:
        return max(0.0, date - time.time())
    limits = allowances(headers, time.time()).values()
    waits = [each.seconds_to_full for each in limits if each.remaining < 1 and each.seconds_to_full]
    longest = max(waits, default=0.0)
    # Limits per minute are left to pacing; they are full again within 60 s, and resets are rounded to a second.
    return longest if longest > 61.0 else None
