"""Why demands cannot be met, in arithmetic that a reader can check: which constraint, by how much, what is nearest."""

from collections.abc import Iterator

import numpy as np

from docgen.planning.constraints import Demands
from docgen.planning.layout import Ints

__all__ = ["reasons"]


def reasons(demands: Demands, wanted: Ints, types: Ints, background: int) -> list[str]:
    """Every simple bound that the wanted numbers of documents break; empty when only their interplay is at fault.

    `wanted` (F,) and `background` are numbers of documents, `types` (n,) each slot's document type.
    """
    carrying = len(types) - background
    found = [*_ties(demands, wanted), *_types(demands, wanted, types)]
    found += [*_apart(demands, wanted, carrying), *_totals(demands, wanted, len(types), carrying)]
    return found


def _ties(demands: Demands, wanted: Ints) -> Iterator[str]:
    """Facts that come along, and facts that come along but must not meet."""
    names = demands.facts
    for fact in np.flatnonzero((demands.targets > 0) & (wanted > 0)):
        if demands.bars[fact, fact]:
            yield f"{names[fact]} comes along with facts that must never occur together; only share 0 is possible"
        for other in np.flatnonzero(demands.needs[fact] & (wanted < wanted[fact])):
            yield (
                f"{names[fact]} is asked in {wanted[fact]} documents and always comes with {names[other]}, which is "
                f"asked in {wanted[other]}: {wanted[fact] - wanted[other]} too many"
            )


def _types(demands: Demands, wanted: Ints, types: Ints) -> Iterator[str]:
    """Facts that want more documents than their types have."""
    sizes = np.bincount(types, minlength=demands.allowed.shape[1])
    room = demands.allowed @ sizes
    for fact in np.flatnonzero(wanted > room):
        yield (
            f"{demands.facts[fact]} is asked in {wanted[fact]} documents, and its document types have {room[fact]} of "
            f"{len(types)}: {wanted[fact] - room[fact]} too many, at most a share of {room[fact] / len(types):.4g}"
        )


def _apart(demands: Demands, wanted: Ints, carrying: int) -> Iterator[str]:
    """Facts that must never meet and do not fit side by side."""
    for clique in _cliques(demands, wanted):
        total = int(wanted[clique].sum())
        if total > carrying:
            names = ", ".join(demands.facts[fact] for fact in clique)
            yield (
                f"{names} must never occur together and ask for {total} documents of the {carrying} that may carry "
                f"facts: {total - carrying} too many"
                if len(clique) > 1
                else f"{names} is asked in {total} documents, and {carrying} of them may carry facts, the rest is "
                f"background: {total - carrying} too many"
            )


def _cliques(demands: Demands, wanted: Ints) -> Iterator[list[int]]:
    """For each fact a set of facts that all bar each other, grown with the most wanted first; no set twice."""
    seen = set()
    order = np.argsort(-wanted, kind="stable")
    for first in order:
        clique = [int(first)]
        for other in order:
            if other not in clique and demands.bars[other, clique].all():
                clique.append(int(other))
        if tuple(sorted(clique)) not in seen:
            seen.add(tuple(sorted(clique)))
            yield clique


def _totals(demands: Demands, wanted: Ints, documents: int, carrying: int) -> Iterator[str]:
    """The sum of all shares against the bounds on facts per document."""
    total, least, most = int(wanted.sum()), demands.minimum * carrying, demands.maximum * carrying
    bounds = (
        f"{carrying} documents with {demands.minimum} to {demands.maximum} facts each carry {least} to {most} facts"
    )
    if total < least:
        share = 1 - total / demands.minimum / documents
        yield (
            f"{bounds}, and the shares add up to {total}: {least - total} too few; a background_share of {share:.4g} "
            f"would do, or more salience"
        )
    if total > most:
        yield f"{bounds}, and the shares add up to {total}: {total - most} too many; raise max, or lower shares"
