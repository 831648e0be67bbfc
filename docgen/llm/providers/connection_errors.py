"""Explains in plain words why a connection or a call failed, without the key."""

import errno
import os

import aiohttp

from docgen.llm.errors import one_line
from docgen.text.output.secret_redaction import hide_in_error

__all__ = ["CONNECT_SECONDS", "hidden", "never_connected"]

CONNECT_SECONDS = 10.0
"""Seconds for a connection, TLS included. Chosen: many times what a distant server takes. As nothing has been sent by
then, the call is tried again, so a host that does not answer costs a minute rather than the timeout of a reply."""

NEVER_CONNECTED = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL}
)


def hidden(error: object) -> str:
    """The error's text on one line, without the key in case a server or a proxy echoed it."""
    return one_line(hide_in_error(str(error) or type(error).__name__))


def never_connected(error: BaseException) -> str:
    """The system's word for why there was no connection, so that nothing can have been billed; "" where there was one.

    "Connection refused" rather than asyncio's "Cannot connect to host ... [Connect call failed ('127.0.0.1', 8080)]".
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, aiohttp.ClientConnectorError):
            return _words(cause.os_error) or str(cause)
        if isinstance(cause, OSError) and cause.errno in NEVER_CONNECTED:
            return _words(cause)
        cause = cause.__cause__ or cause.__context__
    return ""


def _words(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or ""
