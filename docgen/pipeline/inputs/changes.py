"""What differs between a run as it was begun and what is requested now, named by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from docgen.options.run import RunConfig
from docgen.prompts.table import PROMPTS, REVISE
from docgen.universe import UniverseContext

__all__ = ["PLAN_ONLY", "Change", "context_changes", "settings_changes", "template_changes"]

PLAN_ONLY = frozenset({"n", "words", "salience", "stated", "length_tolerance", "max_attempts", "threshold", "ngram"})
"""Settings that a brainstorm does not depend on: free to change as long as there is no plan."""
MAX_VALUE_CHARS = 60
"""Characters of a value that are shown, enough to recognise it."""
LEAD_CHARS = 20
"""Of these, characters before the first difference: chosen, some three words to find the place by."""


@dataclass(frozen=True)
class Change:
    """One input that differs from what the run was begun with."""

    what: str
    before: str
    now: str

    def __str__(self) -> str:
        return f"{self.what}: {self.before} -> {self.now}"


def settings_changes(before: RunConfig, now: RunConfig, planned: bool) -> list[Change]:
    """Settings that differ and affect the results. More documents or attempts do not count: a run may grow."""
    old, new = before.identity(), now.identity()
    free = set() if planned else set(PLAN_ONLY)
    free |= {name for name in ("n", "max_attempts") if old[name] is not None and (new[name] or 0) > old[name]}
    free |= {name for name in ("n", "engine", "model") if old[name] is None}  # they may be left open at first
    compared = {name: value for name, value in old.items() if name not in free}
    return list(_differences(compared, {name: value for name, value in new.items() if name not in free}))


def context_changes(before: UniverseContext, now: UniverseContext) -> list[Change]:
    """Fields of a context that differ, e.g. "key_facts.bridge.statement"."""
    if before.digest == now.digest:
        return []
    return list(_differences(before.model_dump(mode="json"), now.model_dump(mode="json")))


def template_changes(old: Mapping[str, Any], new: Mapping[str, Any], revise: bool) -> list[Change]:
    """Prompts that the run uses and whose wording has changed since it was begun; both arguments are contents of
    run.json."""
    unused = {prompt.template for prompt in PROMPTS if prompt.used_for != "corpus"}
    unused |= set() if revise else {REVISE.template}
    before, now = f"as in docgen {old.get('docgen', '?')}", f"reworded (docgen {new['docgen']})"
    return [
        Change(f"template {name}", before, now)
        for name, value in new["templates"].items()
        if name not in unused and old["templates"].get(name) != value
    ]


def _differences(before: Any, now: Any, path: str = "") -> Iterator[Change]:
    """Leaves that differ; list entries that have ids are compared by id, whatever their position."""
    if before == now:
        return
    old, new = _by_name(before, now), _by_name(now, before)
    if old is None or new is None:
        yield Change(path, *_where_they_differ(_text(before), _text(now)))
        return
    changes = [
        change
        for name in [*old, *(name for name in new if name not in old)]
        for change in _differences(old.get(name), new.get(name), f"{path}.{name}" if path else str(name))
    ]
    yield from changes or [Change(path, "in one order", "in another")]


def _by_name(value: Any, other: Any) -> Mapping[str, Any] | None:
    """The parts of a value that have names, None if it is to be shown whole. Nothing beside a list has no parts."""
    if not value and isinstance(value, list | None) and isinstance(other, list) and other:
        return {}
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list) and value and all(isinstance(entry, Mapping) and entry.get("id") for entry in value):
        return {str(entry["id"]): entry for entry in value}
    return None


def _where_they_differ(before: str, now: str) -> tuple[str, str]:
    """Two texts, each no longer than `MAX_VALUE_CHARS`: of long ones the passage around their first difference."""
    if before == now:
        return "in other spacing", "as it is now"
    pairs = enumerate(zip(before, now, strict=False))
    same = next((i for i, (old, new) in pairs if old != new), min(len(before), len(now)))
    start = 0 if same < MAX_VALUE_CHARS - 2 * LEAD_CHARS else before.rfind(" ", 0, max(1, same - LEAD_CHARS)) + 1
    return _passage(before, start), _passage(now, start)


def _passage(text: str, start: int) -> str:
    shown = f"{'...' if start else ''}{text[start:]}"
    return shown if len(shown) <= MAX_VALUE_CHARS else f"{shown[: MAX_VALUE_CHARS - 3]}..."


def _text(value: Any) -> str:
    if value is None or value in ([], {}, ""):
        return "(none)"
    if isinstance(value, Mapping):  # a fact or a rule that came or went
        value = value.get("statement") or value.get("description") or value
    return " ".join(str(value).split())
