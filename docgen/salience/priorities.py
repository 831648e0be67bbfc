"""In which order a fact would take the slots: fixed by the seed, whatever the shares.

A fact with share t takes the first t*n slots of its own order, so a larger share only adds slots. The orders are made
so that the sets they give need little mending afterwards:

- *Latin groups*: each group of L consecutive slots of one type is a Latin square over L tracks: every slot has one
  track in each of L equal strata of priority and every track meets every stratum once (Latin hypercube sampling,
  McKay et al. 1979). So each fact is even over types and positions, and documents get similar numbers of facts.
- facts tied by `with` share a track: a smaller share then lies inside the larger one.
- two tracks that bar each other share one from both ends: they stay apart as long as their shares fit into the whole.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docgen.salience.demands import Bools, Demands
from docgen.salience.hashing import Bits, key_of, mix, radical_inverse
from docgen.salience.layout import Ints, Layout

__all__ = ["Keys", "background_keys", "priority_keys"]

Keys = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class _Tracks:
    """`of` (F,): each fact's track; `backwards` (F,): whether it takes the track from its end."""

    of: Ints
    backwards: Bools
    count: int


def priority_keys(demands: Demands, layout: Layout, key: int) -> Keys:
    """Shape (F, n): the smaller, the sooner the fact takes the slot."""
    tracks = _tracks(demands)
    names = np.array([key_of("track", min(_members(demands, tracks, t))) for t in range(tracks.count)], dtype=np.uint64)
    strata = _strata(layout, tracks.count, names, key)
    keys = np.empty((len(demands.facts), len(layout.types)), dtype=np.uint32)
    for fact in range(len(demands.facts)):
        track = tracks.of[fact]
        within = _within(layout, tracks.count, int(names[track]) ^ key)
        value = ((strata[track].astype(np.uint64) << np.uint64(32)) + within) // np.uint64(tracks.count)
        keys[fact] = (np.uint64(0xFFFFFFFF) - value) if tracks.backwards[fact] else value
    return keys


def background_keys(layout: Layout, key: int) -> Keys:
    """Shape (n,): the order in which slots become background, even along each type."""
    shift = mix(key ^ 0x6261636B, layout.types) >> np.uint64(32)
    return (radical_inverse(layout.ranks) ^ shift).astype(np.uint32)


def _members(demands: Demands, tracks: _Tracks, track: int) -> list[str]:
    return [fact for fact, own in zip(demands.facts, tracks.of, strict=True) if own == track]


def _tracks(demands: Demands) -> _Tracks:
    together = _components(demands.needs | demands.needs.T)
    count = int(together.max()) + 1 if len(together) else 0
    apart = np.zeros((count, count), dtype=bool)
    for first, second in zip(*np.nonzero(demands.bars), strict=True):
        apart[together[first], together[second]] = True
    backwards = np.zeros(len(together), dtype=bool)
    of = together.copy()
    for first in range(count):
        others = np.flatnonzero(apart[first])
        if len(others) == 1 and others[0] > first and apart[others[0]].sum() == 1:
            backwards[together == others[0]] = True
            of[together == others[0]] = first
    _, of = np.unique(of, return_inverse=True)
    return _Tracks(of, backwards, int(of.max()) + 1 if len(of) else 0)


def _components(linked: Bools) -> Ints:
    """Number of each vertex's connected component, components in order of their first vertex."""
    label = np.arange(len(linked))
    for vertex in range(len(linked)):
        for other in np.flatnonzero(linked[vertex]):
            label[label == label[other]] = label[vertex]
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    return np.asarray(rank[inverse], dtype=np.int64)


def _strata(layout: Layout, tracks: int, names: Bits, key: int) -> Ints:
    """Shape (tracks, n): the Latin squares. The order of tracks is drawn for each group, then turns by one a slot."""
    groups = layout.ranks // tracks
    number = (layout.types.astype(np.uint64) << np.uint64(32)) + groups.astype(np.uint64)
    unique, inverse = np.unique(number, return_inverse=True)
    draws = np.stack([mix(int(name) ^ key, unique) for name in names])
    first = np.argsort(np.argsort(draws, axis=0, kind="stable"), axis=0).astype(np.int32)
    turn = (layout.ranks % tracks).astype(np.int32)
    return (first[:, inverse] + turn) % np.int32(tracks)


def _within(layout: Layout, tracks: int, key: int) -> Bits:
    """Place inside the stratum: van der Corput's sequence over the groups of a type, shifted digit by digit."""
    shift = mix(key ^ 0x7769, layout.types) >> np.uint64(32)
    return radical_inverse(layout.ranks // tracks) ^ shift
