"""Text files that people write, read whole."""

from pathlib import Path

from docgen.errors import UserError

__all__ = ["LARGEST_SETTINGS", "LARGEST_TEXT", "read_text"]

LARGEST_SETTINGS = 1_000_000
"""Most bytes of a file of settings or prices. Chosen: a hundred times a long one."""
LARGEST_TEXT = 64_000_000
"""Most bytes of a file of labels, questions or prompts, which is read whole. Chosen: as for one line of a corpus."""


def read_text(path: Path, most_bytes: int, error: type[UserError]) -> str:
    """The text of a UTF-8 file, without a byte order mark.

    Raises `error` for a file that cannot be read, is larger than `most_bytes`, or is not UTF-8, with the line.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except (OSError, ValueError) as problem:  # ValueError: its name holds a NUL
        raise error(f"cannot be read ({getattr(problem, 'strerror', None) or problem})", str(path)) from problem
    if len(content) > most_bytes:
        raise error(f"the file is larger than {most_bytes // 1_000_000} MB", str(path), "Is this the right file?")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise error("the file is not UTF-8", f"{path}:{line}", "Save it as UTF-8") from problem
