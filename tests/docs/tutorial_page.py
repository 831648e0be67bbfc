"""What the tutorial's page shows: its commands, in order, and what each is said to print."""

import re
from pathlib import Path

__all__ = ["missing", "steps"]

PAGE = Path(__file__).parents[2] / "docs/tutorial.md"


def steps(page: Path = PAGE) -> list[tuple[str, list[str]]]:
    """Each command of the page with the lines that it is said to print."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    parts = [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if part.strip()]
    return [(part.splitlines()[0], part.splitlines()[1:]) for part in parts]


def missing(shown: list[str], printed: str) -> str:
    """The first piece shown, between dots, that does not follow the ones before it; spaces do not count."""
    rest = " ".join(printed.split())
    for line in shown:
        for piece in (" ".join(part.split()) for part in line.split("...")):
            if piece and piece not in rest:
                return piece
            rest = rest.partition(piece)[2] if piece else rest
    return ""
