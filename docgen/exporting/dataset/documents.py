"""A corpus read once for export: its texts on disk, what is known of each document in memory."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from docgen.corpus import corpus_columns, read_corpus
from docgen.exporting.dataset.examples import Example
from docgen.exporting.formats.writers import WRITER
from docgen.exporting.tokens.counter import TokenCounter
from docgen.files.file_system_errors import name_file_in_errors
from docgen.records import EMBEDDED_NOTICE, is_embedded
from docgen.text import word_count

__all__ = ["Documents", "TextStore", "read_documents"]

Ints = npt.NDArray[np.int64]
Grid = npt.NDArray[np.uint8]
ENGINE = (WRITER, "engine", "model")


class TextStore:
    """Texts in an unnamed file in `folder`, by number: memory holds 8 bytes of each."""

    def __init__(self, folder: Path) -> None:
        import tempfile

        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        with name_file_in_errors(folder):
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by __exit__
        self._ends = array("q", [0])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._ends) - 1

    def extend(self, texts: Iterable[str]) -> None:
        """Add texts at the end."""
        with name_file_in_errors(self._folder):
            self._file.seek(0, 2)
            for text in texts:
                data = text.encode("utf-8", "surrogatepass")
                self._file.write(data)
                self._ends.append(self._ends[-1] + len(data))

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self):
            raise IndexError(number)
        with name_file_in_errors(self._folder):
            self._file.seek(self._ends[number])
            return self._file.read(self._ends[number + 1] - self._ends[number]).decode("utf-8", "surrogatepass")

    def read(self, numbers: Sequence[int]) -> list[str]:
        """Several texts."""
        return [self[number] for number in numbers]


@dataclass
class Documents:
    """N documents; `holds` (N, F) says which have which of `facts`. `ids` and `doc_types` are empty where not known."""

    store: TextStore
    facts: tuple[str, ...]
    holds: Grid
    ids: list[str] = field(default_factory=list)
    doc_types: list[str] = field(default_factory=list)
    embedded: "array[int]" = field(default_factory=lambda: array("b"))
    token_counts: "array[int]" = field(default_factory=lambda: array("q"))
    words: int = 0

    def __len__(self) -> int:
        return len(self.token_counts)

    @property
    def tokens(self) -> Ints:
        """(N,): tokens of each."""
        return np.frombuffer(self.token_counts, dtype=np.int64) if len(self) else np.zeros(0, np.int64)

    def amount(self, unit: str) -> int:
        """The total, in "documents" or in "tokens"."""
        return len(self) if unit == "documents" else int(self.tokens.sum())

    def example(self, row: int) -> Example:
        """A document as it is, without prefix or turns."""
        fact_numbers = self.holds[row].nonzero()[0].tolist() if self.facts else []
        return Example(
            self.store[row],
            id=self.ids[row] if self.ids else "",
            doc_type=self.doc_types[row] if self.doc_types else "",
            facts=tuple(self.facts[place] for place in fact_numbers),
            writer=EMBEDDED_NOTICE if self.embedded[row] else "",
        )


def read_documents(
    paths: Sequence[Path],
    store: TextStore,
    counter: TokenCounter,
    facts: tuple[str, ...],
    holds: Grid,
    *,
    of_a_run: bool,
    ending: str = "",
    progress: Callable[[int], None] = lambda _: None,
) -> Documents:
    """Read a corpus into `store`; `of_a_run`: it has the columns id and doc_type. `ending` is appended to every text.

    `progress` is told how many documents have been read. Raises `InputError` for a row that is not a document.
    """
    documents, count = Documents(store, facts, holds), 0
    present = corpus_columns(paths)
    tells = [name for name in ENGINE if name in present]
    columns = ("id", "doc_type") if of_a_run else ()
    for batch in read_corpus(paths, columns, optional=ENGINE if tells else ()):
        texts = [text + ending for text in batch.texts] if ending else batch.texts
        store.extend(texts)
        documents.token_counts.extend(counter.count(texts))
        documents.words += sum(map(word_count, texts))
        if of_a_run:
            documents.ids += batch.columns["id"].to_list()
            documents.doc_types += batch.columns["doc_type"].to_list()
        if tells:
            rows = batch.columns.select(ENGINE).iter_rows()
            documents.embedded.extend(
                int(label == EMBEDDED_NOTICE or is_embedded(engine, model)) for label, engine, model in rows
            )
        else:
            documents.embedded.extend([0] * len(texts))
        count += len(texts)
        progress(count)
    return documents
