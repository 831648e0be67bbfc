"""Stratified draws of documents to label blind, so that few labels are informative and estimates stay unbiased.

A stratum is drawn from without replacement. The estimate of a share over the corpus is the sum over strata of the
stratum's share of the corpus times the share among its labelled documents (Cochran, Sampling Techniques, 3rd ed., 5.3);
its standard error is that of stratified sampling with the finite population correction (ibid., 5.6). The 95% interval
adds up Wilson's intervals of the strata (MOVER: Zou and Donner, Statistics in Medicine 27, 2008), since a few labels
that agree have no spread and are still not certain.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from docgen.audit.measure.intervals import wilson
from docgen.explorer.index.column_segments import Array
from docgen.explorer.read.filters import TESTS
from docgen.explorer.read.snapshot import Snapshot
from docgen.explorer.read.verdicts import VERDICTS, verdict_mask

__all__ = ["Estimate", "Stratum", "draw_documents", "estimate", "strata_of"]


@dataclass(frozen=True)
class Stratum:
    """Documents about which detectors say the same."""

    name: str
    mask: Array

    @property
    def size(self) -> int:
        """Documents in it."""
        return int(np.count_nonzero(self.mask))


def strata_of(snapshot: Snapshot, subject: str) -> list[Stratum]:
    """The strata for one subject, "fact:ID", "rule:ID", or "" for any rule.

    Documents that a judge read are divided by its verdict; the others by how the fact was assigned, or by findings.
    """
    kind, _, name = subject.partition(":")
    if kind == "fact":
        masks = {how: TESTS["fact"](snapshot, f"{name}:{how}") for how in ("stated", "implied")}
        masks["without"] = ~TESTS["fact"](snapshot, name)
    else:
        has_finding = TESTS["finding"](snapshot, name if kind == "rule" else "any")
        masks = {"found": has_finding, "nothing found": ~has_finding}
    read = verdict_mask(snapshot, "read")
    if read.any():
        said = snapshot.column("judge:read" if not name else f"judge:{name}")
        judged = {f"judged {VERDICTS[code]}": read & (said == code) for code in np.unique(said[read]).tolist() if code}
        judged["judged, no verdict"] = read & (said == 0)
        masks = judged | {f"not judged, {key}": mask & ~read for key, mask in masks.items()}
    return [stratum for key, mask in masks.items() if (stratum := Stratum(key, mask)).size]


def draw_documents(strata: Sequence[Stratum], count: int, seed: int) -> list[tuple[int, str]]:
    """(document, stratum) of `count` documents, as many of each stratum as there are, shuffled together."""
    rng = random.Random(seed)
    quota, left = dict.fromkeys((s.name for s in strata), 0), count
    while left and any(quota[s.name] < s.size for s in strata):
        for stratum in strata:
            if left and quota[stratum.name] < stratum.size:
                quota[stratum.name] += 1
                left -= 1
    drawn = []
    for stratum in strata:
        docs = np.flatnonzero(stratum.mask)
        drawn += [(int(docs[place]), stratum.name) for place in rng.sample(range(len(docs)), quota[stratum.name])]
    rng.shuffle(drawn)
    return drawn


@dataclass(frozen=True)
class Estimate:
    """A share of the corpus with its standard error and 95% interval; None while a stratum has no label."""

    share: float | None
    error: float | None
    labelled: int
    low: float | None = None
    high: float | None = None

    def as_json(self) -> dict[str, Any]:
        """In the form for a page."""
        return {"share": self.share, "error": self.error, "labelled": self.labelled, "low": self.low, "high": self.high}


def estimate(sizes: Mapping[str, int], labels: Mapping[str, Sequence[bool]]) -> Estimate:
    """The share of the corpus for which the label is true, from labels by stratum; `sizes` are those of the strata."""
    whole, share, variance, below, above = sum(sizes.values()), 0.0, 0.0, 0.0, 0.0
    count = sum(len(labels.get(name, ())) for name in sizes)
    if not whole or any(not labels.get(name) for name, size in sizes.items() if size):
        return Estimate(None, None, count)
    for name, size in sizes.items():
        if not size:
            continue
        own = labels[name]
        mean, weight = sum(own) / len(own), size / whole
        share += weight * mean
        if len(own) < size:
            spread = mean * (1 - mean) * len(own) / max(1, len(own) - 1)
            variance += weight**2 * (1 - len(own) / size) * spread / len(own)
            low, high = wilson(sum(own), len(own))
            below += weight**2 * (1 - len(own) / size) * (mean - low) ** 2
            above += weight**2 * (1 - len(own) / size) * (high - mean) ** 2
    low, high = share - math.sqrt(below), share + math.sqrt(above)
    return Estimate(share, math.sqrt(variance), count, max(0.0, low), min(1.0, high))
