"""The entries of a report, by position or by the name of a rule or fact."""

from abc import abstractmethod
from collections.abc import ItemsView, Mapping
from typing import Generic, TypeVar

from docgen.audit.rules.leakage_rule import rule_key

__all__ = ["ReportEntries"]

Entry = TypeVar("Entry")


class ReportEntries(Generic[Entry]):
    """A report with one entry for each rule or fact: `report[name]`, `name in report`, `report.items()`.

    Case, `-` and `_` in a name do not matter.
    """

    @property
    @abstractmethod
    def entries(self) -> Mapping[str, Entry]:
        """The entries by name."""

    def __getitem__(self, name: str) -> Entry:
        """One entry; `KeyError` lists the names that exist."""
        by_key = {rule_key(name_of_entry): entry for name_of_entry, entry in self.entries.items()}
        if rule_key(name) not in by_key:
            raise KeyError(f"{name!r} is not in this report, which has {', '.join(self.entries)}")
        return by_key[rule_key(name)]

    def __contains__(self, name: str) -> bool:
        return rule_key(name) in map(rule_key, self.entries)

    def items(self) -> ItemsView[str, Entry]:
        """All names with their entries."""
        return self.entries.items()
