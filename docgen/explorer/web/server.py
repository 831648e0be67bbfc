"""Serves the pages: on a free port of this machine, opening the browser once they answer."""

import socket
import threading
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from docgen.errors import ConfigError

if TYPE_CHECKING:
    from docgen.explorer.viewable import Viewable

__all__ = ["bind", "hosts_of", "serve"]

LOOPBACK = "127.0.0.1"


def bind(port: int = 0) -> socket.socket:
    """A listening socket on the loopback interface; port 0 takes any that is free. Raises `ConfigError`."""
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((LOOPBACK, port))
    except (OSError, OverflowError) as error:
        opened.close()
        raise ConfigError(
            f"cannot be used ({getattr(error, 'strerror', None) or error})", f"--port {port}", "Leave it out"
        ) from error
    return opened


def hosts_of(port: int) -> frozenset[str]:
    """Values of the Host header for which the server answers."""
    return frozenset({f"{LOOPBACK}:{port}", f"localhost:{port}"})


def serve(
    views: "Sequence[Viewable]", listening: socket.socket, opened: Callable[[str], None], browser: bool = True
) -> None:
    """Serve until interrupted; `opened` is called with the address once the server answers."""
    import uvicorn

    from docgen.explorer.web.app import make_app
    from docgen.explorer.web.connection_limits import BACKLOG, BoundedConnections, hush_accept_errors

    port = listening.getsockname()[1]
    app = make_app(name_views(views), hosts_of(port))
    hush_accept_errors()
    config = uvicorn.Config(
        app, log_level="error", access_log=False, lifespan="off", server_header=False, ws="none",
        http=BoundedConnections, backlog=BACKLOG,
    )  # fmt: skip
    server = uvicorn.Server(config)
    url = f"http://{LOOPBACK}:{port}/"

    def when_ready() -> None:
        while not server.started and not server.should_exit:
            threading.Event().wait(0.02)
        if server.started:
            opened(url)
            if browser:
                webbrowser.open(url)

    starting = threading.Thread(target=when_ready, daemon=True)
    starting.start()
    with suppress(KeyboardInterrupt):  # which is how serving ends
        server.run(sockets=[listening])
    starting.join()
    for view in views:
        view.close()


def name_views(views: "Sequence[Viewable]") -> "dict[str, Viewable]":
    """Views by name; of two of one name the second gets a number."""
    by_name: dict[str, Viewable] = {}
    for view in views:
        name, number = view.name, 2
        while name in by_name:
            name, number = f"{view.name}-{number}", number + 1
        view.name = name
        by_name[name] = view
    return by_name
