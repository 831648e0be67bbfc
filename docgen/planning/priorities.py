"""In which order a fact would take the slots: fixed by the seed, whatever the shares.

A fact with share t takes the first t*n slots of its own order, so a larger share only adds slots. The orders are made
so that the sets they give need little mending afterwards:

- *Latin groups*: each group of L consecutive places of a type is a Latin square over L tracks: every slot has one
  track in each of L equal strata of priority and every track meets every stratum once (Latin hypercube sampling,
  McKay et al. 1979). So each fact is even over types, ideas and positions, and documents get similar numbers of facts.
- facts tied by `with` share a track: a smaller share then lies inside the larger one.
- two tracks that bar each other share one from both ends: they stay apart as long as their shares fit into the whole.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docgen.planning.constraints import Bools, Demands, Floats
from docgen.planning.layout import LENGTH_STRATA, Ints, Layout
from docgen.planning.seeded_draws import Bits, key_of, mix, radical_inverse

__all__ = ["Keys", "Tracks", "background_keys", "priority_keys", "tracks_of"]

Keys = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Tracks:
    """`of` (F,): each fact's track; `backwards` (F,): whether it takes the track from its end; one name per track.

    `turns` (F,) in [0, 1) lie far apart for facts that share a track.
    """

    of: Ints
    backwards: Bools
    names: Bits
    turns: Floats


def tracks_of(demands: Demands) -> Tracks:
    """Facts to tracks, from the relations between facts alone."""
    together = _components(demands.needs | demands.needs.T)
    count = int(together.max()) + 1
    apart = np.zeros((count, count), dtype=bool)
    first, second = np.nonzero(demands.bars)
    apart[together[first], together[second]] = True
    backwards, of = np.zeros(len(together), dtype=bool), together.copy()
    for track in range(count):
        others = np.flatnonzero(apart[track])
        if len(others) == 1 and others[0] > track and apart[others[0]].sum() == 1:
            backwards[together == others[0]] = True
            of[together == others[0]] = track
    _, of = np.unique(of, return_inverse=True)
    members = [
        [fact for fact, own in zip(demands.facts, of, strict=True) if own == t] for t in range(int(of.max()) + 1)
    ]
    names = np.array([key_of("track", min(group)) for group in members], dtype=np.uint64)
    turns = radical_inverse([int((of[:fact] == of[fact]).sum()) for fact in range(len(of))]) / 2.0**32
    return Tracks(of, backwards, names, turns)


def _components(linked: Bools) -> Ints:
    """Number of each vertex's connected component, components in order of their first vertex."""
    label = np.arange(len(linked))
    for vertex in range(len(linked)):
        for other in np.flatnonzero(linked[vertex]):
            label[label == label[other]] = label[vertex]
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[inverse], dtype=np.int64)


def priority_keys(tracks: Tracks, layout: Layout, key: int) -> Keys:
    """Shape (F, n): the smaller, the sooner the fact takes the slot."""
    width = np.uint64(layout.width)
    groups, column = layout.places // layout.width, layout.places % layout.width
    block = (layout.types.astype(np.uint64) << np.uint64(32)) + (groups // LENGTH_STRATA).astype(np.uint64)
    blocks, block_of = np.unique(block, return_inverse=True)
    turns, strata = _orders(tracks.names, blocks, key)
    within = radical_inverse(groups)
    keys = np.empty((len(tracks.of), len(layout)), dtype=np.uint32)
    for fact, track in enumerate(tracks.of):
        stratum = strata[block_of, (turns[track, block_of] + column) % layout.width].astype(np.uint64)
        shift = mix(int(tracks.names[track]) ^ key, layout.types) >> np.uint64(32)
        value = ((stratum << np.uint64(32)) + (within ^ shift)) // width
        keys[fact] = (np.uint64(0xFFFFFFFF) - value) if tracks.backwards[fact] else value
    return keys


def _orders(names: Bits, blocks: Bits, key: int) -> tuple[Ints, Ints]:
    """For each block an order of the tracks (tracks, blocks) and an order of the strata (blocks, tracks)."""
    draws = np.stack([mix(int(name) ^ key, blocks) for name in names])
    turns = np.argsort(np.argsort(draws, axis=0, kind="stable"), axis=0)
    steps = np.stack([mix(key ^ 0x7374 ^ (step << 16), blocks) for step in range(len(names))], axis=1)
    return turns, np.argsort(steps, axis=1, kind="stable")


def background_keys(layout: Layout, key: int) -> Keys:
    """Shape (n,): the order in which slots become background, even along each type."""
    shift = mix(key ^ 0x6261636B, layout.types) >> np.uint64(32)
    return (radical_inverse(layout.ranks) ^ shift).astype(np.uint32)
