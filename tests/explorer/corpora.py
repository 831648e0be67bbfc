"""A run with refused and repeated attempts for the explorer's tests, and what asks its pages."""

import asyncio
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from docgen.explorer.corpus_opening import open_all
from docgen.explorer.view import View
from docgen.explorer.web.app import make_app
from docgen.explorer.web.server import name_views
from docgen.llm.fake import FakeLLM
from docgen.llm.protocol import Completion, Request
from tests.behaviour.server import StandInServer
from tests.behaviour.stand_ins import Policy
from tests.cli.runs.test_exit_codes import docgen
from tests.cli.runs.writers import enter_key
from tests.runs import run_job, set_up_run
from tests.worlds import first, spoils, writes_well

__all__ = ["HOST", "TOKEN", "Answer", "Site", "copy_of", "make_experiment", "make_run"]

HOST, TOKEN = "127.0.0.1:8999", "token-of-the-test"
SPOILT = ("near_duplicate", "near_duplicate", "near_duplicate", "leak", "refused", "too_short")


def make_run(folder: Path, n: int = 24) -> Path:
    """A finished run of n documents in `folder`; the first attempts of some slots are rejected, for several reasons."""
    setup = set_up_run(folder, run="lamp", n=n, words=(60, 60))

    def reply(request: Request) -> str | Completion:
        place = request.variables["seed"] % 8 if first(request) else 99
        return spoils(request, SPOILT[place]) if place < len(SPOILT) else writes_well(request)

    run_job(setup, FakeLLM(reply))
    return setup.run.path


def make_experiment(place: Path) -> Path:
    """An experiment below `place` as its command leaves it: 8 queries, two tiers, the negative control."""
    policy = Policy(trained=0.6, unmonitored=0.3, fakes=0.5, compromises=0.5)
    with StandInServer(policy) as server, pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        enter_key(patch, server)
        names = ("experiment", "run", "helpful_only", "--only", "default", "--n", "8", "--votes", "2")
        assert docgen(patch, *names, "--yes", "--quiet") == 0
    return place / "output/experiments/helpful_only"


def copy_of(run: Path, folder: Path, name: str = "lamp") -> Path:
    """A copy of a run that a test may spoil."""
    return Path(shutil.copytree(run, folder / name, ignore=shutil.ignore_patterns("view")))


@dataclass(frozen=True)
class Answer:
    """What the application answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    def json(self) -> Any:
        return json.loads(self.body)


class Site:
    """The application over some corpora, asked without a network."""

    def __init__(self, *names: Path, context: Path | None = None) -> None:
        shown = open_all([str(name) for name in names], context=context)
        self.views: list[View] = [view for view in shown if isinstance(view, View)]
        self.app = make_app(name_views(shown), frozenset({HOST}), TOKEN)
        self.name = shown[0].name

    @property
    def view(self) -> View:
        return self.views[0]

    def get(self, path: str, **headers: str) -> Answer:
        """GET below the first corpus."""
        return self.ask("GET", f"/{self.name}/{path}", b"", {"host": HOST, **headers})

    def post(self, path: str, headers: Mapping[str, str] | None = None, **fields: str) -> Answer:
        """POST a form with the token, as a page's script does."""
        own = {"host": HOST, "origin": f"http://{HOST}", "accept": "application/json", "x-docgen-token": TOKEN}
        sent = {"content-type": "application/x-www-form-urlencoded", **own, **(headers or {})}
        return self.ask("POST", f"/{self.name}/{path}", urlencode(fields).encode(), sent)

    def ask(self, method: str, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One request; a header given as "" is left out."""
        return asyncio.run(self._ask(method, address, body, headers))

    async def _ask(self, method: str, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        path, _, query = address.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": _unquoted(path), "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items() if value],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8999),
        }  # fmt: skip
        sent: list[dict[str, Any]] = []
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start = next(message for message in sent if message["type"] == "http.response.start")
        parts = [message.get("body", b"") for message in sent if message["type"] == "http.response.body"]
        return Answer(start["status"], {k.decode(): v.decode() for k, v in start["headers"]}, b"".join(parts))


def _unquoted(path: str) -> str:
    from urllib.parse import unquote

    return unquote(path)
