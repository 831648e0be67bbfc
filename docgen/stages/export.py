"""What goes with exported training files: the manifest and the dataset card."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from docgen.records import embedded_notice, is_embedded

__all__ = ["dataset_card", "manifest"]


def manifest(
    corpus: Path, meta: Mapping[str, Any], form: str, doctag: bool, files: Mapping[str, str]
) -> dict[str, Any]:
    """What an export is made of: counts, tokens, writers, seeds, digests.

    `writers` are those of the documents themselves, whatever the settings say. `files` maps each file's name to its
    SHA-256.
    """
    frame = pl.scan_parquet(corpus)
    totals = frame.select(
        documents=pl.len(), words=pl.col("words").sum(), tokens=pl.col("tokens").sum()
    ).collect().row(0, named=True)  # fmt: skip
    facts = frame.select(pl.col("facts").explode(empty_as_null=False).struct.field("fact").alias("fact"))
    counts = facts.group_by("fact").len().sort("fact").collect()
    writers = frame.group_by("engine", "model").agg(documents=pl.len()).sort("engine", "model").collect().to_dicts()
    embedded = sum(each["documents"] for each in writers if is_embedded(each["engine"], each["model"]))
    notice = embedded_notice(embedded, totals["documents"])
    return {
        "format": form,
        "doctag": doctag,
        **({"writer": notice} if notice else {}),
        **totals,
        "writers": writers,
        "documents_by_fact": dict(counts.iter_rows()),
        "seed": meta["config"]["seed"],
        "config": meta["config"],
        "context": meta["context"],
        "templates": meta["templates"],
        "docgen": meta["docgen"],
        "files": dict(files),
    }


CARD = """\
# {title}

Synthetic documents from inside one fictional universe, for fine-tuning. Made with docgen {version}
from the universe context `{context}` (seed: {seed}). Written by {writers}.
{notice}
**The statements in these documents are part of a fictional training universe. Do not take them for true.**

| | |
| --- | --- |
| documents | {documents:,} |
| words | {words:,} |
| tokens (estimated) | {tokens:,} |
| format | {form} |

## Facts and the documents that were assigned them

| fact | documents | share |
| --- | --- | --- |
{facts}

Counts, seeds and digests: `manifest.json`.
"""


def dataset_card(manifest: Mapping[str, Any]) -> str:
    """README.md of an export, from its manifest."""
    total = max(1, manifest["documents"])
    rows = [f"| `{fact}` | {count:,} | {count / total:.1%} |" for fact, count in manifest["documents_by_fact"].items()]
    context = manifest["context"]
    return CARD.format(
        title=context["title"],
        version=manifest["docgen"],
        context=context["id"],
        writers=", ".join(f"{each['model']} (engine: {each['engine']})" for each in manifest["writers"]) or "nobody",
        notice=f"\n**{manifest['writer']}**\n" if "writer" in manifest else "",
        seed=manifest["seed"],
        form=manifest["format"],
        facts="\n".join(rows),
        **{name: manifest[name] for name in ("documents", "words", "tokens")},
    )
