"""The order in which each fact takes slots: fixed by the seed, whatever the shares.

A fact with share t takes the first t*n slots of its own order, so a larger share only adds slots. An order is called a
track, and tracks are designed component so that the resulting sets of facts need little repair:

- Each group of L consecutive places of a type is a Latin square over L tracks: every slot has one track in each of L
  equal strata of priority, and every track meets every stratum once (Latin hypercube sampling, McKay et al. 1979). So
  each fact is even over types, ideas and positions, and documents get similar numbers of facts.
- Facts tied by `with` share a track, so the slots of the smaller share lie inside those of the larger.
- Two tracks that exclude each other share one from both ends, so they stay apart as long as their shares sum to at
  most 1.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docgen.planning.constraints import Bools, Constraints, Floats, Ints
from docgen.planning.seeded_draws import Bits, key_of, mix, radical_inverse
from docgen.planning.slot_layout import LENGTH_STRATA, Layout

__all__ = ["Keys", "Tracks", "background_keys", "priority_keys", "tracks_of"]

Keys = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Tracks:
    """`track_of` (F,): each fact's track; `reverse` (F,): whether it takes it from the end; `names`: one for each
    track.

    `turns` (F,) in [0, 1) lie far apart for facts that share a track.
    """

    track_of: Ints
    reverse: Bools
    names: Bits
    turns: Floats


def tracks_of(constraints: Constraints) -> Tracks:
    """Assign facts to tracks by the relations between facts alone."""
    component = _components(constraints.requires | constraints.requires.T)
    count = int(component.max()) + 1
    apart = np.zeros((count, count), dtype=bool)
    first, second = np.nonzero(constraints.excludes)
    apart[component[first], component[second]] = True
    reverse, track_of = np.zeros(len(component), dtype=bool), component.copy()
    for track in range(count):
        others = np.flatnonzero(apart[track])
        if len(others) == 1 and others[0] > track and apart[others[0]].sum() == 1:
            reverse[component == others[0]] = True
            track_of[component == others[0]] = track
    _, track_of = np.unique(track_of, return_inverse=True)
    members = [
        [fact for fact, own in zip(constraints.facts, track_of, strict=True) if own == track]
        for track in range(int(track_of.max()) + 1)
    ]
    names = np.array([key_of("track", min(group)) for group in members], dtype=np.uint64)
    earlier = [int((track_of[:fact] == track).sum()) for fact, track in enumerate(track_of)]
    return Tracks(track_of, reverse, names, radical_inverse(earlier) / 2.0**32)


def _components(linked: Bools) -> Ints:
    """The number of each vertex's connected component, components numbered by their first vertex."""
    label = np.arange(len(linked))
    for vertex in range(len(linked)):
        for other in np.flatnonzero(linked[vertex]):
            label[label == label[other]] = label[vertex]
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[inverse], dtype=np.int64)


def priority_keys(tracks: Tracks, layout: Layout, key: int) -> Keys:
    """(F, n): the smaller the key, the sooner the fact takes the slot."""
    width = np.uint64(layout.width)
    groups, column = layout.places // layout.width, layout.places % layout.width
    block = (layout.types.astype(np.uint64) << np.uint64(32)) + (groups // LENGTH_STRATA).astype(np.uint64)
    blocks, block_of = np.unique(block, return_inverse=True)
    draws = np.stack([mix(int(name) ^ key, blocks) for name in tracks.names])
    turns = np.argsort(np.argsort(draws, axis=0, kind="stable"), axis=0)  # (tracks, blocks): an order of the tracks
    steps = np.stack([mix(key ^ 0x7374 ^ (step << 16), blocks) for step in range(len(tracks.names))], axis=1)
    strata = np.argsort(steps, axis=1, kind="stable")  # (blocks, tracks): an order of the strata
    within = radical_inverse(groups)
    keys = np.empty((len(tracks.track_of), len(layout)), dtype=np.uint32)
    for fact, track in enumerate(tracks.track_of):
        stratum = strata[block_of, (turns[track, block_of] + column) % layout.width].astype(np.uint64)
        shift = mix(int(tracks.names[track]) ^ key, layout.types) >> np.uint64(32)
        value = ((stratum << np.uint64(32)) + (within ^ shift)) // width
        keys[fact] = (np.uint64(0xFFFFFFFF) - value) if tracks.reverse[fact] else value
    return keys


def background_keys(layout: Layout, key: int) -> Keys:
    """(n,): slots become background in ascending order of these keys, evenly along each type."""
    shift = mix(key ^ 0x6261636B, layout.types) >> np.uint64(32)
    return (radical_inverse(layout.ranks) ^ shift).astype(np.uint32)
