"""tail: a run as it goes, from another terminal."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.shared import options as o
from docgen.cli.shared.streams import say, say_json

if TYPE_CHECKING:
    from docgen.records import Attempt

__all__ = ["register"]

POLL_SECONDS = 0.5
"""Seconds between two looks at the run's files (chosen: a document takes seconds)."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Look")(tail)


def tail(
    run: o.RunArgument = None,
    lines: Annotated[int, typer.Option("--lines", min=0, help="How many existing attempts to show first.")] = 5,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Follow a run's attempts as they are decided, while another process writes it; ends when that ends.

    docgen tail my_world

    Ctrl-C only stops watching. For a run that no process is working on, the last attempts are shown.
    """
    from docgen.pipeline.execution.shared_budget import check_single
    from docgen.pipeline.inputs.latest_run import run_or_latest
    from docgen.pipeline.inputs.setup import reopen
    from docgen.pipeline.stored_attempts import new_attempts
    from docgen.progress.display import PlainReporter

    folder = run_or_latest(run, PlainReporter(quiet=quiet or json))
    check_single(folder, "docgen tail")
    n = reopen(folder).config.n
    at = accepted = 0
    is_first = True
    while True:
        at_work = bool(folder.lock_owner())  # checked before reading: what is decided by then is read below
        new, at = new_attempts(folder, at)
        for position, attempt in enumerate(new):
            accepted += attempt.verdict == "accepted"
            if not is_first or position >= len(new) - lines:
                _show(attempt, accepted, n, json)
        is_first = False
        if not at_work:
            break
        time.sleep(POLL_SECONDS)
    if not json and not quiet:
        say(f"{folder.name}: {accepted:,} of {'?' if n is None else f'{n:,}'} accepted; no process is working on it")


def _show(attempt: "Attempt", accepted: int, n: int | None, as_json: bool) -> None:
    import json as js

    from docgen.records import document_id

    facts = [fact.fact for fact in attempt.facts]
    if as_json:
        fields = {
            "slot": attempt.slot,
            "attempt": attempt.number,
            "verdict": attempt.verdict,
            "doc_type": attempt.doc_type,
            "facts": facts,
            "words": attempt.words,
            "reasons": [reason.code for reason in attempt.reasons],
            "accepted": accepted,
            "of": n,
        }
        say_json(js.dumps(fields, ensure_ascii=False))
        return
    of = "" if n is None else f"/{n:,}"
    why = "; ".join(f"{reason.code} {reason.subject}".strip() for reason in attempt.reasons)
    carries = ", ".join(facts) or "background"
    line = f"{accepted:>6,}{of}  {document_id(attempt.slot)}  {attempt.verdict}  {attempt.words} words"
    say(f"{line}  {attempt.doc_type}: {carries}" + (f"  ({why})" if why else ""))
