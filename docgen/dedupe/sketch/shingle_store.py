"""Storage for shingle sets: in memory up to a limit, beyond it in an unnamed temporary file."""

import mmap
import tempfile

import numpy as np
import numpy.typing as npt

__all__ = ["SetStore"]

Hashes = npt.NDArray[np.uint64]


class SetStore:
    """An append-only array of hashes: `base` (read-only), then `filed` (in the file), then the first `used` of `tail`.

    Positions count from the start of `base`. `memory_limit` is in bytes; the tail's memory is reserved at once but
    taken from the system only as it fills.
    """

    def __init__(self, memory_limit: int = 1 << 28, base: Hashes | None = None) -> None:
        self.base: Hashes = np.empty(0, np.uint64) if base is None else base
        self.tail: Hashes = np.empty(max(memory_limit // 8, 1), np.uint64)
        self.filed: Hashes = np.empty(0, np.uint64)
        self.used = 0
        self._pages: mmap.mmap | None = None
        self._file = tempfile.TemporaryFile(prefix="docgen-shingles-")  # noqa: SIM115 - lives as long as the store

    def room(self, count: int) -> Hashes:
        """The next `count` free positions of the tail, to be written and then claimed by increasing `used`."""
        if self.used + count > len(self.tail):
            self._flush()
            if count > len(self.tail):
                self.tail = np.empty(count, np.uint64)
        return self.tail[self.used : self.used + count]

    @property
    def end(self) -> int:
        """The position where `room` starts."""
        return len(self.base) + len(self.filed) + self.used

    def _flush(self) -> None:
        if not self.used:
            return
        self._file.seek(0, 2)
        self._file.write(self.tail[: self.used].data)
        self._file.flush()
        self._pages = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_COPY)
        self.filed = np.frombuffer(self._pages, np.uint64)
        self.used = 0

    def forget_pages(self) -> None:
        """Release the memory pages read from the file, which would otherwise add up to the whole file."""
        if self._pages is not None and hasattr(self._pages, "madvise"):
            self._pages.madvise(mmap.MADV_DONTNEED)
