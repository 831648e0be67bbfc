"""Everything that is compiled: the functions that see every byte of a corpus, and those that compare documents.

Written in numba's Python, each in the module named below, where its arguments are described; compiled once and kept
(`compiler`, `cache`). Numba is imported when the first kernel is asked for. Kernels release Python's lock, own no
memory and change only the arrays named as outputs; their arguments go by position.

Documents are given as `memory`, an array of bytes, and where in it each starts and ends (`docgen.corpus.text_buffers`).
`kinds` and `folded` are `alphabet.fold_table()`; `words`, `hashes` and `text` are `scratch.scratch()`. A table of
hashes is an open-addressing one, a power of two long, in which 0 is empty.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docgen.kernels.composition import flag_composing
    from docgen.kernels.containment import contain, file_keys, find_keys, grams
    from docgen.kernels.counting import add_to_cells, count_suspects, hash_set, rehash
    from docgen.kernels.duplicate_search import bands_of, mark_known, mark_shared, neighbours, place, rebuild
    from docgen.kernels.minhash import sketch
    from docgen.kernels.shingle_sets import shingles

__all__ = [
    "add_to_cells", "bands_of", "contain", "count_suspects", "file_keys", "find_keys", "flag_composing", "grams",
    "hash_set", "mark_known", "mark_shared", "neighbours", "place", "rebuild", "rehash", "shingles", "sketch",
]  # fmt: skip

MODULES = {
    "composition": ("flag_composing",),
    "containment": ("contain", "file_keys", "find_keys", "grams"),
    "counting": ("add_to_cells", "count_suspects", "hash_set", "rehash"),
    "duplicate_search": ("bands_of", "mark_known", "mark_shared", "neighbours", "place", "rebuild"),
    "minhash": ("sketch",),
    "shingle_sets": ("shingles",),
}


def __getattr__(name: str) -> Any:
    """A kernel, compiled when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with _no_collection():
        from docgen.kernels.compilation.compiler import compiled

        modules = {kernel: module for module, names in MODULES.items() for kernel in names}
        kernel = globals()[name] = compiled(name, modules)
    return kernel


@contextmanager
def _no_collection() -> Iterator[None]:
    """Numba's import makes some 100,000 objects that all stay; looking for garbage among them took 0.15 of 0.55 s."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
