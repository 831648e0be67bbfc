"""The commands requests and replies: a run whose inference is done elsewhere, through files."""

from dataclasses import replace
from json import dumps as json_text
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.entry import command, command_flags
from docgen.cli.shared import options as o
from docgen.cli.shared.streams import say, say_json
from docgen.errors import ConfigError
from docgen.text.output.plurals_and_money import money, plural

if TYPE_CHECKING:
    from docgen.pipeline.execution.request_and_reply_files import RepliesTaken, RoundWritten
    from docgen.pipeline.inputs.requested_inputs import Proposal
    from docgen.pipeline.inputs.setup import Setup
    from docgen.progress import Reporter

__all__ = ["register"]

PANEL = "Money and servers"
REQUESTS_HELP = """Write the requests that are due to a file, for a cluster or batch API that runs inference itself.

docgen requests helpful_only --n 2000 --engine openai --model MODEL --out round.jsonl

Hand the replies in with docgen replies, and write the next round: types, ideas, documents, then refills of what was
rejected. Nothing is sent and no key is needed. Exit code 3: no request is due. Examples for vLLM, Ray, Slurm and
SkyPilot: docs/cluster.md.
"""
NOTHING_DUE = 3
"""Exit code, so that a script's loop ends."""
LEFT_OUT = {"yes", "batch", "concurrency", "timeout", "base_url"}
"""Flags of a job without meaning where docgen sends nothing."""


@command_flags
class RequestFlags(o.JobFlags):
    """The flags of requests."""

    out: Annotated[
        Path | None, typer.Option("--out", help="File to write, one request a line.", show_default=False)
    ] = None
    form: Annotated[
        str | None,
        typer.Option(
            "--format", help="messages-batch, openai-batch or chat (plain).  [default: the engine's batch format]"
        ),
    ] = None
    judge: Annotated[
        bool, typer.Option("--judge", help="Once the documents exist, also write the judge's requests on a sample.")
    ] = False
    withdraw: Annotated[
        bool,
        typer.Option(
            "--withdraw",
            help="Write no file; record that nobody will answer earlier ones, which lets docgen buy their requests.",
        ),
    ] = False


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command("requests", help=REQUESTS_HELP, rich_help_panel=PANEL)(command(requests, RequestFlags, LEFT_OUT))
    app.command("replies", rich_help_panel=PANEL)(replies)


def requests(flags: RequestFlags) -> None:
    """Write the next round of requests."""
    from docgen.cli.shared.cost_consent import command_reporter
    from docgen.pipeline.execution.request_and_reply_files import write_round

    if flags.withdraw:
        _withdraw(flags)
        return
    if flags.out is None:
        raise ConfigError("needs a file to write", "--out", "Give one, such as --out round.jsonl")
    with command_reporter(flags.quiet, flags.json) as reporter:
        setup = _begun(flags, reporter)
        written = write_round(setup, flags.out, flags.form, reporter, judged=flags.judge)
    if flags.json:
        say_json(written.model_dump_json(indent=2))
    else:
        for line in _round_in_words(written, setup.run.name):
            say(line)
    if not written.requests:
        raise typer.Exit(NOTHING_DUE)


def _withdraw(flags: RequestFlags) -> None:
    from docgen.pipeline.execution.request_and_reply_files import withdraw_requests
    from docgen.pipeline.inputs.latest_run import run_or_latest
    from docgen.pipeline.inputs.setup import reopen
    from docgen.progress.display import PlainReporter

    setup = reopen(run_or_latest(flags.run or flags.target, PlainReporter(quiet=flags.quiet or flags.json)))
    count = withdraw_requests(setup)
    if flags.json:
        say_json(json_text({"run": setup.run.name, "withdrawn": count}))
    else:
        say(f"{plural(count, 'request')} withdrawn. Go on with docgen generate {setup.run.name}, or docgen requests")


def _begun(flags: RequestFlags, reporter: "Reporter") -> "Setup":
    """The run, with its inputs saved; a new one gets the engine whose servers read the format."""
    from docgen.llm.by_file.lines import FORMATS, find_format
    from docgen.records import EMBEDDED_ENGINE

    proposal = _proposal(flags, reporter)
    setup = proposal.setup
    if flags.engine is None and setup.config.engine == EMBEDDED_ENGINE and not setup.run.exists():
        form = find_format(flags.form, "") or FORMATS[0]
        proposal = _proposal(replace(flags, engine=form.engine), reporter)
    proposal.setup.check_ready(planned=True)
    return proposal.apply(flags.accept_changes)


def _proposal(flags: RequestFlags, reporter: "Reporter") -> "Proposal":
    from docgen.pipeline.inputs.run_resolution import open_proposal

    return open_proposal(
        flags.target, flags.options(), reporter, run=flags.run, config=flags.config, fork=flags.fork,
        keep_context=flags.keep_context, priced_only=True,
    )  # fmt: skip


def replies(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Name or folder of the run.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of replies, or folders of them.")],
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Read replies from files into a run, in any order, repeatedly or in part.

    docgen replies my_world answers.jsonl

    Understands the results of message batches and of OpenAI's batches, chat completions, and lines with a custom_id and
    a text. Lost, repeated, foreign and damaged lines are counted; failed requests are written again by the next
    docgen requests. Exit code 1 if lines were damaged or foreign.
    """
    from docgen.cli.shared.cost_consent import command_reporter
    from docgen.files.run_folder.run_folder import find_run
    from docgen.pipeline.execution.request_and_reply_files import take_replies
    from docgen.pipeline.inputs.setup import reopen

    with command_reporter(quiet, json) as reporter:
        setup = reopen(find_run(run))
        taken = take_replies(setup, files, reporter)
    if json:
        say_json(taken.model_dump_json(indent=2))
    else:
        for line in _replies_in_words(taken, setup.run.name):
            say(line)
    if taken.damaged or taken.foreign:
        raise typer.Exit(1)


def _round_in_words(written: "RoundWritten", run: str) -> list[str]:
    if not written.requests:
        return [f"No request is due. See: docgen status {run}"]
    stages = ", ".join(f"{count:,} {stage}" for stage, count in written.by_stage.items())
    cost = f", at most {money(written.worst)}" if written.worst else ""
    lines = [f"{written.file}: {plural(written.requests, 'request')} ({stages}), {written.format}{cost}"]
    if written.again:
        lines.append(f"{written.again:,} of them were handed out before and still have no reply")
    if written.over_cap:
        lines.append(f"{written.over_cap:,} more are due, but do not fit under --max-cost now")
    return [*lines, f"Next: docgen replies {run} FILE"]


def _replies_in_words(taken: "RepliesTaken", run: str) -> list[str]:
    others = {"repeated": taken.repeated, "failed": taken.failed, "foreign": taken.foreign, "damaged": taken.damaged}
    counts = "".join(f", {count:,} {name}" for name, count in others.items() if count)
    cost = f" (${taken.dollars:,.4f})" if taken.dollars else ""
    lines = [*taken.notes, f"{taken.taken:,} replies taken{cost}{counts}"]
    if taken.given_up:
        lines.append(f"{plural(taken.given_up, 'request')} failed too often, left out")
    if taken.missing:
        lines.append(f"{plural(taken.missing, 'request')} without a reply: docgen requests writes them again")
    return [*lines, f"Next: docgen requests {run} --out FILE"]
