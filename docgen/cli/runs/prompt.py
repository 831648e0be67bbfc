"""prompt: what is sent to the model, rendered, with its tokens."""

from typing import TYPE_CHECKING, Annotated

import typer

from docgen.cli.shared import options as o
from docgen.cli.shared.streams import say_json

if TYPE_CHECKING:
    from docgen.llm.protocol import Request

__all__ = ["as_fields", "register", "show_request"]

STAGES = ("types", "ideas", "document", "judge_document")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Look")(prompt)


def prompt(
    target: o.Target = None,
    stage: Annotated[
        str | None, typer.Option("--stage", help=f"Only this one: {', '.join(STAGES)}.  [default: all]")
    ] = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
) -> None:
    """Print the prompts of a context as the model gets them, with their tokens; nothing is sent.

    docgen prompt my_world --stage document

    Before the brainstorm, placeholders stand in for document type and idea. The prompt of a document that is
    written: docgen show RUN DOC --prompt
    """
    from docgen.errors import ConfigError
    from docgen.options.run import RunOptions
    from docgen.pipeline.inputs.run_resolution import open_proposal
    from docgen.pipeline.prompt_preview import prompts_of
    from docgen.progress.display import PlainReporter
    from docgen.universe.error_messages import suggestion

    if stage is not None and stage not in STAGES:
        raise ConfigError(
            f"{stage!r} is not a stage", "--stage", suggestion(stage, [*STAGES], f"Use {', '.join(STAGES)}")
        )
    reporter = PlainReporter(quiet=quiet or json)
    setup = open_proposal(target, RunOptions(), reporter, priced_only=True).setup
    requests = [request for name, request in prompts_of(setup).items() if stage in (None, name)]
    if json:
        import json as js

        say_json(js.dumps([as_fields(request) for request in requests], indent=2, ensure_ascii=False))
        return
    for request in requests:
        show_request(request)


def as_fields(request: "Request") -> dict[str, object]:
    """A request for scripts; tokens are estimated."""
    from docgen.text import token_estimate

    return {
        "stage": request.stage,
        "system": request.system,
        "user": request.user,
        "tokens": {"system": token_estimate(request.system), "user": token_estimate(request.user)},
        "max_tokens": request.max_tokens,
        "schema": request.schema,
    }


def show_request(request: "Request") -> None:
    """Print a request: the part that all requests of the stage share, then its own."""
    from rich.text import Text

    from docgen.cli.shared.console import console
    from docgen.text import token_estimate

    shared = token_estimate(request.system)
    for role, note, text in (("system", ", the same for all of the stage", request.system), ("user", "", request.user)):
        tokens = f"about {token_estimate(text):,} tokens{note}"
        console.print(Text(f"--- {request.stage}: {role} ({tokens})", style="bold cyan"))
        console.print(Text(text), soft_wrap=True)
    room = f"room for {request.max_tokens:,} tokens of reply" + (", in a JSON schema" if request.schema else "")
    console.print(Text(f"\n{shared + token_estimate(request.user):,} tokens in total, {room}\n", style="dim"))
