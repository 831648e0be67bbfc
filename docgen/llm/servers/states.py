"""The state of a run's servers, for people, and on disk for other processes."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from docgen.files.atomic import write_atomically
from docgen.records import Record

__all__ = ["SERVERS_FILE", "ServerState", "read_states", "write_states"]

SERVERS_FILE = "servers.json"
"""Next to the journal; rewritten every second, and left as it is at the end of a start."""


class ServerState(Record):
    """One server: calls that it answered in this start of the run, those in flight, and what is wrong with it."""

    name: str
    replies: int
    in_flight: int
    trouble: str = ""

    def __str__(self) -> str:
        words = f", {self.trouble}" if self.trouble else ""
        return f"{self.name}: {self.replies:,} replies, {self.in_flight} in flight{words}"


_STATES = TypeAdapter(tuple[ServerState, ...])


def write_states(journal: Path, states: Sequence[ServerState]) -> None:
    """Write them next to a journal; a failure to write is not a reason to end a run."""
    with suppress(OSError):
        write_atomically(journal.with_name(SERVERS_FILE), [_STATES.dump_json(tuple(states))])


def read_states(journal: Path) -> tuple[ServerState, ...]:
    """The states next to a journal; none if the run had one server, or the file is damaged."""
    try:
        return _STATES.validate_json(journal.with_name(SERVERS_FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return ()
