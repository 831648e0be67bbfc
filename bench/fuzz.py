"""Thousands of broken inputs: run folders, replies, contexts, flags, environments, file systems.

    python bench/fuzz.py [--n 2000] [--seed 1] [--jobs 2] [--only folder,reply,context,flag,environment,filesystem]

Every case is one command in a fresh folder with one thing broken. Afterwards:

- no traceback on screen, and the exit code is 0, 1, 2 or 130;
- no whole line of llm.jsonl or attempts.jsonl that was there before is gone.

Prints each failing case with its seed: `--case SEED` repeats it alone and keeps its folder. Exits 1 if any fails.
Commands are forked from a process that has imported everything (bench/fuzz_commands.py), and wait for no retry longer
than a moment; system calls fail by LD_PRELOAD (bench/fuzz_faults.py, which gcc compiles).
"""

import argparse
import errno
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.fuzz_commands import Forkers, in_a_process
from bench.fuzz_faults import build
from bench.fuzz_server import ODD_REPLIES, odd_server
from bench.machine import machine

ROOT = Path(__file__).parents[1]
EXIT_CODES = frozenset({0, 1, 2, 130})
SECONDS = 300
"""After which a command counts as hung. Chosen: a case takes one to three seconds, longer on a busy machine."""
READING = (
    ["status"], ["status", "--json"], ["status", "--explain"], ["runs"], ["show", "--sample", "2"],
    ["show", "--rejected"], ["export"], ["export", "--format", "parquet"], ["audit", "leakage"],
    ["audit", "salience", "--json"], ["dedupe"],
    ["estimate"], ["plan"], ["generate"], ["run"],
    ["select", "--n", "4", "--salience", "electric_drive=0.5", "--out", "s.jsonl"],
    ["doses", "--sizes", "2,4", "--out", "doses"], ["audit", "diversity"], ["batches"],
)  # fmt: skip
"""What is tried on a broken run folder."""
BEFORE_IMPORTS = frozenset(
    {"COLUMNS", "HOME", "LANG", "NO_COLOR", "PYTHONIOENCODING", "TERM", "TMPDIR", "XDG_CACHE_HOME"}
)
"""Variables that an interpreter or a library reads before there is a command."""
KINDS = ("folder", "reply", "context", "flag", "environment", "filesystem")
NASTY_NUMBERS = ("-1", "0", "nan", "inf", "1e999", "9" * 400, "0x10", "1_000", "٣", "", "1.5", "true", "null")
NASTY_TEXTS = (
    "",
    "\x00",
    "../..",
    "/",
    "~",
    "a" * 5000,
    "\ud800",
    "[bold]",
    "{{7*7}}",
    "-",
    "--",
    "run\n",
    "ℕ",
    ".",
    "%s",
)


@dataclass(frozen=True)
class Bench:
    """What all cases share: finished runs in `base`, a server of odd replies, a way to start commands."""

    kinds: list[str]
    base: Path
    server: str
    start: Forkers


@dataclass(frozen=True)
class Case:
    """One broken input: `prepare` breaks it in a folder and says the command, its environment and its input."""

    seed: int
    kind: str
    folder: Path
    server: str
    command: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    label: str = ""


