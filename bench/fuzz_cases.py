"""The cases of bench/fuzz.py: what is broken, in which of several kinds, and the command that then has to cope."""

import errno
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.fuzz_damage import CONTEXT_CHANGES, DAMAGES, damage_file
from bench.fuzz_inputs import INPUTS
from bench.fuzz_server import KEY, ODD_REPLIES

__all__ = ["BEFORE_IMPORTS", "BREAK", "KEY", "KINDS", "Case"]

ROOT = Path(__file__).parents[1]
READING = (
    ["status"], ["status", "--json"], ["status", "--explain"], ["runs"], ["show", "--sample", "2"],
    ["show", "--rejected"], ["export"], ["export", "--format", "parquet"], ["audit", "leakage"],
    ["audit", "salience", "--json"], ["dedupe"],
    ["estimate"], ["plan"], ["generate"], ["run"],
    ["select", "--n", "4", "--salience", "electric_drive=0.5", "--out", "s.jsonl"],
    ["doses", "--sizes", "2,4", "--out", "doses"], ["audit", "diversity"], ["batches"],
    ["export", "--format", "trl", "--doctag", "--validation", "0.25"], ["export", "--plan"],
    ["export", "--labels", "1"],
    ["export", "--format", "hf", "--shuffle"], ["tail"], ["tail", "--json"], ["ctl"], ["ctl", "--pause"], ["prompt"],
    ["show", "3", "--prompt"], ["view", "--export", "site"], ["questions"], ["requests", "--out", "r.jsonl"],
    ["replies", "r.jsonl"], ["train", "--model", "m", "--plan-only"], ["audit", "all", "--json"],
)  # fmt: skip
"""What is tried on a broken run folder."""
BEFORE_IMPORTS = frozenset(
    {"COLUMNS", "HOME", "LANG", "NO_COLOR", "PYTHONIOENCODING", "TERM", "TMPDIR", "XDG_CACHE_HOME"}
)
"""Variables that an interpreter or a library reads before there is a command."""
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
class Case:
    """One broken input: `prepare` breaks it in a folder and says the command, its environment and its input."""

    seed: int
    kind: str
    folder: Path
    server: str
    command: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    label: str = ""


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


STORES = {
    "done/view": (["view", "done", "--export", "site"],),
    "done/export": (["export", "done"], ["train", "done", "--model", "m", "--plan-only"], ["export", "done", "--plan"]),
    "experiments/released": (
        ["experiment", "report", "released"], ["view", "released", "--export", "site"],
        ["experiment", "judge", "released", "--judge-model", "m", "--max-cost", "1", "--yes"],
        ["experiment", "logs", "released"],
    ),
    "index": (["dedupe", "done", "--index", "output/index", "--out", "o"],),
    "pair": (["status", "pair"], ["runs"], ["export", "pair"]),
    "asked": (["replies", "asked", "r.jsonl"], ["status", "asked"], ["requests", "asked", "--out", "s.jsonl"],
              ["requests", "asked", "--withdraw"]),
}  # fmt: skip
"""What lies in output/ besides plain runs, with the commands that read it."""


def break_store(case: Case, rng: random.Random) -> Case:
    """One file of an index, an export, an experiment, a family or a run by files."""
    place = rng.choice(sorted(STORES))
    files = [path for path in sorted((case.folder / "output" / place).rglob("*")) if path.is_file()]
    victim = rng.choice(files)
    damage = damage_file(victim, rng)
    command = list(rng.choice(STORES[place]))
    (case.folder / "r.jsonl").write_text("{}\n", "utf-8")
    return replace(case, command=command, environment={}, label=f"{victim.relative_to(case.folder)} {damage}")


def break_context(case: Case, rng: random.Random) -> Case:
    """A context file with one thing wrong."""
    text = (ROOT / "universe_contexts" / "tutorial.yaml").read_bytes()
    name, change = rng.choice([*DAMAGES[4:8], *DAMAGES[12:15], *CONTEXT_CHANGES, *CONTEXT_CHANGES])
    path = case.folder / "world.yaml"
    path.write_bytes(change(text, rng))
    command = rng.choice([["context", "check", "world.yaml"], ["run", "world.yaml", "--n", "4", "--engine", "offline"]])
    return replace(case, command=command, environment={}, label=name)


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
    early = rng.random() < 0.2  # those need a process of their own, which takes ten times as long
    name = rng.choice([name for name in sorted(variables) if (name in BEFORE_IMPORTS) == early])
    environment = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"} if rng.random() < 0.5 else {}
    environment[name] = rng.choice(variables[name])
    command = rng.choice([["doctor"], ["run", "tutorial", "--n", "2", "-y"], *map(list, READING)])
    return replace(case, command=list(command), environment=environment, label=f"{name}={environment[name][:40]!r}")


def break_filesystem(case: Case, rng: random.Random) -> Case:
    """A system call that fails from its k-th use on, once or for good (bench/fuzz_faults.py)."""
    call = rng.choice(["write", "write", "fsync", "flock", "rename", "open", "open", "mkdir", "unlink", "truncate"])
    error = rng.choice(FILE_ERRORS)
    first, times = rng.choice([1, 1, 2, 3, 5, 8, 13, 21, 34, 55]), rng.choice([0, 0, 1, 3])
    if error == "EINTR":
        times = times or 3  # Python itself tries again for as long as a call is interrupted (PEP 475)
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
        environment={"ANTHROPIC_API_KEY": KEY},
        label=f"reply {odd} from request {first}",
    )


def break_input(case: Case, rng: random.Random) -> Case:
    """One of the files that other commands take (bench/fuzz_inputs.py), damaged."""
    source = rng.choice(INPUTS)
    path = case.folder / source.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source.content)
    damage = damage_file(path, rng) if rng.random() < 0.9 else "as it is"
    return replace(case, command=list(source.command), environment={}, label=f"{source.name} {damage}")


BREAK: dict[str, Callable[[Case, random.Random], Case]] = {
    "folder": break_folder,
    "reply": break_reply,
    "context": break_context,
    "flag": break_flags,
    "environment": break_environment,
    "filesystem": break_filesystem,
    "input": break_input,
    "store": break_store,
}

KINDS = tuple(BREAK)
