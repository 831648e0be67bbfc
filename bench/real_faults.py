"""What goes wrong with a real server, and in what words docgen ends: one line each.

    python bench/real_faults.py --model NAME [--engine openai] [--health /health] [--json FILE] -- SERVER COMMAND {port}

The server's command is started on a free port, {port} in it. Types and ideas of the run come from the tests' loopback
server, so that a model that cannot brainstorm is asked for documents as well. Then: a model that is not there; a server
that is killed while it writes and comes back; one that does not come back; Ctrl-C twice. Exit code 1 where docgen ends
with a traceback, without a word, or later than it should.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.machine import machine
from bench.real_servers import KEY, free_port, running
from tests.loopback import LoopbackProcess

RUN = "faults"
SIZES = ["--n", "2", "--types", "2", "--ideas", "2", "--words", "60-100", "--run", RUN]
SHORT = ["--max-tokens", "250", "--timeout", "120"]
"""Replies that a server on a few cores writes in seconds, whatever its model writes."""
WRITING_SECONDS, AWAY_SECONDS, LONGEST = 6.0, 15.0, 280.0


@dataclass
class Ending:
    """How a command ended: its exit code, how long it took from what was done to it, its last line."""

    case: str
    code: int
    seconds: float
    last: str
    traceback: bool


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--engine", default="openai")
    parser.add_argument("--health", default="/health")
    parser.add_argument("--json", type=Path)
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        endings = list(cases(args, Path(folder)))
    if args.json:
        args.json.write_text(json.dumps([asdict(ending) for ending in endings], indent=1) + "\n")
    return int(any(ending.traceback or not ending.last for ending in endings))


def cases(args: argparse.Namespace, folder: Path) -> Iterator[Ending]:
    """Every case, told as it ends."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = [word.replace("{port}", str(port)) for word in args.command], url, args.health
    to_server = ["--engine", args.engine, "--base-url", url]
    prepare(folder, args.engine, args.model)
    generate = ["generate", "tutorial", *SIZES, *SHORT, *to_server, "--model", args.model, "--yes", "--accept-changes"]

    def again() -> None:
        stack.enter_context(running(server, folder / "server.log"))

    def restart(_: object) -> None:
        kill(port)
        again()

    with ExitStack() as stack:
        again()
        wrong = ["doctor", *to_server, "--model", "not-there", "--no-write", *SHORT]
        yield told("a model that is not there", wrong, folder, lambda _: None)
        yield told("Ctrl-C, and again after 3 s", generate, folder, interrupt)
        yield told("killed while it writes, back after 15 s", generate, folder, restart)
        yield told("killed while it writes, for good", generate, folder, lambda _: kill(port))


def prepare(folder: Path, engine: str, model: str) -> None:
    """Types and ideas, by the loopback server under the model's name."""
    with LoopbackProcess() as server:
        to_server = ["--engine", engine, "--base-url", server.url, "--model", model]
        done = subprocess.run(
            program(["brainstorm", "tutorial", *SIZES[2:6], *SIZES[8:], *SHORT, *to_server, "--yes"]),
            cwd=folder, env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)


def told(case: str, command: list[str], folder: Path, then: Callable[[subprocess.Popen[bytes]], None]) -> Ending:
    """Carry a command out, do something to it while it works, and print how it ends."""
    log = folder / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(program(command), cwd=folder, env=environment(), stdout=out, stderr=out)
        while process.poll() is None and not log.stat().st_size:
            time.sleep(0.2)
        try:
            process.wait(WRITING_SECONDS)
        except subprocess.TimeoutExpired:
            begun = time.monotonic()
            then(process)
            try:
                process.wait(LONGEST)
            except subprocess.TimeoutExpired:
                process.kill()
        else:
            begun = time.monotonic()
    said = log.read_text(errors="replace")
    last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "")
    ending = Ending(case, process.wait(), round(time.monotonic() - begun, 1), last, "Traceback" in said)
    print(f"{case}: exit {ending.code} after {ending.seconds:.0f} s: {ending.last}", flush=True)
    return ending


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C, and again while calls are in flight."""
    process.send_signal(signal.SIGINT)
    time.sleep(3)
    if process.poll() is None:
        process.send_signal(signal.SIGINT)


def kill(port: int) -> None:
    """Kill whoever listens on a port, and leave it so for a while."""
    for folder in Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(port).encode() in words and folder.name != str(os.getpid()):
            os.kill(int(folder.name), signal.SIGKILL)
    time.sleep(AWAY_SECONDS)


def program(command: list[str]) -> list[str]:
    return [sys.executable, "-m", "docgen", *command]


def environment() -> dict[str, str]:
    return os.environ | {"OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY}


if __name__ == "__main__":
    raise SystemExit(main())