def main() -> int:
    """Run the cases; print the failing ones and a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("--case", type=int, help="repeat the case of this seed, and keep its folder")
    options = parser.parse_args()
    print(machine("polars", "pydantic"), flush=True)
    with tempfile.TemporaryDirectory() as scratch, odd_server() as server:
        base = Path(scratch) / "base"
        base.mkdir()
        make_runs(base)
        library = build(Path(scratch))
        kinds = [kind for kind in options.only.split(",") if library or kind != "filesystem"]
        if library is None:
            print("no gcc: file systems are left out")
        with Forkers(1 if options.case else options.jobs, plain_environment(), library) as start:
            bench = Bench(kinds, base, server, start)
            if options.case is None:
                return run_cases(bench, options.seed, options.n, options.jobs)
            folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{options.case}-"))
            print(carry_out(options.case, bench, folder) or "nothing failed", folder)
    return 0


def run_cases(bench: "Bench", seed: int, count: int, jobs: int) -> int:
    """Run so many cases; returns the exit code."""
    outcomes: Counter[str] = Counter()
    codes: Counter[int | None] = Counter()
    failures = 0
    seeds = range(seed * 1_000_000, seed * 1_000_000 + count)
    with ThreadPoolExecutor(jobs) as pool:
        for number, complaint in zip(seeds, pool.map(lambda s: temporary(s, bench, codes), seeds), strict=True):
            outcomes[kind_of(number, bench.kinds)] += 1
            if complaint:
                failures += 1
                print(f"case {number}: {complaint}", flush=True)
            if (number + 1) % 100 == 0:
                print(f"{number + 1 - seeds[0]} commands", flush=True)
    print(", ".join(f"{count} {kind}" for kind, count in sorted(outcomes.items())), f"- {failures} failed")
    print("exit codes:", ", ".join(f"{code}: {count}" for code, count in sorted(codes.items(), key=str)))
    return 1 if failures else 0


def make_runs(base: Path) -> None:
    """A finished run and one that was stopped half way, both by the embedded writer."""
    for name, n in (("done", "8"), ("half", "8")):
        run = [
            sys.executable,
            "-m",
            "docgen",
            "run",
            "tutorial",
            "--n",
            n,
            "--run",
            name,
            "--quiet",
            "--engine",
            "offline",
        ]
        subprocess.run(run, cwd=base, check=True, env=plain_environment(), capture_output=True)
    half = base / "output" / "half"
    lines = (half / "attempts.jsonl").read_bytes().splitlines(keepends=True)
    (half / "attempts.jsonl").write_bytes(b"".join(lines[:4]))
    shutil.rmtree(half / "reports", ignore_errors=True)
    shutil.rmtree(half / "export", ignore_errors=True)
    (half / "corpus.parquet").unlink()


def plain_environment() -> dict[str, str]:
    """The environment without keys, addresses and proxies."""
    prefixes = ("ANTHROPIC", "OPENAI", "DOCGEN", "HTTP", "http", "ALL_PROXY", "all_proxy")
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)} | {
        "PYTHONPATH": str(ROOT)
    }


def temporary(seed: int, bench: Bench, codes: Counter[int | None]) -> str:
    """A case in a folder that is removed afterwards; what failed, or nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        try:
            return carry_out(seed, bench, folder, codes)
        finally:
            for path in (folder, *folder.rglob("*")):
                if path.is_dir() and not path.is_symlink():
                    path.chmod(0o755)


def kind_of(seed: int, kinds: list[str]) -> str:
    """Kinds take turns."""
    return kinds[seed % len(kinds)]


def carry_out(seed: int, bench: Bench, folder: Path, codes: Counter[int | None] | None = None) -> str:
    """Break one thing, run one command; what is wrong with how it ended, or nothing."""
    shutil.copytree(bench.base / "output", folder / "output")
    kind = kind_of(seed, bench.kinds)
    case = BREAK[kind](Case(seed, kind, folder, bench.server), random.Random(seed))
    journals = {path: whole_lines(path) for path in sorted((folder / "output").glob("*/*.jsonl")) if is_journal(path)}
    environment = plain_environment() | case.environment
    label = f"[{case.kind}] {case.label} :: docgen {' '.join(case.command)[:150]!r}"
    start = in_a_process if BEFORE_IMPORTS & case.environment.keys() else bench.start
    try:
        done = start(case.command, folder, environment, SECONDS)
    except (ValueError, OSError) as error:
        return "" if "null byte" in str(error) or "too long" in str(error) else f"{label}: {error}"
    if codes is not None:
        codes[done.code] += 1
    if done.code is None:
        return f"{label}: hung for {SECONDS} s"
    if "Traceback (most recent call last)" in done.output:
        return f"{label}: {done.output.strip().splitlines()[-1][:200]}"
    if done.code not in EXIT_CODES:
        return f"{label}: exit {done.code}: {done.output.strip()[-200:]}"
    for path, before in journals.items():
        if not path.exists() or before - whole_lines(path):
            return f"{label}: {path.name} lost lines"
    return ""


