"""What went wrong with a call, whatever the provider: the terms that retries, rate control and batches work with.

A provider maps its server's errors to these and to `docgen.errors.RequestFailed` (this one call cannot succeed) and
`StopRun` (no call can).
"""

import html
import re

from docgen.errors import RequestFailed, StopRun

__all__ = ["INTERRUPTED", "NotFound", "Transient", "first_words", "interrupted", "one_line"]

PAGE = re.compile(r"\s*<(?:!doctype|html|head|body|center|h1)\b", re.IGNORECASE)
UNSEEN = re.compile(r"<(head|title|script|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?-->|<[^>]*>?", re.IGNORECASE | re.DOTALL)
TITLE = re.compile(r"<title\b[^>]*>([^<]*)", re.IGNORECASE)
LONGEST_PAGE = 20_000
"""Bytes of a page that are looked at: styles and scripts come before the words."""

INTERRUPTED = "interrupted"
"""Reason of the `StopRun` raised in calls that are waiting when the run is asked to stop."""


class Transient(RequestFailed):
    """A failure that a retry may cure.

    `after` is the wait in seconds that the server asked for, if any. `busy` means that the server is overloaded.
    `maybe_billed` means that the reply was lost in transit, so the call may have been billed.
    """

    def __init__(
        self, kind: str, message: str, after: float | None = None, busy: bool = False, maybe_billed: bool = False
    ) -> None:
        super().__init__(kind, message)
        self.after, self.busy, self.maybe_billed = after, busy, maybe_billed


class NotFound(StopRun):
    """A 404 with the API's own `not_found_error`, not just any server's.

    The thing does not exist, or belongs to another workspace than the key.
    """


def interrupted() -> StopRun:
    """The error of a call that was waiting when the run was asked to stop."""
    return StopRun(INTERRUPTED, "interrupted", "Run the same command again to go on")


def one_line(message: str) -> str:
    """`message` as one printable line for a terminal, at most 300 characters."""
    printable = "".join(c if c.isprintable() else " " for c in message)
    return " ".join(printable.split())[:300]


def first_words(body: bytes) -> str:
    """The first words of a body that is not JSON, on one line; of a page what a browser would show, after its title."""
    text = body[:LONGEST_PAGE].decode("utf-8", "replace")
    if not PAGE.match(text):
        return one_line(text[:300])
    shown, title = html.unescape(UNSEEN.sub(" ", text)), TITLE.search(text)
    heading = one_line(html.unescape(title[1])) if title else ""
    return one_line(shown if heading in one_line(shown) else f"{heading}: {shown}") or "an empty page"
