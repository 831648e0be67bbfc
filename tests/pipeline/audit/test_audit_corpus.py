"""Documents of any file as the audit takes them."""

from pathlib import Path

import polars as pl

from docgen.corpus import read_corpus
from docgen.pipeline.audit.corpus import OPTIONAL, batch_documents


def test_an_id_of_zero_is_an_id(tmp_path: Path) -> None:
    """Only a missing or null id gives way to the row's number."""
    pl.DataFrame({"id": [7, 0, None], "text": ["a", "b", "c"]}).write_parquet(tmp_path / "corpus.parquet")
    documents = batch_documents(read_corpus(tmp_path / "corpus.parquet", optional=OPTIONAL))
    assert [document.id for document in documents] == ["7", "0", "2"]