def is_journal(path: Path) -> bool:
    """Files that only ever grow."""
    return path.name in ("llm.jsonl", "attempts.jsonl") and path.is_file() and not path.is_symlink()


def whole_lines(path: Path) -> Counter[bytes]:
    """Lines that are JSON objects."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return Counter()
    return Counter(line for line in lines if line.startswith(b"{") and line.endswith(b"}") and is_json(line))


def is_json(line: bytes) -> bool:
    """Whether a line can be read."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def break_folder(case: Case, rng: random.Random) -> Case:
    """One file of a run folder damaged, then any command that reads it."""
    run = rng.choice(["done", "half"])
    files = [path for path in sorted((case.folder / "output" / run).rglob("*")) if path.is_file()]
    extra = [case.folder / "output" / run / name for name in ("spend.jsonl", "batches.jsonl")]
    victim = rng.choice([*files, *files, *extra])
    damage = damage_file(victim, rng)
    command = list(rng.choice(READING))
    if command[0] != "runs":
        command.insert(2 if command[0] == "audit" else 1, run)
    return replace(case, command=command, environment={}, label=f"{victim.relative_to(case.folder)} {damage}")


def damage_file(path: Path, rng: random.Random) -> str:
    """Damage a file in one of many ways; says which."""
    data = path.read_bytes() if path.exists() else b'{"reserved": 0.0, "uncertain": 0.0}\n'
    name, change = rng.choice(DAMAGES)
    path.parent.mkdir(parents=True, exist_ok=True)
    if name == "missing":
        path.unlink(missing_ok=True)
    elif name == "folder":
        path.unlink(missing_ok=True)
        path.mkdir()
    elif name == "dangling link":
        path.unlink(missing_ok=True)
        path.symlink_to("nowhere")
    elif name == "unreadable":
        path.write_bytes(data)
        path.chmod(0)
    else:
        path.write_bytes(change(data, rng))
    return name


