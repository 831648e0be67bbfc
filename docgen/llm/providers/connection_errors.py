"""Explains in plain words why a connection failed."""

import errno
import os

import aiohttp

__all__ = ["never_connected"]

NEVER_CONNECTED = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL}
)


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
