"""The `docgen` command."""

import errno
import sys
from contextlib import suppress

from docgen.errors import StopRun, UserError
from docgen.text.outgoing import hide
from docgen.text.sanitize import printable

__all__ = ["main"]


def main() -> None:
    """Run the command line; user errors are one line and exit code 2, a stopped run is one line and exit code 1."""
    from docgen.cli.streams import prepare_signals, prepare_streams

    prepare_streams()
    prepare_signals()
    from docgen.cli.app import app

    try:
        try:
            app(standalone_mode=True)
        finally:
            sys.stdout.flush()
    except UserError as error:
        _fail(f"Error: {error}", 2)
    except StopRun as error:
        _fail(f"Stopped: {error.message}. {error.fix}.", 1)
    except KeyboardInterrupt:
        _fail("Interrupted.", 130)
    except BrokenPipeError:
        from docgen.cli.streams import LOOKING, silence

        silence()
        raise SystemExit(0 if LOOKING & set(sys.argv[1:]) else 1) from None
    except OSError as error:
        from docgen.files.faults import NO_SUPPORT, advice

        if error.errno is None or (error.filename is None and error.errno not in DISK_ERRORS | NO_SUPPORT):
            raise
        where = error.filename or "disk"
        _fail(f"Error: {where}: {error.strerror}. What was written so far is kept.{advice(error)}", 2)


DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})


def _fail(line: str, code: int) -> None:
    with suppress(OSError):  # nobody may be there to read it
        print(printable(hide(line)), file=sys.stderr, flush=True)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
