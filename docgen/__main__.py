"""The `docgen` command."""

import errno
import os
import sys

from docgen.errors import StopRun, UserError
from docgen.text.sanitize import printable

__all__ = ["main"]


def main() -> None:
    """Run the command line; user errors are one line and exit code 2, a stopped run is one line and exit code 1."""
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
        _hush()
    except OSError as error:
        if error.errno is None or (error.filename is None and error.errno not in DISK_ERRORS):
            raise
        _fail(f"Error: {error.filename or 'disk'}: {error.strerror}. What was written so far is kept.", 2)


DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})


def _fail(line: str, code: int) -> None:
    print(printable(line), file=sys.stderr)
    raise SystemExit(code)


def _hush() -> None:
    """The reader has seen enough (`docgen show | head`): no error. What is left in buffers goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    raise SystemExit(0)


if __name__ == "__main__":
    main()
