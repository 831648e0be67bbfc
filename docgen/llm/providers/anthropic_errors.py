"""Maps the Messages API's errors to docgen's own: what is retried, what fails one call, what stops the run."""

import math
import time
from collections.abc import Mapping
from contextlib import suppress

from docgen.errors import RequestFailed, StopRun
from docgen.llm.errors import NotFound, Transient, one_line
from docgen.llm.ratelimit.headers import http_date

__all__ = ["from_status", "retry_after"]

RETRIED_STATUS = frozenset({408, 409, 425, 429})
SPEND_WORDS = ("spend_limit", "billing_error", "billing", "credit balance")


def from_status(
    status: int, error_type: str, code: str, message: str, headers: Mapping[str, str]
) -> RequestFailed | StopRun:
    """The error for an HTTP status of 300 or more. `error_type` and `code` are the API's, "" if it gave none."""
    detail = one_line(message).rstrip(". ") or error_type or f"HTTP {status}"
    words = f"{error_type} {code} {detail}".lower()
    if status == 402 or (status in (400, 403, 429) and any(word in words for word in SPEND_WORDS)):
        return StopRun("spend_limit", detail, "Raise the limit or add credit, then run the same command again")
    if status == 401:
        return StopRun("bad_key", detail, "Check ANTHROPIC_API_KEY (docgen doctor tests it)")
    if status == 403:
        return StopRun("permission", detail, "Use a key with access to this model and endpoint (see: docgen doctor)")
    stop = NotFound if status == 404 and error_type == "not_found_error" else StopRun
    if status == 404 and "model" in words:
        return stop("unknown_model", detail, "Check --model (docgen doctor lists the models that the key can use)")
    if status in (404, 405) or 300 <= status < 400:
        return stop("wrong_url", detail, "Check --base-url: it must serve the Anthropic Messages API")
    if status in RETRIED_STATUS or status >= 500:
        busy = status in (429, 503, 529)
        return Transient(str(status), detail, retry_after(headers), busy, maybe_billed=status in (408, 504))
    return RequestFailed(str(status), detail)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The wait in seconds from `retry-after-ms` or `retry-after` (seconds or an HTTP date), or None."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        with suppress(ValueError):
            value = float(headers.get(name, ""))
            if value < math.inf:  # neither infinite nor NaN
                return max(0.0, value / unit)
    date = http_date(headers.get("retry-after", ""))
    return None if date is None else max(0.0, date - time.time())
