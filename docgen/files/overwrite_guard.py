"""Guards inputs against being overwritten: an input may be the only copy."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

from docgen.errors import ConfigError

__all__ = ["refuse_file_of_a_run", "refuse_overwriting", "with_earlier_lines"]

OF_A_RUN = frozenset({
    "run.json", "llm.jsonl", "spend.jsonl", "batches.jsonl", "handed_out.jsonl", "control.jsonl", "context.yaml",
    "types.jsonl", "ideas.jsonl", "slots.jsonl", "attempts.jsonl", "corpus.parquet", "cast.json",
})  # fmt: skip


def refuse_overwriting(sources: Iterable[Path], outputs: Iterable[Path], flag: str = "--out") -> None:
    """Raise `ConfigError` if one of the `outputs` is one of the `sources`, links resolved, or a file of a run's own.

    Call it before any work, since a command may read its input twice.
    """
    sources = list(sources)
    for output in outputs:
        for source in sources:
            if output.exists() and source.exists() and source.samefile(output):
                raise ConfigError(
                    f"would overwrite {source}, which is being read", f"{flag} ({output})", "Name another place"
                )
        refuse_file_of_a_run(output, flag)


def refuse_file_of_a_run(output: Path, flag: str = "--out") -> None:
    """Raise `ConfigError` if `output`, links resolved, is a file of a run's own, such as its journal."""
    where = output.resolve()
    if where.name in OF_A_RUN and (where.parent / "run.json").is_file():
        raise ConfigError(f"{where} belongs to a run, which needs it", flag, "Name another place")


def with_earlier_lines(file: Path, lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines that `file` has already, then those of `lines` that are not among them: earlier removals stay listed.

    Lines are compared by their digests, so that memory holds 16 bytes of each.
    """
    digests = set()
    if file.exists():
        with file.open("rb") as earlier:
            for line in earlier:
                whole = line.removesuffix(b"\n") + b"\n"  # an editor may have left out the last one
                digests.add(_digest(whole))
                yield whole
    yield from (line for line in lines if _digest(line) not in digests)


def _digest(line: bytes) -> bytes:
    return blake2b(line, digest_size=16).digest()
