"""The scan tier over many documents: compiled code and RE2 look at all of them, Python only at those that may contain
something.

The results are those of `FactDetector.detect` and `LeakageScanner.scan` for each document.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from docgen.audit.detect.facts.fact_detector import FactDetector, FactSighting
from docgen.audit.detect.facts.known_wordings import Words
from docgen.audit.detect.leaks.banned_statements import StatementIndex
from docgen.audit.detect.rule_scanner import LeakageScanner
from docgen.corpus.text_buffers import encode
from docgen.records import Document, Finding
from docgen.text import compose

__all__ = ["BatchScanner", "ScanResult"]

PROMPT_PIECE_WORDS = 12
"""Words of a piece of prompt prose: a copied run of 25 words holds a whole piece."""
THREADS = 2
"""Threads that look for candidates while the caller's examines those of the last part. Chosen: for two cores."""
DOCUMENTS_PER_PART = 256
"""Documents that one thread examines at a time. Chosen: four parts of a batch, so that the examination begins early."""


@dataclass(frozen=True)
class ScanResult:
    """What the scan tier saw in one document."""

    sightings: tuple[FactSighting, ...] = ()
    findings: tuple[Finding, ...] = field(default=())


class BatchScanner:
    """Both detectors of one context over batches. Compiled once; batches may be scanned by several threads."""

    def __init__(self, detector: FactDetector, scanner: LeakageScanner) -> None:
        self.detector, self.scanner = detector, scanner
        wordings = [wording.text for wording in detector.wordings]
        pieces = [piece for source in scanner.prose for piece in _pieces(source)]
        self._index = StatementIndex([*wordings, *scanner.banned, *pieces])
        self._short = any(len(Words(text).words) < 5 for text in (*wordings, *scanner.banned))

    def scan(self, documents: Sequence[Document], threads: int = THREADS) -> list[ScanResult]:
        """One result for each document, in order.

        Threads run the compiled part, which releases the GIL, while this one examines what they flagged.
        """
        parts = [
            documents[start : start + DOCUMENTS_PER_PART] for start in range(0, len(documents), DOCUMENTS_PER_PART)
        ]
        if len(parts) < 2 or threads < 2:
            return [scanned for part in parts for scanned in self._looked_at(part, self._likely(part))]
        with ThreadPoolExecutor(threads) as pool:
            flags = pool.map(self._likely, parts)
            return [one for part, likely in zip(parts, flags, strict=True) for one in self._looked_at(part, likely)]

    def _looked_at(self, documents: Sequence[Document], likely: npt.NDArray[np.bool_]) -> list[ScanResult]:
        return [self._one(document, flag) for document, flag in zip(documents, likely.tolist(), strict=True)]

    def _one(self, document: Document, likely: bool) -> ScanResult:
        if not likely and not document.quotes and not document.idea:
            return ScanResult(findings=tuple(self.scanner.scan_untouched(document.text, document.doc_type)))
        sightings = self.detector.detect(document.text, document.quotes)
        findings = self.scanner.scan(document.text, document.assigned, sightings, document.doc_type, document.idea)
        return ScanResult(sightings, tuple(findings))

    def _likely(self, documents: Sequence[Document]) -> npt.NDArray[np.bool_]:
        """Which documents may contain a wording, a banned statement, copied prose or a cue; errs on the side of too
        many."""
        folded = [compose(document.text, compatible=True) for document in documents]
        texts = encode(folded)
        likely = np.full(len(texts), self._short)
        likely[self._index.documents(texts)] = True
        for row in np.flatnonzero(~likely).tolist():
            likely[row] = self.scanner.touches(texts.bytes_of(row)) or self._touched_as_it_is(
                documents[row], folded[row]
            )
        return likely

    def _touched_as_it_is(self, document: Document, folded: str) -> bool:
        """Patterns may ask for characters, such as an ellipsis, that folding takes apart."""
        if folded is document.text:  # which folding leaves as it is
            return False
        plain = compose(document.text)
        return plain != folded and self.scanner.touches(plain.encode("utf-8", "surrogatepass"))


def _pieces(source: str) -> Iterator[str]:
    words = Words(source).words
    for start in range(0, len(words) - PROMPT_PIECE_WORDS + 1, PROMPT_PIECE_WORDS):
        yield " ".join(words[start : start + PROMPT_PIECE_WORDS])
