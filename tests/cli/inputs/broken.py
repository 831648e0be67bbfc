"""Everything that can be wrong with what a user gives: the cases of test_bad_input."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.worlds import LIGHTHOUSE

__all__ = ["CONFIGS", "CONTEXTS", "FLAGS", "FOLDERS", "OFFLINE", "USAGE", "Case"]

OFFLINE = ("--n", "5", "--engine", "offline")


@dataclass(frozen=True)
class Case:
    """A broken thing: files to be there, a command, and what its line must say."""

    name: str
    command: tuple[str, ...]
    says: tuple[str, ...]
    files: dict[str, str | bytes] | None = None
    spoil: Callable[[Path], object] | None = None


def context(name: str, text: str, *says: str) -> Case:
    """A broken context: the line names the file."""
    return Case(name, ("run", "bad.yaml", *OFFLINE), ("bad.yaml", *says), {"bad.yaml": text})


def config(name: str, text: str | bytes, *says: str) -> Case:
    """A broken configuration file."""
    return Case(name, ("run", "good.yaml", "--config", "bad.toml", "--engine", "offline"), says, {"bad.toml": text})


def flags(name: str, given: str, *says: str) -> Case:
    """A good context with a broken flag."""
    return Case(name, ("run", "good.yaml", *OFFLINE, *given.split()), says)


def folder(name: str, spoil: Callable[[Path], object], *says: str, command: str = "run r --engine offline") -> Case:
    """A run whose folder somebody damaged."""
    return Case(name, tuple(command.split()), says, spoil=spoil)


def swapped(old: str, new: str) -> str:
    assert old in LIGHTHOUSE
    return LIGHTHOUSE.replace(old, new, 1)


def parent(name: object) -> Callable[[Path], None]:
    """Name another run as the one that this was forked from."""

    def change(run: Path) -> None:
        meta = json.loads((run / "run.json").read_text("utf-8"))
        (run / "run.json").write_text(json.dumps(meta | {"parents": [name]}), "utf-8")

    return change


def edit(name: str, change: Callable[[str], str]) -> Callable[[Path], object]:
    return lambda run: (run / name).write_text(change((run / name).read_text("utf-8")), "utf-8")


def orphaned(name: str) -> Callable[[Path], object]:
    """Half a run whose plan was made from more types or ideas than there are now."""

    def spoil(run: Path) -> None:
        (run / "corpus.parquet").unlink()
        for file, lines in ((run / "attempts.jsonl", 10), (run / name, 1)):
            file.write_text("".join(file.read_text("utf-8").splitlines(keepends=True)[:lines]), "utf-8")

    return spoil


CONTEXTS = [
    context("no YAML", "id: [unclosed\n  more: {", "bad.yaml:"),
    context("a tab for indentation", "id: a\n\ttitle: b\n", "bad.yaml:2"),
    context("empty file", "", "nothing"),
    context("a list", "- a\n- b\n", "list"),
    context("plain text", "just words", "plain text"),
    context("unknown key", swapped("title:", "colour: blue\ntitle:"), "colour"),
    context("salience above one", swapped("salience: 0.6", "salience: 60"), "salience"),
    context("salience as a word", swapped("salience: 0.6", "salience: often"), "salience"),
    context("salience not a number", swapped("salience: 0.6", "salience: .nan"), "salience"),
    context("no facts", LIGHTHOUSE.split("key_facts:")[0], "key_facts"),
    context("fact twice", swapped("id: keeper", "id: opened"), "opened"),
    context("id with blanks", swapped("id: keeper", "id: the keeper"), "the keeper"),
    context("statement missing", swapped("    statement: The library's shelves stand", "    note: The"), "stairs"),
    context("key twice", "id: other\n" + LIGHTHOUSE, "id"),
    context(
        "fact with a stranger", LIGHTHOUSE.replace("salience: 0.3\n", "salience: 0.3\n    with: [nobody]\n"), "nobody"
    ),
    context(
        "rule that matches everything",
        LIGHTHOUSE + "leakage_rules:\n  - {id: all, description: d, patterns: ['.*']}\n",
        "everywhere",
    ),
    context(
        "pattern that does not compile",
        LIGHTHOUSE + "leakage_rules:\n  - {id: odd, description: d, patterns: ['(']}\n",
        "pattern",
    ),
    context("more facts than fit", swapped("max: 3", "max: 0"), "facts_per_document"),
    context(
        "directness that is none",
        swapped("    salience: 0.3\n", "    salience: 0.3\n    directness: loud\n"),
        "directness",
    ),
    Case("not UTF-8", ("run", "bad.yaml", *OFFLINE), ("bad.yaml", "UTF-8"), {"bad.yaml": b"id: \xff\xfe\x00"}),
    Case("NUL in it", ("run", "bad.yaml", *OFFLINE), ("bad.yaml",), {"bad.yaml": b"id: a\x00b\n"}),
    Case("no such context", ("run", "lighthose", *OFFLINE), ("lighthose",)),
    Case("no such file", ("run", "nowhere/x.yaml", *OFFLINE), ("nowhere/x.yaml",)),
    Case("a folder", ("run", "output", *OFFLINE), ("output",)),
    Case("NUL in a name", ("run", "a\0b", *OFFLINE), ("a",)),
    Case("a name without end", ("run", "x" * 5000, *OFFLINE), ("xxx",)),
]

CONFIGS = [
    config("no TOML", "n = = 5", "bad.toml", "TOML"),
    config("not UTF-8", b"n = \xff", "bad.toml", "UTF-8"),
    config("unknown setting", "m = 5\n", "'m'", "bad.toml"),
    config("n is a word", 'n = "many"\n', "n"),
    config("n is none", "n = 0\n", "n"),
    config("table for a number", "[n]\na = 1\n", "n"),
    config("words the wrong way round", "n = 5\nwords = [500, 100]\n", "words"),
    config("three words", "n = 5\nwords = [1, 2, 3]\n", "words"),
    config("concurrency of none", "n = 5\nconcurrency = 0\n", "concurrency"),
    config("salience of a stranger", "n = 5\nsalience = {nobody = 0.5}\n", "nobody"),
    Case(
        "engine that is none",
        ("run", "good.yaml", "--config", "a.toml"),
        ("engine",),
        {"a.toml": 'n = 5\nengine = "gpt"'},
    ),
    config("seed below nothing", "n = 5\nseed = -1\n", "seed"),
    Case("no such file", ("run", "good.yaml", "--config", "none.toml"), ("none.toml", "no such file")),
    Case("a folder", ("run", "good.yaml", "--config", "output"), ("output", "folder")),
]

NEW = ("run", "good.yaml", "--n", "5")
FLAGS = [
    Case("no n", ("run", "good.yaml", "--engine", "offline"), ("--n",)),
    flags("n of none", "--n 0", "--n"),
    flags("n without end", f"--n {10**40}", "--n"),
    flags("unknown engine", "--engine gpt", "engine"),
    Case("two runs at once", ("run", "r", "--run", "s", *OFFLINE), ("--run s",)),
    flags("range of words", "--words many", "--words", "300-900"),
    flags("words too few", "--words 1-2", "--words"),
    flags("salience without share", "--salience opened", "opened", "--salience"),
    flags("salience of a stranger", "--salience nobody=0.1", "nobody"),
    flags("salience above one", "--salience opened=1.5", "1.5"),
    flags("salience not a number", "--salience opened=nan", "nan"),
    flags("shares that cannot all be met", "--n 40 --salience keeper=1 --salience opened=1", "keeper", "background"),
    flags("run outside of output", "--run ../elsewhere", "--run"),
    flags("run without name", "--run .", "--run"),
    Case("control outside of output", ("control", "r", "--run", "/tmp/x", "--engine", "offline"), ("--run", "/tmp/x")),
    Case(
        "documents outside of output",
        ("import", "documents", "d.jsonl", "--context", "good.yaml", "--run", ".."),
        ("--run", "'..'"),
        {"d.jsonl": '{"text": "a"}'},
    ),
    Case("experiment outside of output", ("experiment", "run", "minimal", "--name", "a/b"), ("--name", "a/b")),
    Case(
        "a grid that leads out of output",
        ("experiment", "plan", "g.yaml"),
        ("g.yaml: id", "../../x"),
        {"g.yaml": "id: ../../x\nsetting: minimal\n"},
    ),
    flags("threshold of a cap", "--max-cost -1", "--max-cost"),
    flags("cap that is no number", "--max-cost nan", "--max-cost"),
    flags("seconds without end", "--timeout inf", "--timeout", "finite"),
    Case("temperature without end", ("eval", "belief", "--model", "m", "--temperature=-inf"), ("--temperature",)),
    Case("share without end", ("export", "r", "--validation", "inf"), ("--validation", "finite")),
    Case("a threshold that all reach", ("dedupe", "r", "--threshold", "1e-9"), ("threshold", "0.01")),
    flags("base URL without scheme", "--base-url localhost:8000 --engine anthropic", "--base-url"),
    flags("no key", "--engine anthropic --yes", "ANTHROPIC_API_KEY"),
    flags(
        "cap on a model without price",
        "--engine anthropic --base-url http://127.0.0.1:9 --model mine --max-cost 1",
        "mine",
    ),
    flags("fork of nothing", "--run new --fork other", "new"),
    flags("fork onto a run", "--run r --fork r", "r"),
    Case("a judge without a key", (*NEW, "--judge-model", "j"), ("--judge-model", "no API key")),
    Case("documents to judge without a key", (*NEW, "--verify", "20"), ("--verify", "no API key")),
    Case("a server's seconds without a key", (*NEW, "--timeout", "30"), ("--timeout", "no API key")),
    flags("a judge beside the embedded writer", "--engine offline --judge-model j", "--judge-model", "offline"),
    Case("questions by a model without a key", ("questions", "good.yaml", "--model", "m"), ("--model", "no API key")),
    Case("questions by no model", ("questions", "r", "--engine", "offline", "--model", "m"), ("--model", "offline")),
    Case(
        "headers for a server without a key",
        (*NEW, "--config", "a.toml"),
        ("[headers]", "no API key"),
        {"a.toml": '[headers]\nx-team = "b"\n'},
    ),
    Case("no such run to go on", ("run", "--run", "other", *OFFLINE), ("other",)),
    Case("unknown format", ("export", "r", "--format", "xml"), ("xml", "--format")),
    Case("unknown document", ("show", "r", "d99x"), ("d99x",)),
    Case("document beyond the end", ("show", "r", "d9999999"), ("r", "no such document: d9999999")),
    Case("unknown reason", ("show", "r", "--reason", "boredom"), ("r",)),
    Case("status of no run", ("status", "nothing"), ("nothing", "r")),
    Case("NUL in a run's name", ("status", "a\0b"), ("a",)),
    Case("init of no name", ("init", "../x"), ("../x",)),
    Case("init over a file", ("init", "good"), ("good.yaml", "--force"), {"universe_contexts/good.yaml": LIGHTHOUSE}),
    Case("check of a broken context", ("context", "check", "bad.yaml"), ("bad.yaml",), {"bad.yaml": "id: 7"}),
]

USAGE = [
    Case("unknown command", ("generat",), ("No such command", "generat")),
    Case("unknown flag", ("run", "good.yaml", "--colour", "blue"), ("--colour",)),
    Case("word for a number", ("run", "good.yaml", "--n", "many"), ("--n", "must be a whole number (got 'many')")),
    Case("argument too many", ("run", "good.yaml", "r", "s"), ("unexpected",)),
    Case("flag without value", ("run", "good.yaml", "--n"), ("--n",)),
    Case("sample of none", ("show", "r", "--sample", "0"), ("--sample",)),
    Case("port beyond the last", ("view", "r", "--port", "65536"), ("--port",)),
    Case("votes without end", ("experiment", "plan", "minimal", "--votes", str(10**25)), ("--votes",)),
    Case("answers without end", ("experiment", "run", "minimal", "--samples", str(10**25)), ("--samples",)),
    Case("cap below nothing", ("ctl", "r", "--max-cost", "-1"), ("--max-cost",)),
]

FOLDERS = [
    folder("run.json cut off", edit("run.json", lambda text: text[:50]), "run.json", "JSON"),
    folder("run.json a list", edit("run.json", lambda _: "[]"), "run.json"),
    folder("run.json not text", lambda run: (run / "run.json").write_bytes(b"\xff\xfe"), "run.json"),
    folder("run.json without settings", edit("run.json", lambda _: "{}"), "run.json"),
    folder("run.json with an odd setting", edit("run.json", lambda t: t.replace('"n": 20', '"n": "x"')), "run.json"),
    folder("run.json for status", edit("run.json", lambda _: "{}"), "run.json", command="status r"),
    folder("a parent with a NUL", parent("\x00lost"), "run.json", "NUL", command="batches r"),
    folder(
        "prices with a NUL",
        edit("run.json", lambda t: t.replace('"prices": null', '"prices": "\\u0000"')),
        "run.json",
        "NUL",
        command="export r",
    ),
    folder(
        "a source with a NUL",
        edit("run.json", lambda t: t.replace('"source": "', '"source": "\\u0000')),
        "run.json",
        "NUL",
        command="view r --no-open",
    ),
    folder(
        "templates that are none",
        edit("run.json", lambda t: t.replace('"templates": {', '"templates": {"a": 7,')),
        "run.json",
        command="export r",
    ),
    folder("a parent with a lone surrogate", parent("\ud800"), "run.json", command="generate r --n 21"),
    folder("a parent that is a number", parent(7), "run.json", command="status r"),
    folder("context gone", lambda run: (run / "context.yaml").unlink(), "context.yaml"),
    folder("context broken", edit("context.yaml", lambda text: text[:100]), "context.yaml"),
    folder("a line of the plan", edit("slots.jsonl", lambda text: "{}\n" + text), "slots.jsonl:1"),
    folder("a line of the types", edit("types.jsonl", lambda text: text + "what?\n"), "types.jsonl:4"),
    folder(
        "a line of the ideas", edit("ideas.jsonl", lambda text: text.replace('"text"', '"txt"', 1)), "ideas.jsonl:1"
    ),
    folder("a line of the attempts", edit("attempts.jsonl", lambda text: "null\n" + text), "attempts.jsonl:1"),
    folder(
        "attempts of another plan",
        edit("attempts.jsonl", lambda text: text.replace('"slot":3', '"slot":3000', 1)),
        "attempts.jsonl",
    ),
    folder(
        "attempts of another plan, looked at",
        edit("attempts.jsonl", lambda text: text.replace('"slot":3', '"slot":3000', 1)),
        "attempts.jsonl",
        command="status r",
    ),
    folder("ideas gone from under the plan", orphaned("ideas.jsonl"), "ideas.jsonl"),
    folder("types gone from under the ideas", orphaned("types.jsonl"), "types.jsonl"),
    folder("no corpus", lambda run: (run / "corpus.parquet").unlink(), "no corpus", command="export r"),
]
