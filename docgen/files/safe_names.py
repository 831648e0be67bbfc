"""Safe names of folders: no flag and no file from elsewhere can lead out of the folder that docgen writes to."""

import re

from docgen.errors import ConfigError

__all__ = ["folder_name"]

FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def folder_name(name: str, where: str) -> str:
    """`name`, if it names one folder; else `ConfigError`. `where` is its source: a flag, or a file and its key."""
    if not FOLDER_NAME.fullmatch(name):
        fix = "Use letters, digits, dots, dashes and underscores"
        raise ConfigError(f"{name[:200]!r} is not a valid name for a run", where, fix)
    return name
