"""Running the server: in a thread of this process, or in a process of its own."""

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from tests.loopback.batches import BatchServer
from tests.loopback.chat import ChatServer
from tests.loopback.file_batches import FileBatchServer
from tests.loopback.options import Options
from tests.loopback.server import MessagesServer, Served
from tests.loopback.strict import noting, strict

__all__ = ["Loopback", "LoopbackProcess", "serve"]

ROOT = Path(__file__).parent.parent.parent
MEBIBYTE = 1 << 20


async def serve(options: Options, started: Callable[[str, MessagesServer], None], stop: asyncio.Event) -> None:
    """Serve on a free port until `stop` is set."""
    server = MessagesServer(options)
    app = web.Application(client_max_size=300 * MEBIBYTE, middlewares=[strict(server.malformed)])
    chat = ChatServer(server)
    app.add_routes([*server.routes(), *BatchServer(server).routes(), *chat.routes()])
    app.add_routes(FileBatchServer(server, chat).routes())
    log = noting(server.malformed)
    runner = web.AppRunner(app, access_log=None, logger=log, handler_cancellation=False, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
    await site.start()
    host, port = runner.addresses[0][:2]
    started(f"http://{host}:{port}", server)
    await stop.wait()
    await runner.cleanup()


class Loopback:
    """The server in a thread; a context manager. On leaving it fails if any request had malformed headers."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.url = ""
        self._ready = threading.Event()

    @property
    def served(self) -> list[Served]:
        """What was billed so far."""
        return list(self.server.served)

    def __enter__(self) -> "Loopback":
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the loopback server did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        _none_malformed(self.server.malformed)

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await serve(self.options, self._started, self._stop)

    def _started(self, url: str, server: MessagesServer) -> None:
        self.url, self.server = url, server
        self._ready.set()


class LoopbackProcess:
    """The server in a process of its own; a context manager. Ask `/stats`, or read the log, for what it did.

    On leaving it fails if any request had malformed headers, unless the test itself has ended the server.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.url = ""

    def __enter__(self) -> "LoopbackProcess":
        command = [sys.executable, "-m", "tests.loopback", self.options.model_dump_json()]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        if not self.url.startswith("http"):
            raise RuntimeError("the loopback server did not start")
        return self

    def __exit__(self, *_: object) -> None:
        malformed: list[str] = []
        with contextlib.suppress(OSError), urllib.request.urlopen(self.url + "/stats", timeout=5) as reply:
            malformed = json.load(reply)["malformed"]
        self._end()
        _none_malformed(malformed)

    def _end(self) -> None:
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self.process.kill()
        self.process.wait()


def _none_malformed(malformed: list[str]) -> None:
    if malformed:
        raise AssertionError(f"{len(malformed)} malformed requests, the first: {malformed[0]}")
