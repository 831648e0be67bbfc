"""Takes the README's pictures of a run of the embedded writer: python docs/pictures/take.py RUN DOC [BROWSER FLAGS].

RUN as by `docgen run helpful_only --n 500 --engine offline`. The report needs chromium on the path.
"""

import io
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from docgen.cli.runs.document_screen import show_attempt
from docgen.pipeline.run import Run
from docgen.records import slot_of

HERE = Path(__file__).parent
FONT = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
"""Fonts of another server, which the picture does without."""
BROWSER = ("chromium", "--headless", "--disable-gpu", "--hide-scrollbars", "--window-size=1000,985")


def main(name: str, document: str, *browser_flags: str) -> None:
    """Write document.svg and report.png beside this file."""
    run = Run(name)
    screen = Console(record=True, width=96, file=io.StringIO(), force_terminal=True, highlight=False)
    attempt = next(each for each in run.attempts() if each.slot == slot_of(document))
    show_attempt(screen, run.context, attempt)
    svg = FONT.sub("", screen.export_svg(title=f"docgen show {run.name} {document}"))
    (HERE / "document.svg").write_text(svg.replace("Fira Code", "monospace"), "utf-8")
    page = (run.path / "reports" / "report.html").resolve().as_uri()
    subprocess.run([*BROWSER, *browser_flags, f"--screenshot={HERE / 'report.png'}", page], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
