"""Splits and mixes of a large corpus: python bench/export_exactness.py CORPUS OTHER

How many near-duplicate pairs of OTHER lie across its validation split, and across a random one of its size; how far the
ratios of OTHER mixed into CORPUS are off, by documents and by tokens, counted in the files that were written.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from docgen.corpus import read_corpus
from docgen.dedupe.job import DedupeSettings, dedupe
from docgen.dedupe.source import open_corpus
from docgen.exporting.export_options import ExportOptions
from docgen.exporting.tokens.estimator import training_tokens
from docgen.pipeline.corpora.export import export

RATIOS = (0.1, 0.2, 0.5, 1.0, 2.0)
SHARE = 0.05


def texts_of(file: Path) -> list[str]:
    return [json.loads(line)["text"] for line in file.read_text("utf-8").splitlines()]


def split(corpus: Path, place: Path) -> None:
    folder, manifest = export(corpus, out=place / "split", options=ExportOptions(validation=SHARE))
    held_out = set(texts_of(folder / "validation.jsonl"))
    texts = [text for batch in read_corpus(corpus) for text in batch.texts]
    is_held_out = np.array([text in held_out for text in texts])
    pairs = dedupe(open_corpus([corpus], id_column=""), DedupeSettings(), pairs=True).similar_pairs()
    a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
    random = np.random.default_rng(0).permutation(len(texts)) < len(held_out)
    size = manifest["splits"]["validation"]["documents"]
    print(
        f"{len(texts):,} documents, {len(a):,} near-duplicate pairs; validation {size:,} of {SHARE * len(texts):,.0f}"
    )
    print(f"pairs across the split: {int((is_held_out[a] != is_held_out[b]).sum())}")
    print(f"across a random split of that size: {int((random[a] != random[b]).sum())}")


def mixes(corpus: Path, other: Path, place: Path) -> None:
    own = {text for batch in read_corpus(corpus) for text in batch.texts}
    own_tokens = sum(training_tokens(text) for batch in read_corpus(corpus) for text in batch.texts)
    rows = sum(len(batch) for batch in read_corpus(corpus))
    for by in ("documents", "tokens"):
        options = ExportOptions(mix=(str(other),), mix_ratios=RATIOS, mix_by=by)
        folder, manifest = export(corpus, out=place / by, options=options)
        for ratio, member in zip(RATIOS, manifest["members"], strict=True):
            mixed = [text for text in texts_of(folder / member["folder"] / "train.jsonl") if text not in own]
            tokens = sum(map(training_tokens, mixed))
            amount, wanted = (len(mixed), ratio * rows) if by == "documents" else (tokens, ratio * own_tokens)
            print(f"1:{ratio:g} by {by}: {amount:,} of {wanted:,.1f} ({amount / wanted - 1:+.4%})")


def main(corpus: Path, other: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        split(other, Path(place))
        mixes(corpus, other, Path(place))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
