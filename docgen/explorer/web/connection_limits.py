"""Limits on the server's connections: how many at once, and how soon each has to send a request."""

import asyncio
import logging
import resource
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["BACKLOG", "BoundedConnections", "hush_accept_errors"]

MAX_CONNECTIONS = 200
"""Connections at once. Chosen: six browsers with thirty pages loading; at most half of the files that may be open."""
BACKLOG = 64
"""Connections that the system holds until they are taken. Chosen: as many may be taken before any is turned away."""


class BoundedConnections(H11Protocol):
    """HTTP over one connection; turned away where there are too many, closed where nothing is asked."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or not."""
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            transport.abort()
            return
        # Seconds until it has sent a whole request. Chosen: twice what a slow machine takes.
        self._deadline = self.loop.call_later(20.0, self._close_silent)

    def _close_silent(self) -> None:
        if self.cycle is None:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)


def most_connections() -> int:
    """How many there may be at once."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else max(8, min(MAX_CONNECTIONS, soft // 2 - BACKLOG))


def hush_accept_errors() -> None:
    """Say nothing for each connection that the system has no room for: there may be thousands a second."""

    def is_worth_saying(record: Any) -> bool:
        return "out of system resource" not in record.getMessage()

    logging.getLogger("asyncio").addFilter(is_worth_saying)
