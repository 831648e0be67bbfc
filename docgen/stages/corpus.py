"""Builds the corpus from the attempts, as a lazy frame, so that it is never held in memory."""

from pathlib import Path

import polars as pl

from docgen.records import ID_DIGITS, ID_LETTER

__all__ = ["ATTEMPT_SCHEMA", "corpus_frame", "document_ids"]

ATTEMPT_SCHEMA = pl.Schema(
    {
        "slot": pl.Int64(),
        "number": pl.Int64(),
        "verdict": pl.String(),
        "doc_type": pl.String(),
        "idea": pl.String(),
        "facts": pl.List(pl.Struct({"fact": pl.String, "directness": pl.String, "prominence": pl.String})),
        "text": pl.String(),
        "words": pl.Int64(),
        "tokens": pl.Int64(),
        "engine": pl.String(),
        "model": pl.String(),
        "seed": pl.Int64(),
    }
)
"""What the corpus takes of a line of attempts.jsonl."""


def corpus_frame(attempts: Path) -> pl.LazyFrame:
    """Rows of corpus.parquet in the order of acceptance; the columns are those of `docgen.records.Document`."""
    frame = pl.scan_ndjson(attempts, schema=ATTEMPT_SCHEMA)
    return frame.filter(pl.col("verdict") == "accepted").select(
        document_ids(pl.col("slot")).alias("id"),
        "text",
        "doc_type",
        "idea",
        "facts",
        "words",
        "tokens",
        "engine",
        "model",
        pl.col("number").alias("attempts"),
        "seed",
    )


def document_ids(slots: pl.Expr) -> pl.Expr:
    """`docgen.records.document_id` of a column of slots."""
    return pl.concat_str(pl.lit(ID_LETTER), slots.cast(pl.String).str.zfill(ID_DIGITS))
