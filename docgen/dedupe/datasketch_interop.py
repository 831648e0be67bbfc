"""An index's signatures as datasketch MinHash objects, for its LSH and LSH Forest and their storages such as Redis.

index = open_index(Path("index"))
lsh = MinHashLSH(num_perm=index.scheme.num_perm, params=(index.scheme.bands, index.scheme.rows), storage_config=...)
with lsh.insertion_session() as session:
    for identity, sketch in minhashes(index):
        session.insert(identity, sketch)
"""

from collections.abc import Iterator

import numpy as np
from datasketch import MinHash

from docgen.dedupe.persistent_index import DiskIndex
from docgen.dedupe.sketch.parameters import permutations

__all__ = ["minhashes"]


def minhashes(index: DiskIndex) -> Iterator[tuple[int | str, MinHash]]:
    """(id, MinHash) of each document, equal to MinHash(num_perm, seed) over the low 32 bits of the shingle hashes."""
    scheme = index.scheme
    coefficients = np.array(permutations(scheme.num_perm, scheme.seed))
    for identity, values in zip(index.ids(), index.column("minima.u32"), strict=True):
        yield identity, MinHash(hashvalues=values, permutations=coefficients, seed=scheme.seed, scheme="affine32")
