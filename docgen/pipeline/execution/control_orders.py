"""Orders to a running run from another terminal: pause, continue, fewer requests in flight, a higher cap.

Orders are lines appended to control.jsonl in the run's folder. The process at work reads those that come after its own
start, so that none is carried out twice, nor by the next start; the file remains as the record of who changed what
when.
"""

import datetime as dt
from typing import Any, Literal

from pydantic import Field, ValidationError

from docgen.errors import ConfigError, RunError
from docgen.files.append_log import AppendLog, read_lines
from docgen.files.run_folder.run_folder import RunFolder
from docgen.llm.engine import Engine
from docgen.pipeline.inputs.setup import reopen
from docgen.progress import Reporter
from docgen.records import Record
from docgen.text.output.plurals_and_money import plural

__all__ = ["Control", "Order", "Orders", "change_run"]

ORDERS_FILE = "control.jsonl"


class Order(Record):
    """One order; None leaves a setting as it is. `concurrency` in requests, `max_cost` in dollars."""

    do: Literal["pause", "resume"] | None = None
    concurrency: int | None = Field(None, ge=1)
    max_cost: float | None = Field(None, ge=0, allow_inf_nan=False)
    at: dt.datetime | None = Field(None, description="with its time zone")


class Control(Record):
    """The settings of a run: as it was begun, and as orders have changed them. `process` is empty if none is at
    work."""

    run: str
    process: str
    paused: bool = False
    concurrency: int
    max_cost: float | None


class Orders:
    """The orders to the process that holds the run's lock; earlier ones are ignored."""

    def __init__(self, run: RunFolder) -> None:
        self._run, self._file = run, run.path / ORDERS_FILE
        self._at = _size(run)

    def apply_new(self, engine: Engine, reporter: Reporter) -> None:
        """Carry out new orders. A raised cap is written to run.json, so that it applies to later starts too."""
        if _size(self._run) <= self._at:
            return
        for offset, line in read_lines(self._file, self._at):
            self._at = offset + len(line) + 1
            order = _read(line)
            if order is not None and engine.control is not None and engine.budget is not None:
                self._do(order, engine, reporter)

    def _do(self, order: Order, engine: Engine, reporter: Reporter) -> None:
        assert engine.control is not None
        assert engine.budget is not None
        if order.do:
            engine.control.hold(order.do == "pause")
            engine.budget.hold(order.do == "pause")
            paused = (
                f"Paused by docgen ctl; calls in flight are still read. docgen ctl {self._run.name} --resume continues"
            )
            reporter.note(paused if order.do == "pause" else "Continued by docgen ctl")
        if order.concurrency is not None:
            engine.control.limit_to(order.concurrency)
            reporter.note(f"At most {plural(order.concurrency, 'request')} in flight from now on (docgen ctl)")
        if order.max_cost is not None and engine.budget.raise_cap(order.max_cost):
            meta = self._run.read_meta()
            meta["config"]["max_cost"] = order.max_cost
            self._run.write_json("run.json", meta)
            reporter.note(f"The cap is ${order.max_cost:,.2f} from now on, by docgen ctl")


def change_run(run: RunFolder, order: Order) -> Control:
    """Give an order to the process at work on a run; an empty one changes nothing. Returns the run's settings after
    that.

    Raises `RunError` if no process is at work, `ConfigError` for what cannot be asked of this run.
    """
    before = _control(run)
    if order == Order():
        return before
    config = reopen(run).config
    if not before.process:
        raise RunError(
            "no process is working on it", run.name, "The next start takes --concurrency and --max-cost as flags"
        )
    if not reopen(run).is_paid:
        raise RunError(
            "is written by the embedded writer, which does not send anything", run.name, "Stop it with Ctrl-C"
        )
    if config.batch and (order.do or order.concurrency):
        fix = "Stop it with Ctrl-C; the same command continues"
        raise ConfigError("batches that were sent cannot be paused or slowed", run.name, fix)
    if order.concurrency is not None and order.concurrency > config.concurrency:
        fix = f"Give {config.concurrency} or fewer, or start it again with more"
        raise ConfigError(f"is more than the {config.concurrency} that it was begun with", "--concurrency", fix)
    if order.max_cost is not None and before.max_cost is None:
        fix = "Pause it with --pause, or stop it and start it again with --max-cost"
        raise ConfigError("the run was begun without a cap, so there is none to raise", "--max-cost", fix)
    if order.max_cost is not None and before.max_cost is not None and order.max_cost <= before.max_cost:
        fix = "Pause it with --pause, or stop it and start it again with a lower --max-cost"
        raise ConfigError(f"the cap is ${before.max_cost:,.2f}, and can only be raised", "--max-cost", fix)
    log = AppendLog(run.path / ORDERS_FILE)
    try:
        now = dt.datetime.now().astimezone().replace(microsecond=0)
        log.append(order.model_copy(update={"at": now}).model_dump_json(exclude_none=True).encode())
    finally:
        log.close()
    return _changed(before, order)


def _control(run: RunFolder) -> Control:
    """As in run.json, with the orders since its process took its lock."""
    config, process = reopen(run).config, run.lock_owner()
    control = Control(run=run.name, process=process, concurrency=config.concurrency, max_cost=config.max_cost)
    lock = run.path / ".lock"
    began = lock.stat().st_mtime if lock.exists() else 0.0
    for _, line in read_lines(run.path / ORDERS_FILE) if process else ():
        order = _read(line)
        if order is not None and order.at and order.at.timestamp() >= began - 1:  # orders carry whole seconds
            control = _changed(control, order)
    return control


def _changed(control: Control, order: Order) -> Control:
    changes: dict[str, Any] = {}
    if order.do:
        changes["paused"] = order.do == "pause"
    if order.concurrency is not None:
        changes["concurrency"] = order.concurrency
    if order.max_cost is not None:
        changes["max_cost"] = order.max_cost
    return control.model_copy(update=changes)


def _read(line: bytes) -> Order | None:
    """The order on a line; None for a damaged one."""
    try:
        return Order.model_validate_json(line)
    except ValidationError:
        return None


def _size(run: RunFolder) -> int:
    file = run.path / ORDERS_FILE
    return file.stat().st_size if file.exists() else 0
