"""Ways to damage a file, for bench/fuzz.py: its bytes, its lines, single values of its JSON or YAML."""

import json
import random
from collections.abc import Callable
from pathlib import Path

__all__ = ["CONTEXT_CHANGES", "DAMAGES", "Change", "damage_file"]

Change = Callable[[bytes, random.Random], bytes]


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
        "\ud800",
        "../../../etc",
        "/nowhere",
        "a\u0000b",
        10**15,
        1e-320,
        [[1]],
        "1",
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