def flip(data: bytes, rng: random.Random) -> bytes:
    """One to eight bytes changed."""
    changed = bytearray(data or b"x")
    for _ in range(rng.randint(1, 8)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def change_line(replacement: Callable[[bytes, random.Random], bytes]) -> Callable[[bytes, random.Random], bytes]:
    """Replace one line of a file."""

    def change(data: bytes, rng: random.Random) -> bytes:
        lines = data.split(b"\n")
        at = rng.randrange(len(lines))
        lines[at] = replacement(lines[at], rng)
        return b"\n".join(lines)

    return change


def odd_value(line: bytes, rng: random.Random) -> bytes:
    """One value of a JSON object replaced by something of another kind."""
    odd: list[object] = [
        None,
        -1,
        1e308,
        "",
        [],
        {},
        True,
        "\u0000",
        10**400,
        {"a": {"a": []}},
        ["x"] * 3,
        float("nan"),
        "x" * 10_000,
    ]
    try:
        value = json.loads(line)
        if not isinstance(value, dict) or not value:
            return line + b"?"
        target, key = value, rng.choice(list(value))
        while isinstance(target[key], dict) and target[key] and rng.random() < 0.7:
            target, key = target[key], rng.choice(list(target[key]))
        if rng.random() < 0.2:
            del target[key]
        else:
            target[key] = rng.choice(odd)
        return json.dumps(value).encode()
    except (ValueError, RecursionError):
        return line[: len(line) // 2]


DAMAGES: tuple[tuple[str, Callable[[bytes, random.Random], bytes]], ...] = (
    ("missing", lambda data, _: data),
    ("folder", lambda data, _: data),
    ("dangling link", lambda data, _: data),
    ("unreadable", lambda data, _: data),
    ("empty", lambda _data, _: b""),
    ("cut", lambda data, rng: data[: rng.randrange(len(data) + 1)]),
    ("flipped bytes", flip),
    ("doubled", lambda data, _: data + data),
    ("no JSON", lambda _data, _: b"this is not it\n"),
    ("null", lambda _data, _: b"null\n"),
    ("list", lambda _data, _: b"[]\n"),
    ("deep", lambda data, _: data + b"[" * 100_000 + b"\n"),
    ("latin-1", lambda data, _: data + b'{"\xe9": 1}\n'),
    ("BOM", lambda data, _: b"\xef\xbb\xbf" + data),
    ("CRLF", lambda data, _: data.replace(b"\n", b"\r\n")),
    ("odd value", change_line(odd_value)),
    ("odd value", change_line(odd_value)),
    ("odd value", change_line(odd_value)),
    ("odd whole value", lambda data, rng: odd_value(data.strip(), rng)),
    ("odd whole value", lambda data, rng: odd_value(data.strip(), rng)),
    ("line of NULs", change_line(lambda _line, _rng: b"\x00" * 64)),
    ("line missing", change_line(lambda _line, _rng: b"")),
    ("long number", change_line(lambda _line, _rng: b'{"n": ' + b"9" * 5000 + b"}")),
)


def break_context(case: Case, rng: random.Random) -> Case:
    """A context file with one thing wrong."""
    text = (ROOT / "universe_contexts" / "tutorial.yaml").read_bytes()
    name, change = rng.choice([*DAMAGES[4:8], *DAMAGES[12:15], *CONTEXT_CHANGES, *CONTEXT_CHANGES])
    path = case.folder / "world.yaml"
    path.write_bytes(change(text, rng))
    command = rng.choice([["context", "check", "world.yaml"], ["run", "world.yaml", "--n", "4", "--engine", "offline"]])
    return replace(case, command=command, environment={}, label=name)


def other_value(line: bytes, rng: random.Random) -> bytes:
    """The value of a YAML key replaced."""
    key, colon, _ = line.partition(b":")
    if not colon:
        return line
    values = [b"", b"null", b"[]", b"{}", b"-1", b"1e999", b"!!python/object:os.system x", b"&a *a", b"'", b'"\\ud800"']
    return (
        key
        + b": "
        + rng.choice([*values, b"x" * 3000, b"2024-13-45", "数据".encode(), b"[bold red]x[/]", b"{{ 7*7 }}"])
    )


CONTEXT_CHANGES: tuple[tuple[str, Callable[[bytes, random.Random], bytes]], ...] = (
    ("other value", change_line(other_value)),
    ("line twice", change_line(lambda line, _rng: line + b"\n" + line)),
    ("indent", change_line(lambda line, rng: b" " * rng.randrange(5) + line.strip())),
    ("tab", change_line(lambda line, _rng: b"\t" + line)),
)


def break_flags(case: Case, rng: random.Random) -> Case:
    """Odd values for the flags of any command."""
    command = list(rng.choice([*READING, ["context", "check", "tutorial"], ["sweep", "tutorial"], ["control", "done"]]))
    numbers = ["--n", "--seed", "--max-cost", "--concurrency", "--types", "--ideas", "--max-attempts", "--sample"]
    texts = [
        "--run",
        "--engine",
        "--model",
        "--base-url",
        "--config",
        "--out",
        "--fork",
        "--fact",
        "--words",
        "--salience",
    ]
    for _ in range(rng.randint(1, 3)):
        if rng.random() < 0.5:
            command += [rng.choice(numbers), rng.choice(NASTY_NUMBERS)]
        else:
            command += [rng.choice(texts), rng.choice(NASTY_TEXTS)]
    if rng.random() < 0.3:
        command.insert(rng.randrange(1, len(command) + 1), rng.choice(NASTY_TEXTS))
    return replace(
        case, command=[part.encode("utf-8", "replace").decode("utf-8") for part in command], label="odd flags"
    )


def break_environment(case: Case, rng: random.Random) -> Case:
    """One variable of the environment set to something odd, on a command that would use a server."""
    variables = {
        "ANTHROPIC_API_KEY": ["", " ", "key with space", '"quoted"', "line\nend", "ключ", "k" * 100_000],
        "ANTHROPIC_BASE_URL": [
            "",
            "x",
            "http://",
            "http://127.0.0.1:99999",
            "ftp://a",
            "http://[::1",
            "http://127.0.0.1:1",
        ],
        "ALL_PROXY": ["socks://x:1", "x", "http://127.0.0.1:1"],
        "HTTPS_PROXY": ["socks5://127.0.0.1:1", "::", "http://user:pa ss@127.0.0.1:1"],
        "SSL_CERT_FILE": ["/nowhere.pem", "/etc/passwd", ""],
        "ANTHROPIC_CUSTOM_HEADERS": ["x", "a: b\nc", ":", "content-type: text/plain"],
        "PYTHONIOENCODING": ["cp1252", "ascii", "latin-1"],
        "COLUMNS": ["0", "-5", "x", "10", "100000"],
        "TERM": ["", "dumb", "nonsense"],
        "HOME": ["/nowhere", ""],
        "TMPDIR": ["/nowhere"],
        "LANG": ["tr_TR.UTF-8", "C"],
        "XDG_CACHE_HOME": ["/nowhere", "/dev/null"],
        "NO_COLOR": ["1"],
    }
    name = rng.choice(sorted(variables))
    environment = (
        {"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"} if rng.random() < 0.5 else {}
    )
    environment[name] = rng.choice(variables[name])
    command = rng.choice([["doctor"], ["run", "tutorial", "--n", "2", "-y"], *map(list, READING)])
    return replace(case, command=list(command), environment=environment, label=f"{name}={environment[name][:40]!r}")


def break_filesystem(case: Case, rng: random.Random) -> Case:
    """A system call that fails from its k-th use on, once or for good (bench/fuzz_faults.py)."""
    call = rng.choice(["write", "write", "fsync", "flock", "rename", "open", "open", "mkdir", "unlink", "truncate"])
    error = rng.choice(FILE_ERRORS)
    first, times = rng.choice([1, 1, 2, 3, 5, 8, 13, 21, 34, 55]), rng.choice([0, 0, 1, 3])
    fault = f"{call} {getattr(errno, error)} {first} {times}"
    command = rng.choice(
        [["run", "tutorial", "--n", "6", "--engine", "offline"], *map(list, READING), ["init", "mine"]]
    )
    label = f"{call} {error} from use {first}, {times or 'all'} times"
    return replace(case, command=list(command), environment={"FUZZ_FAULT": fault}, label=label)


FILE_ERRORS = (
    "ENOSPC", "EIO", "EDQUOT", "EROFS", "ENOSYS", "ENOLCK", "EOPNOTSUPP", "ESTALE", "EINVAL", "EMFILE", "EACCES",
    "EPERM", "EFBIG", "ENOENT", "EINTR", "EAGAIN", "ETIMEDOUT", "ENOMEM",
)  # fmt: skip


def break_reply(case: Case, rng: random.Random) -> Case:
    """A server whose replies are odd, from the first or from the k-th on."""
    odd, first = rng.randrange(len(ODD_REPLIES)), rng.choice([1, 1, 2, 4, 8])
    address = f"{case.server}/{case.seed}/{odd}/{first}"
    command = [
        "run",
        "tutorial",
        "--n",
        "4",
        "--types",
        "2",
        "--ideas",
        "3",
        "--max-attempts",
        "2",
        "-y",
        "--run",
        "new",
    ]
    return replace(
        case,
        command=[*command, "--base-url", address, "--model", "m"],
        environment={"ANTHROPIC_API_KEY": "sk-test"},
        label=f"reply {odd} from request {first}",
    )


BREAK: dict[str, Callable[[Case, random.Random], Case]] = {
    "folder": break_folder,
    "reply": break_reply,
    "context": break_context,
    "flag": break_flags,
    "environment": break_environment,
    "filesystem": break_filesystem,
}


if __name__ == "__main__":
    sys.exit(main())
