"""Document types and ideas by id, as slots refer to them."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from docgen.errors import RunError
from docgen.records import DocumentType, Idea, Slot

__all__ = ["Catalogue"]


@dataclass(frozen=True)
class Catalogue:
    """Document types and ideas by id, and the ideas of each type in order."""

    types: Mapping[str, DocumentType]
    ideas: Mapping[str, Idea]
    ideas_of: Mapping[str, Sequence[Idea]]

    @classmethod
    def of(cls, types: Iterable[DocumentType], ideas: Iterable[Idea]) -> "Catalogue":
        """Index the results of the brainstorm. Raises `RunError` for an idea of an unknown type."""
        kinds = {kind.id: kind for kind in types}
        ideas_by_id = {idea.id: idea for idea in ideas}
        groups: dict[str, list[Idea]] = {name: [] for name in kinds}
        for idea in ideas_by_id.values():
            if idea.doc_type not in groups:
                raise _missing(idea.doc_type, "types.jsonl")
            groups[idea.doc_type].append(idea)
        return cls(kinds, ideas_by_id, groups)

    def of_slot(self, slot: Slot) -> tuple[DocumentType, Idea]:
        """A slot's type and idea. Raises `RunError` if the plan was made from other types or ideas."""
        if slot.doc_type not in self.types:
            raise _missing(slot.doc_type, "types.jsonl")
        if slot.idea not in self.ideas:
            raise _missing(slot.idea, "ideas.jsonl")
        return self.types[slot.doc_type], self.ideas[slot.idea]

    def kind_of(self, slot: Slot) -> tuple[str, bool | None]:
        """What decides which ideas a slot can use: its type, and whether it has no facts.

        The second is None if the ideas of the type are all for documents with facts, or all for background.
        """
        ideas = self.ideas_of.get(slot.doc_type, ())
        mixed = any(idea.background for idea in ideas) and not all(idea.background for idea in ideas)
        return slot.doc_type, not slot.facts if mixed else None

    def ideas_for(self, kind: tuple[str, bool | None]) -> list[Idea]:
        """The ideas that slots of this kind can use, in order."""
        name, background = kind
        return [idea for idea in self.ideas_of[name] if background is None or idea.background == background]

    def spare(self, slots: Iterable[Slot]) -> dict[Hashable, list[str]]:
        """Ids of the ideas that none of the slots has, by kind."""
        kinds, used = dict[tuple[str, bool | None], None](), set[str]()
        for slot in slots:
            if len(used) == len(self.ideas):
                return {}
            kinds[self.kind_of(slot)] = None
            used.add(slot.idea)
        return {kind: [idea.id for idea in self.ideas_for(kind) if idea.id not in used] for kind in kinds}


def _missing(name: str, file: str) -> RunError:
    fix = "Delete types.jsonl, ideas.jsonl and slots.jsonl: they are rebuilt from llm.jsonl at no cost"
    return RunError(f"does not contain {name}, which the plan uses", file, fix)
