"""The command: serves until Ctrl-C, follows a run that grows, publishes, and says in one line what it cannot do."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

import docgen
from docgen.cli.app import app
from docgen.explorer import view as view_module
from tests.explorer.corpora import Site, copy_of


def soon_answered(address: str) -> bytes:
    """What is there, asked for again, as a browser does, while the server still turns connections away."""
    for _ in range(100):
        with suppress(ConnectionError), urllib.request.urlopen(address) as answer:
            return bytes(answer.read())
        time.sleep(0.2)
    raise AssertionError(f"{address} was not answered in 20 s")


def test_it_serves_until_it_is_interrupted(run: Path) -> None:
    """The address is printed, pages are answered, also after more connections than there may be open files; Ctrl-C ends
    it at once with 0 and without a word."""
    command = [sys.executable, "-m", "docgen", "view", str(run), "--no-open", "--quiet"]
    few = ["sh", "-c", 'ulimit -n 100 && exec "$@"', "sh"]
    process = subprocess.Popen([*few, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = re.match(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
    assert address is not None
    for flooded in (True, False):
        with ExitStack() as flood, suppress(OSError):
            for _ in range(300 if flooded else 0):
                opened = flood.enter_context(socket.socket())
                opened.settimeout(0.2)
                opened.connect(("127.0.0.1", int(address[1])))
                opened.sendall(b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 100_000)
        assert json.loads(soon_answered(f"{address[0]}lamp/documents.json"))["total"] == 24
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def test_pages_follow_a_run_that_grows(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents that are written while it is looked at are there soon after, and no page fails meanwhile."""
    monkeypatch.setattr(view_module, "POLL_SECONDS", 0.0)
    own = copy_of(run, tmp_path)
    lines = (own / "attempts.jsonl").read_bytes().splitlines(keepends=True)
    file = own / "attempts.jsonl"
    file.write_bytes(b"".join(lines[:10]))
    site = Site(own)
    before = site.get("documents.json").json()["total"]
    with file.open("ab") as log:
        for line in lines[10:]:
            log.write(line)
            log.flush()
            assert site.get("documents.json").status == 200
    for _ in range(400):
        if site.get("documents.json").json()["total"] == 24:
            break
        time.sleep(0.01)
    assert before < site.get("documents.json").json()["total"] == 24
    site.view.close()


def test_it_publishes(run: Path, tmp_path: Path) -> None:
    """--export writes the site and ends; the library does the same."""
    done = CliRunner().invoke(app, ["view", str(run), "--export", str(tmp_path / "a"), "--documents", "3", "--quiet"])
    assert done.exit_code == 0, done.output
    assert "3 of 24 documents" in done.output
    assert docgen.publish(run, tmp_path / "b", documents=3) == 3
    names = [sorted(file.name for file in (tmp_path / folder / "document").iterdir()) for folder in "ab"]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no-such-run"], "neither a file, a folder, a run nor an experiment"),
        (["RUN", "--export", "."], "something other than a docgen site"),
        (["RUN", "--port", "1"], "--port 1"),
        (["texts.jsonl", "--context", "no-such-world"], "no-such-world"),
    ],
)
def test_what_it_cannot_do_is_one_line(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    """What, where, what to do."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "texts.jsonl").write_text('{"text": "a"}\n')
    given = [str(run) if word == "RUN" else word for word in arguments]
    if "--port" in given and os.geteuid() == 0:
        pytest.skip("root may listen on any port")
    done = CliRunner().invoke(app, ["view", *given, "--no-open", "--quiet"])
    assert isinstance(done.exception, docgen.UserError)
    assert words in str(done.exception)
