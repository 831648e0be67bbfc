"""Why constraints cannot be met, in arithmetic that a reader can check: which bound is broken, and by how much."""

from collections.abc import Iterator

import numpy as np

from docgen.planning.constraints import Constraints, Ints

__all__ = ["infeasibility_reasons", "proportional_counts"]


def infeasibility_reasons(constraints: Constraints, counts: Ints, types: Ints, background: int) -> list[str]:
    """Every simple bound that the target counts break; empty when only their interplay makes a plan impossible.

    `counts` (F,) and `background` are numbers of documents, `types` (n,) is each slot's document type.
    """
    carrying = len(types) - background
    return [
        *_required_facts(constraints, counts),
        *_document_types(constraints, counts, types),
        *_exclusions(constraints, counts, carrying),
        *_facts_per_document(constraints, counts, len(types), carrying),
    ]


def proportional_counts(constraints: Constraints, counts: Ints, types: Ints, background: int) -> Ints:
    """Numbers of documents (F,) that keep to the simple bounds and stay near those asked: each bound that is broken
    lowers its facts by one factor, so that what was wanted three times as often still is.
    """
    carrying = len(types) - background
    sizes = np.bincount(types, minlength=constraints.allowed.shape[1])
    counts = np.minimum(counts, constraints.allowed @ sizes).astype(np.int64)
    counts = np.where(constraints.excludes.diagonal(), 0, counts)
    for clique in _cliques(constraints, counts):
        counts[clique] = _scaled(counts[clique], carrying)
    counts = _scaled(counts, constraints.maximum * carrying)
    for fact in np.argsort(counts, kind="stable"):
        required = constraints.requires[fact]
        if required.any():
            counts[fact] = min(counts[fact], counts[required].min())
    return counts


def _scaled(counts: Ints, most: int) -> Ints:
    """Counts lowered in proportion so that they add up to `most` documents at most."""
    total = int(counts.sum())
    if total <= most:
        return counts
    scaled, left = counts * most // total, counts * most % total
    scaled[np.argsort(-left, kind="stable")[: most - scaled.sum()]] += 1
    return scaled


def _required_facts(constraints: Constraints, counts: Ints) -> Iterator[str]:
    """Facts that require facts which exclude each other, or that outnumber one they require."""
    names = constraints.facts
    for fact in np.flatnonzero((constraints.targets > 0) & (counts > 0)):
        if constraints.excludes[fact, fact]:
            yield f"{names[fact]} requires facts that must never occur together; only share 0 is possible"
        for other in np.flatnonzero(constraints.requires[fact] & (counts < counts[fact])):
            yield (
                f"{names[fact]} is wanted in {counts[fact]} documents and requires {names[other]}, which is wanted in "
                f"{counts[other]}: {counts[fact] - counts[other]} too many"
            )


def _document_types(constraints: Constraints, counts: Ints, types: Ints) -> Iterator[str]:
    """Facts whose document types have too few slots."""
    sizes = np.bincount(types, minlength=constraints.allowed.shape[1])
    room = constraints.allowed @ sizes
    for fact in np.flatnonzero(counts > room):
        yield (
            f"{constraints.facts[fact]} is wanted in {counts[fact]} documents, and its document types have "
            f"{room[fact]} of {len(types)}: {counts[fact] - room[fact]} too many, the share can be at most "
            f"{room[fact] / len(types):.4g}"
        )


def _exclusions(constraints: Constraints, counts: Ints, carrying: int) -> Iterator[str]:
    """Facts that exclude each other and do not fit side by side."""
    for clique in _cliques(constraints, counts):
        total = int(counts[clique].sum())
        if total > carrying:
            names = ", ".join(constraints.facts[fact] for fact in clique)
            yield (
                f"{names} must never occur together and need {total} documents; only {carrying} may carry facts: "
                f"{total - carrying} too many"
                if len(clique) > 1
                else f"{names} is wanted in {total} documents; only {carrying} may carry facts, the rest are "
                f"background: {total - carrying} too many"
            )


def _cliques(constraints: Constraints, counts: Ints) -> Iterator[list[int]]:
    """For each fact a set of facts that all exclude each other, grown greedily by count; no set twice."""
    yielded: set[tuple[int, ...]] = set()
    order = np.argsort(-counts, kind="stable")
    for first in order:
        clique = [int(first)]
        for other in order:
            if other not in clique and constraints.excludes[other, clique].all():
                clique.append(int(other))
        if tuple(sorted(clique)) not in yielded:
            yielded.add(tuple(sorted(clique)))
            yield clique


def _facts_per_document(constraints: Constraints, counts: Ints, documents: int, carrying: int) -> Iterator[str]:
    """The sum of all counts against the bounds on facts per document."""
    low, high = constraints.minimum, constraints.maximum
    total, lowest, highest = int(counts.sum()), low * carrying, high * carrying
    bounds = f"{carrying} documents with {low} to {high} facts each hold {lowest} to {highest} facts"
    if total < lowest:
        enough = 1 - total / low / documents
        hint = f" (it adds up at background_share {enough:.4g})" if counts.max() <= total // low else ""
        yield f"{bounds}, and the shares add up to {total}: {lowest - total} too few{hint}"
    if total > highest:
        yield f"{bounds}, and the shares add up to {total}: {total - highest} too many; raise max, or lower shares"
