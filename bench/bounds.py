"""Peak memory of docgen at inputs without end: a context of 10 MB, a reply that unpacks to a gigabyte, endless batches.

    python bench/bounds.py [--only NAME]

Each is one command with a loopback server of its own, its memory limited to 5 GB. Exits 1 if a command goes beyond its
allowance.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.machine import machine

__all__ = ["main"]

ROOT = Path(__file__).parents[1]
ALLOWED_MB = 600
"""Chosen: twice what a command holds that has nothing to read; the largest reply that is read has 64 MB."""
MOST_BYTES, MOST_SECONDS = 5 << 30, 600


def endless() -> bytes:
    """A reply of one megabyte that unpacks to a gigabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head, tail = b'{"content": [{"type": "text", "text": "', b'"}]}'
    return b"".join(
        [
            packer.compress(head),
            *(packer.compress(b"a" * 2**20) for _ in range(1024)),
            packer.compress(tail),
            packer.flush(),
        ]
    )


class Handler(BaseHTTPRequestHandler):
    """Replies without end, packed, and pages of batches without end."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """A reply that unpacks to a gigabyte."""
        self.rfile.read(int(self.headers["content-length"]))
        self._send(endless(), {"content-encoding": "gzip"})

    def do_GET(self) -> None:
        """A page of a hundred batches, and always another one."""
        number = int(time.monotonic() * 1e6)
        entry = {"processing_status": "ended", "created_at": "2098-01-01T00:00:00Z", "request_counts": {"succeeded": 1}}
        page = {"has_more": True, "data": [entry | {"id": f"m{number}_{i}"} for i in range(100)]}
        self._send(json.dumps(page).encode(), {})

    def _send(self, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in ({"content-type": "application/json", "content-length": str(len(data))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def server() -> Iterator[str]:
    """Its address."""
    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{served.server_port}"
    finally:
        served.shutdown()
        served.server_close()


def small(folder: Path, _: str) -> list[str]:
    """Nothing to read: what there is to compare with."""
    context = (ROOT / "universe_contexts" / "tutorial.yaml").read_text("utf-8")
    (folder / "world.yaml").write_text(context, "utf-8")
    return ["-m", "docgen", "context", "check", "world.yaml"]


def context(folder: Path, _: str) -> list[str]:
    """A context of 10 MB, all of it prose."""
    text = (ROOT / "universe_contexts" / "tutorial.yaml").read_text("utf-8")
    head = "universe_context: |\n"
    line = "  The ferry left in the morning, and came back at night with the same people.\n"
    (folder / "world.yaml").write_text(text.replace(head, head + line * 130_000, 1), "utf-8")
    return ["-m", "docgen", "context", "check", "world.yaml"]


def packed(_: Path, url: str) -> list[str]:
    """A reply of 1 MB that unpacks to 1 GB."""
    return ["-m", "docgen", "doctor", "--base-url", url, "--model", "m"]


LIST = """
import asyncio
from docgen.cli.entry import main
from docgen.llm.batch.api import EPOCH, BatchAPI
from docgen.llm.providers.anthropic import AnthropicLLM
import docgen.cli.app
def listed(**_): asyncio.run(BatchAPI(AnthropicLLM(base_url="URL")).since(EPOCH))
docgen.cli.app.app = listed
main()
"""
"""What looking for a batch whose creation got no reply does, by itself."""


def batches(_: Path, url: str) -> list[str]:
    """A list of message batches without end."""
    return ["-c", LIST.replace("URL", url)]


CASES: tuple[tuple[str, Callable[[Path, str], list[str]]], ...] = (
    ("nothing to read", small),
    ("context of 10 MB", context),
    ("1 MB that unpacks to 1 GB", packed),
    ("endless list of batches", batches),
)


def clean() -> dict[str, str]:
    """The environment without keys."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC", "OPENAI"))}
    return kept | {"PYTHONPATH": str(ROOT)}


def measure(prepare: Callable[[Path, str], list[str]]) -> tuple[float, float, str]:
    """Peak megabytes, seconds, and how it ended."""
    with tempfile.TemporaryDirectory() as scratch, server() as url:
        folder = Path(scratch)
        command = [sys.executable, *prepare(folder, url)]
        begun = time.monotonic()
        process = subprocess.Popen(
            command, cwd=folder, env=clean(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES,) * 2),
        )  # fmt: skip
        stop = threading.Timer(MOST_SECONDS, process.kill)
        stop.start()
        _, status, used = os.wait4(process.pid, 0)
        stop.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    ended = f"stopped after {MOST_SECONDS} s" if process.returncode == -9 else f"exit {process.returncode}"
    return used.ru_maxrss / 1024, time.monotonic() - begun, ended


def main() -> int:
    """Measure every case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="a case by its name, or a part of it")
    options = parser.parse_args()
    print(machine("polars", "pydantic"), flush=True)
    worst = 0.0
    for name, prepare in (case for case in CASES if options.only in case[0]):
        megabytes, seconds, ended = measure(prepare)
        print(f"{name:26} {megabytes:8,.0f} MB {seconds:6.1f} s  {ended}", flush=True)
        worst = max(worst, megabytes)
    return int(worst > ALLOWED_MB)


if __name__ == "__main__":
    sys.exit(main())
