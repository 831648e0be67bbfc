"""How a command is called and how it ends: its flags as one record, its errors as one line and an exit code."""

import inspect
import math
import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar, dataclass_transform, get_type_hints

from typer import BadParameter
from typer.core import TyperGroup

from docgen.cli.shared.help_markup import commands_below, write_help_out
from docgen.errors import ConfigError, RequestFailed, StopRun, UserError
from docgen.text.output.sanitize import printable
from docgen.text.output.secret_redaction import redact_secrets

__all__ = ["NAMES_ONLY", "Commands", "command", "command_flags", "main"]

F = TypeVar("F")

GO_ON = "Give the same command again: whatever was paid for is on disk, and is not bought twice."
NAMES_ONLY = sys.argv[1:] in (["--help"], ["-h"])
"""Whether this process lists names and summaries of all commands: their flags, a fifth of the time, are not worked
out."""


def refuse_endless_numbers(commands: Mapping[str, Any]) -> None:
    """Refuse inf and nan for all options of these commands: comparisons with a bound do not catch them."""
    for _, command in commands_below(commands):
        for parameter in command.params:
            parameter.callback = _finite(parameter.callback)


def _finite(callback: Callable[[Any, Any, Any], Any] | None) -> Callable[[Any, Any, Any], Any]:
    def check(context: Any, parameter: Any, value: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{value} is not a usable number", parameter.opts[0], "Give a finite number")
        return callback(context, parameter, value) if callback else value

    return check


def main() -> None:
    """Run the command line; user errors are one line and exit code 2, a stopped run is one line and exit code 1."""
    try:
        _run()
    except UserError as error:
        _fail(f"Error: {error}", 2)
    except StopRun as error:
        _fail(f"Stopped: {error.message}. {error.fix}.", 1)
    except RequestFailed as error:
        _fail(f"Stopped: a request failed: {error}. Run the same command again.", 1)
    except KeyboardInterrupt:  # while the commands are loaded
        _fail("Interrupted.", 130)
    except BrokenPipeError:
        from docgen.cli.shared.streams import LOOKING, silence

        silence()
        raise SystemExit(0 if LOOKING & set(sys.argv[1:]) else 1) from None
    except OSError as error:
        from docgen.files.file_system_errors import is_of_machine, one_line

        if not is_of_machine(error):
            raise
        _fail(f"Error: {one_line(error)}", 2)


def _run() -> None:
    from docgen.cli.shared.streams import prepare_signals, prepare_streams

    prepare_streams()
    prepare_signals()
    from docgen.cli.app import command_line

    app = command_line(*sys.argv[1:2])
    try:
        app(prog_name="docgen", standalone_mode=True)
    finally:
        sys.stdout.flush()


def _fail(line: str, code: int) -> None:
    with suppress(OSError):  # its reader may be gone
        print(printable(redact_secrets(line)), file=sys.stderr, flush=True)
    raise SystemExit(code)


@dataclass_transform(kw_only_default=True, frozen_default=True)
def command_flags(record: type[F]) -> type[F]:
    """A class decorator: the flags of a command as a frozen dataclass.

    It does without `eq` and `repr`, whose code Python would compile at every start; where only names are listed, it
    does nothing at all, which saves a twentieth of the time.
    """
    if NAMES_ONLY:
        return record
    return dataclass(frozen=True, kw_only=True, eq=False, repr=False)(record)


def command(action: Callable[[F], None], record: type[F], leave_out: Collection[str] = ()) -> Callable[..., None]:
    """A function for typer whose parameters are the fields of `record` (see `command_flags`), of which `action`
    gets one.

    Fields of `record` itself come before those that it inherits; `leave_out` names fields that keep their default.
    """

    def call(**values: object) -> None:
        action(record(**values))

    call.__doc__, call.__name__ = action.__doc__, action.__name__
    if NAMES_ONLY:
        call.__signature__, call.__annotations__ = inspect.Signature(), {}  # type: ignore[attr-defined]
        return call
    hints = get_type_hints(record, include_extras=True)
    depth = {name: number for number, base in enumerate(record.__mro__) for name in inspect.get_annotations(base)}
    shown = [field for field in fields(record) if field.name not in leave_out]  # type: ignore[arg-type]
    shown.sort(key=lambda field: depth[field.name])
    parameters = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in shown
    ]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {field.name: hints[field.name] for field in shown}
    return call


class Commands(TyperGroup):
    """The group of all commands. Typer exits with 1 for a closed pipe that has an errno, so it is raised without
    one."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        write_help_out(self.commands)
        refuse_endless_numbers(self.commands)

    def invoke(self, ctx: Any) -> Any:
        """Carry a command out."""
        try:
            return super().invoke(ctx)
        except BadParameter as error:
            cause = error.__cause__
            if cause is not None and hasattr(cause, "errors"):  # Typer passes on what pydantic says of a flag's value
                from docgen.options.validation_messages import in_plain_words

                first = cause.errors()[0]
                error.message = f"{in_plain_words(first)} (got {first['input']!r})"
            raise
        except KeyboardInterrupt:  # before Typer, which would end without a word
            from docgen.cli.shared.streams import LOOKING

            looking = LOOKING & set(sys.argv[1:])
            _fail("Interrupted." if looking else f"Interrupted. {GO_ON}", 130)
        except BrokenPipeError as error:
            raise BrokenPipeError(str(error)) from None
