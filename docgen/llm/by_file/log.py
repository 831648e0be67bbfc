"""What was handed out for inference elsewhere, `handed_out.jsonl`: which requests went into which file, and failures.

A line is about up to a thousand requests of one stage and model, written before the file takes its place, or about one
reply that says its request failed, or about requests whose file was withdrawn and will not be run.
"""

import datetime as dt
import json
import math
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docgen.files.append_log import AppendLog, read_entries

__all__ = ["HANDED_OUT_FILE", "HandOut", "HandOutLog", "HandOuts"]

HANDED_OUT_FILE = "handed_out.jsonl"
MAX_FAILURES = 3
"""Times that a request may come back failed before it counts as failed for good: as many as the passes over failed
requests that a round makes when docgen itself sends them."""


@dataclass(frozen=True)
class HandOut:
    """Requests of one stage and model that went into a file; `worst` is the most in dollars that they can cost
    together."""

    file: str
    format: str
    stage: str
    model: str
    at: dt.datetime
    worst: float
    keys: tuple[str, ...] = field(repr=False)


class HandOuts:
    """What a log says, read only. Memory: a key and a reference for each request."""

    def __init__(self, path: Path) -> None:
        self._hand_outs: dict[bytes, HandOut] = {}
        self._times: Counter[bytes] = Counter()
        self._failures: dict[bytes, list[tuple[str, str]]] = {}
        self._withdrawn: set[bytes] = set()
        for entry in read_entries(path):
            self._read(entry)

    def _read(self, entry: dict[str, Any]) -> None:
        try:
            if "failed" in entry:
                failure = str(entry["kind"]), str(entry["why"])
                self._failures.setdefault(bytes.fromhex(entry["failed"]), []).append(failure)
                return
            if "withdrawn" in entry:
                self._withdrawn.update(map(bytes.fromhex, entry["withdrawn"]))
                return
            at = dt.datetime.fromisoformat(entry["at"])
            words = {name: str(entry[name]) for name in ("file", "format", "stage", "model")}
            worst = float(entry["worst"])
            if not 0 <= worst < math.inf:
                return
            self._remember(HandOut(**words, at=at, worst=worst, keys=tuple(entry["keys"])))
        except (KeyError, TypeError, ValueError):
            return  # a damaged line: its requests are handed out again

    def _remember(self, handed: HandOut) -> None:
        for key in handed.keys:
            raw = bytes.fromhex(key)
            self._hand_outs[raw] = handed
            self._times[raw] += 1
            self._withdrawn.discard(raw)

    def get(self, key: str) -> HandOut | None:
        """The last hand-out of a request; None for a key that is not a request of this run."""
        try:
            return self._hand_outs.get(bytes.fromhex(key))
        except ValueError:
            return None

    def given_up(self, key: str) -> tuple[str, str] | None:
        """(kind, words) of the last failure of a request that came back failed too often; else None."""
        failures = self._failures.get(bytes.fromhex(key), [])
        return failures[-1] if len(failures) >= MAX_FAILURES else None

    def requests(self) -> Iterator[str]:
        """The key of every request that was handed out, in order."""
        return (key.hex() for key in self._hand_outs)

    def waiting(self, answered: Container[str]) -> list[str]:
        """Requests being run elsewhere, as far as is known: without a reply, not withdrawn, not given up."""
        lying = (key.hex() for key in self._hand_outs if key not in self._withdrawn)
        return [key for key in lying if key not in answered and not self.given_up(key)]


class HandOutLog(HandOuts):
    """The log, opened for appending by whoever has the run's lock."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._log = AppendLog(path)
        super().__init__(path)

    def hand_out(self, file: str, form: str, stage: str, model: str, worst: float, keys: Sequence[str]) -> None:
        """Record that these requests are in a file that is about to be finished."""
        now = dt.datetime.now(dt.UTC)
        handed = HandOut(file, form, stage, model, now, worst, tuple(keys))
        entry = {**handed.__dict__, "at": now.isoformat(), "keys": list(keys)}
        self._log.append(json.dumps(entry).encode())
        self._remember(handed)

    def fail(self, key: str, kind: str, why: str) -> None:
        """Record that a request came back failed; the same failure read twice counts once."""
        failures = self._failures.setdefault(bytes.fromhex(key), [])
        if len(failures) < self._times[bytes.fromhex(key)]:
            self._log.append(json.dumps({"failed": key, "kind": kind, "why": why}).encode())
            failures.append((kind, why))

    def withdraw(self, keys: Sequence[str]) -> None:
        """Record that the files of these requests will not be run."""
        self._log.append(json.dumps({"withdrawn": list(keys)}).encode())
        self._withdrawn.update(map(bytes.fromhex, keys))

    def sync(self) -> None:
        """Flush to the disk."""
        self._log.sync()

    def close(self) -> None:
        """Sync and close; idempotent."""
        self._log.close()
