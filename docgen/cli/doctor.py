"""doctor: does the server answer, and what can it do?"""

from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.shared import options as o
from docgen.cli.shared.streams import say, say_json
from docgen.errors import ConfigError

if TYPE_CHECKING:
    from docgen.llm.doctor import Check, Server

__all__ = ["register"]

Write = Annotated[
    bool | None,
    typer.Option(
        "--write/--no-write",
        help="Ask for document types and a document too, and check them.  [default: yes without a known price]",
    ),
]
COLOURS = {"ok": "green", "note": "yellow", "fail": "red"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Money and servers")(doctor)


def doctor(
    config: o.Config = None,
    engine: o.Engine = None,
    model: o.Model = None,
    base_url: o.BaseUrl = None,
    max_tokens: o.MaxTokens = None,
    timeout: o.Timeout = None,
    write: Write = None,
    json: o.Json = False,
) -> None:
    """Test key, address, model, structured output, batches and limits; sends two small messages.

    docgen doctor --base-url http://localhost:8000 --model my-model

    A model without a known price, as on your own server, is also asked for document types and one document.

    Exit code 1 if something must be fixed.
    """
    import asyncio
    import json as js

    from docgen.cli.shared.console import saying
    from docgen.llm.doctor import diagnose
    from docgen.llm.providers.table import default_paid_provider, find_provider
    from docgen.options.run import RunOptions, resolve
    from docgen.pipeline.inputs.setup import engine_options
    from docgen.pipeline.writer_check import try_writing
    from docgen.prompts.requests import ModelOptions

    options = RunOptions(engine=engine, model=model, base_url=base_url, max_tokens=max_tokens, timeout=timeout)
    settings = resolve(None, config, options)
    provider = find_provider(settings.engine) if settings.engine else default_paid_provider()
    if not provider.paid:
        raise ConfigError(
            f"the {provider.name} engine does not use a server", "--engine", f"Use {default_paid_provider().name}"
        )
    server = engine_options(settings.model_copy(update={"engine": provider.name}))
    tried = settings.model or provider.default_model
    default = "" if settings.model else ", docgen's default: name another with --model"
    say(f"Trying {tried}{default}", err=True)
    model_options = ModelOptions(tried, settings.effort, tuple(sorted(settings.extra.items())), settings.max_tokens)

    with saying(quiet=False) as tell:

        async def writing(found: "Server") -> "list[Check]":
            is_due = not found.has_price if write is None else write
            return await try_writing(found.llm, model_options, found.room, tell) if is_due else []

        checks = asyncio.run(diagnose(server, tried, settings.extra, settings.max_tokens, writing, tell))
    if json:
        say_json(js.dumps([check.model_dump() for check in checks], indent=2))
    else:
        _show(checks)
    if any(check.state == "fail" for check in checks):
        raise typer.Exit(1)


def _show(checks: "list[Check]") -> None:
    from rich.text import Text

    from docgen.cli.shared.console import console, table

    rows: list[list[str | Text]] = []
    for check in checks:
        took = f"{check.seconds * 1000:,.0f} ms" if check.seconds is not None else ""
        rows.append([Text(check.state, style=COLOURS[check.state]), check.name, took, check.detail])
    checks_table = table(("state", "check", "took", "detail"), rows)
    checks_table.show_header = False
    console.print(checks_table)
