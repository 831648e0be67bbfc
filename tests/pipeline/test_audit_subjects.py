"""Documents of any file as the audit takes them."""

from pathlib import Path

import polars as pl

from docgen.corpus import read_corpus
from docgen.pipeline.audit.targets import OPTIONAL, batch_subjects


def test_an_id_of_zero_is_an_id(tmp_path: Path) -> None:
    """Only a missing or null id gives way to the row's number."""
    pl.DataFrame({"id": [7, 0, None], "text": ["a", "b", "c"]}).write_parquet(tmp_path / "corpus.parquet")
    subjects = batch_subjects(read_corpus(tmp_path / "corpus.parquet", optional=OPTIONAL))
    assert [subject.id for subject in subjects] == ["7", "0", "2"]
