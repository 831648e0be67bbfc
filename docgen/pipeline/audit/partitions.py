"""The scan tier as tasks over partitions, for clusters: the same detectors, tallies that add up, the same report.

1. each file is cut into partitions, a run's attempts likewise;
2. map: a partition is scanned as a small corpus of its own;
3. reduce: the tallies are added in the order of the partitions, so that first examples and ties stay what they are.

No rule of the scan tier needs more of a corpus than one document and the sum of such counts. Diversity does (the first
documents, the most frequent of all items): it is not measured here.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from docgen.audit.judge.panel import Chooser
from docgen.audit.measure.leakage import LeakageTally
from docgen.audit.measure.salience import SalienceTally
from docgen.corpus import corpus_files
from docgen.corpus.files import Wanted
from docgen.corpus.partitions import Partition, cut_file, joined, read_partition
from docgen.files.run_folder import read_attempts
from docgen.parallel.executors import Executor
from docgen.pipeline.audit.audit import Audit, AuditOptions, Failing, Held
from docgen.pipeline.audit.scan import Sought, begin_audit, say_vocabulary, scan_apart
from docgen.pipeline.audit.targets import OPTIONAL, Target, accepted_subjects, batch_subjects, plan_names
from docgen.progress import Progress, Reporter
from docgen.records import Document

__all__ = ["PARTITION_ROWS", "PIECE_ROWS", "Part", "ScanPlan", "is_big", "scan_partition", "scan_partitioned"]

PARTITION_ROWS = 1 << 14
PIECE_ROWS = 1 << 11
"""The same for the processes of one machine, which keep what they compiled from one to the next."""
BIG = 1 << 23
"""Bytes of a corpus from which several processes, which take a second to start, save time."""
AHEAD = 4096
"""Most partitions under way, so that results that wait for an earlier one do not fill the driver."""
BATCH_ROWS = 1024


@dataclass(frozen=True)
class ScanPlan:
    """What every task needs to know. `names` are those of a run's plan, None for files.

    `listed` says whether the documents that fail are wanted one by one.
    """

    sought: Sought
    names: tuple[dict[str, str], dict[str, str]] | None = None
    listed: bool = True


@dataclass(frozen=True)
class Part:
    """What was seen in one partition; rows count within it."""

    documents: int
    leakage: LeakageTally
    salience: SalienceTally
    failing: list[Failing]
    waiting: list[Held]


def is_big(target: Target) -> bool:
    """Whether scanning in several processes saves time."""
    return sum(path.stat().st_size for path in _files(target)) >= BIG


def _files(target: Target) -> list[Path]:
    return [target.setup.run.attempts] if target.setup else corpus_files(target.files)


def scan_partition(plan: ScanPlan, partition: Partition) -> Part:
    """Step 2 for one partition."""
    target = Target("", plan.sought.context, lambda: _subjects(plan, partition))
    documents, audit = scan_apart(target, plan.sought)
    return Part(documents, audit.leakage, audit.salience, audit.failing if plan.listed else [], audit.waiting)


def _subjects(plan: ScanPlan, partition: Partition) -> Iterator[Document]:
    if plan.names is None:
        return batch_subjects(read_partition(partition, Wanted("text", (), OPTIONAL), BATCH_ROWS))
    attempts = read_attempts(partition.path, partition.start, partition.stop, partition.first_line)
    return accepted_subjects(attempts, *plan.names)


def scan_partitioned(
    target: Target,
    options: AuditOptions,
    executor: Executor,
    reporter: Reporter,
    *,
    listed: bool = True,
    rows: int = PARTITION_ROWS,
) -> Audit:
    """`scan_corpus` as tasks of an executor, but for diversity. Without `listed` failing documents are only counted."""
    sought = Sought.read(target.context, replace(options, reference=()))
    say_vocabulary(sought.contamination(), reporter)
    plan = executor.share(ScanPlan(sought, plan_names(target.setup) if target.setup else None, listed))
    partitions = _partitions(target, executor, rows)
    total, done = sum(partition.rows for partition in partitions), 0
    tasks = (executor.submit(scan_partition, plan, partition, results=1)[0] for partition in partitions)
    whole = _Sum(begin_audit(target, sought))
    for partition, part in zip(partitions, _in_order(executor, tasks), strict=True):
        whole.add(part)
        done += partition.rows
        reporter.progress(Progress("audit", done, total))
    return whole.audit()


def _partitions(target: Target, executor: Executor, rows: int) -> list[Partition]:
    """Step 1."""
    cuts = [executor.submit(cut_file, path.absolute(), rows, results=1)[0] for path in _files(target)]
    return joined(executor.collect(cuts))


def _in_order(executor: Executor, tasks: Iterable[Any]) -> Iterator[Part]:
    """Results in the order of the tasks, each let go once it was looked at."""
    ahead: deque[Any] = deque()
    for task in tasks:
        ahead.append(task)
        if len(ahead) > AHEAD:
            yield executor.collect([ahead.popleft()])[0]
    while ahead:
        yield executor.collect([ahead.popleft()])[0]


class _Sum:
    """Step 3. What each part chose for the judge is chosen from again: a sample of the whole is among its parts'."""

    def __init__(self, audit: Audit) -> None:
        self._audit, self._documents = audit, 0
        self._chooser: Chooser[Held] = Chooser(audit.options.judge, audit.options.seed)

    def add(self, part: Part) -> None:
        """The next part."""
        audit, base = self._audit, self._documents
        audit.leakage.merge(part.leakage, base)
        audit.salience.merge(part.salience)
        audit.failing += [replace(one, row=base + one.row) for one in part.failing]
        for held in part.waiting:
            moved = replace(held, row=base + held.row)
            given = self._chooser.offer(moved, bool(held.findings), held.subject)
            if given is not None:
                audit.count(given)
        self._documents += part.documents

    def audit(self) -> Audit:
        """Of all parts."""
        self._audit.waiting = self._chooser.chosen
        return self._audit
