"""Totals of calls: tokens, dollars and stop reasons, by stage and model."""

from dataclasses import dataclass, field

from docgen.llm.protocol import Completion, Usage

__all__ = ["Tally", "Totals"]


@dataclass(slots=True)
class Tally:
    """Running totals over calls. `unpriced` counts calls whose model had no known price."""

    calls: int = 0
    batched: int = 0
    unpriced: int = 0
    dollars: float = 0.0
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    @property
    def usage(self) -> Usage:
        """The tokens as one record."""
        return Usage(input=self.input, output=self.output, cache_read=self.cache_read, cache_write=self.cache_write)

    def add(self, usage: Usage, dollars: float | None, batched: bool = False) -> None:
        """Count one call."""
        self.calls += 1
        self.batched += batched
        self.unpriced += dollars is None
        self.dollars += dollars or 0.0
        self.input += usage.input
        self.output += usage.output
        self.cache_read += usage.cache_read
        self.cache_write += usage.cache_write

    def merge(self, other: "Tally") -> None:
        """Add another tally to this one."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Totals:
    """Totals of a journal: tallies by (stage, model), replies by (stage, stop reason, refusal category)."""

    by_stage: dict[tuple[str, str], Tally] = field(default_factory=dict)
    stops: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def add(self, stage: str, completion: Completion) -> None:
        """Count one completion."""
        tally = self.by_stage.setdefault((stage, completion.model), Tally())
        tally.add(completion.usage, completion.dollars, completion.batched)
        stop = (stage, completion.stop_reason if completion.text.strip() else f"{completion.stop_reason} (empty)")
        key = (*stop, completion.category)
        self.stops[key] = self.stops.get(key, 0) + 1

    @property
    def dollars(self) -> float | None:
        """What all calls cost; None if none of them has a known price."""
        return None if (total := self.all).unpriced and total.unpriced == total.calls else total.dollars

    @property
    def all(self) -> Tally:
        """One tally over all stages and models."""
        total = Tally()
        for tally in self.by_stage.values():
            total.merge(tally)
        return total
