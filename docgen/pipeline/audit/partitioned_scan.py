"""The scan tier over partitions, for clusters: the same detectors, tallies that add up, the same report.

1. each file is cut into partitions, a run's attempts likewise;
2. map: a partition is scanned as a small corpus;
3. reduce: the tallies are added in the order of the partitions, so that first examples and ties stay the same.

No rule of the scan tier needs more of a corpus than one document and the sum of such counts. Diversity does (the first
documents, the most frequent of all items): it is not measured here.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docgen.corpus.partitions import Partition, cut_file, join_partitions, read_partition
from docgen.corpus.readers import ColumnSelection
from docgen.errors import ConfigError
from docgen.files.run_folder.run_folder import read_attempts
from docgen.parallel.executors import Executor
from docgen.pipeline.audit.corpus import OPTIONAL, Corpus, accepted_documents, batch_documents, plan_names
from docgen.pipeline.audit.scan import Tallies, say_vocabulary, scan_part
from docgen.progress import Progress, Reporter

if TYPE_CHECKING:
    from docgen.pipeline.audit.audit import Audit

__all__ = ["PARTITION_ROWS", "PIECE_ROWS", "ScanPlan", "is_big", "scan_partition", "scan_partitioned"]

PARTITION_ROWS = 1 << 14
"""Documents of a task on a cluster. Chosen: seconds of scanning, against which starting a task, and compiling the
detectors where it runs, do not count; twice as many would leave workers idle at the end of a corpus of a million."""
PIECE_ROWS = 1 << 11
"""The same for the processes of one machine, which keep what they compiled for the next task: small enough that they
finish together, and that progress is seen to move."""
MIN_PARALLEL_BYTES = 1 << 23
"""Bytes of a corpus from which several processes, which take a second to start, save time."""
MAX_PENDING_PARTITIONS = 4096
"""Most partitions under way, so that results that wait for an earlier one do not fill the driver."""


@dataclass(frozen=True)
class ScanPlan:
    """What every task needs to know. `names` are those of a run's plan, None for files."""

    audit: "Audit"
    names: tuple[dict[str, str], dict[str, str]] | None = None


def is_big(corpus: Corpus) -> bool:
    """Whether scanning in several processes saves time."""
    return sum(path.stat().st_size for path in corpus.paths) >= MIN_PARALLEL_BYTES


def scan_partition(plan: ScanPlan, partition: Partition) -> Tallies:
    """Step 2 for one partition; rows count within it."""
    if plan.names is None:
        # Each read decodes a row group from its start: by 1,024 rows, reading 50,000 took 1.1 s of CPU instead of 0.7.
        rows = read_partition(partition, ColumnSelection("text", (), OPTIONAL), batch_rows=PIECE_ROWS)
        return scan_part(plan.audit, batch_documents(rows))
    attempts = read_attempts(partition.path, partition.start, partition.stop, partition.first_line)
    return scan_part(plan.audit, accepted_documents(attempts, *plan.names))


def scan_partitioned(
    audit: "Audit", corpus: Corpus, executor: Executor, reporter: Reporter, *, rows: int = PARTITION_ROWS
) -> Tallies:
    """`scan_corpus` as tasks of an executor, for an audit without diversity. `rows` is the size of a partition.

    Raises `ConfigError` for texts in memory, of which there is nothing to cut.
    """
    if not corpus.paths:
        raise ConfigError("scans runs and files, not texts in memory", "--engine ray", "Leave the engine out")
    assert not audit.options.diversity, "diversity cannot be measured in parts"
    say_vocabulary(audit.contamination(), reporter)
    plan = executor.share(ScanPlan(audit, plan_names(corpus.run) if corpus.run else None))
    cuts = [executor.submit(cut_file, path.absolute(), rows, results=1)[0] for path in corpus.paths]
    partitions = join_partitions(executor.collect(cuts))
    total, done = sum(partition.rows for partition in partitions), 0
    tasks = (executor.submit(scan_partition, plan, partition, results=1)[0] for partition in partitions)
    whole = Tallies(audit)
    for partition, part in zip(partitions, _in_order(executor, tasks), strict=True):
        whole.merge(part)
        done += partition.rows
        reporter.progress(Progress("audit", done, total))
    return whole


def _in_order(executor: Executor, tasks: Iterable[Any]) -> Iterator[Tallies]:
    """Results in the order of the tasks, each released once it was used."""
    ahead: deque[Any] = deque()
    for task in tasks:
        ahead.append(task)
        if len(ahead) > MAX_PENDING_PARTITIONS:
            yield executor.collect([ahead.popleft()])[0]
    while ahead:
        yield executor.collect([ahead.popleft()])[0]
