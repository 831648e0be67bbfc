"""What a judge said about documents, read from the replies in a run's journal."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic_core import from_json

from docgen.errors import ConfigError
from docgen.explorer.index.column_segments import Array
from docgen.explorer.index.spending_and_judge_replies import JUDGE_STAGE
from docgen.explorer.read.snapshot import Snapshot
from docgen.files.run_folder.run_folder import RunFolder
from docgen.text import digest

if TYPE_CHECKING:
    from docgen.audit.judge.judge_runner import JudgeQuestions
    from docgen.audit.judge.verdicts import Verdicts
    from docgen.explorer.view import View
    from docgen.records import Document

__all__ = ["Judges", "judge_verdicts", "verdict_columns", "verdict_mask"]

VERDICTS = ("", "absent", "implied", "stated", "contradicted", "clean", "leak", "suspect")
"""Codes in a column of verdicts; 0: not read."""


def judge_verdicts(view: "View", record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each fact seen and each rule judged broken, with the quoted passage and the reason."""
    judges = view.judges
    said = judges.read(view.snapshot, record) if judges else None
    if said is None:
        return []
    facts = [("fact", judgement) for judgement in said.facts.values() if judgement.verdict != "absent"]
    rules = [("rule", judgement) for judgement in said.rules.values() if judgement.verdict != "clean"]
    return [
        {"kind": kind, "subject": j.subject, "verdict": j.verdict, "start": j.start, "end": j.end,
         "reason": j.reason, "prominence": j.prominence, "model": said.model}
        for kind, j in facts + rules
    ]  # fmt: skip


class Judges:
    """The panels that may have read a run's documents: one for each model that its journal has replies of."""

    def __init__(self, panels: "list[JudgeQuestions]", names: tuple[dict[str, str], dict[str, str]]) -> None:
        self._panels, self._names = panels, names

    @property
    def panel(self) -> "JudgeQuestions":
        """What the judge in the run's own settings is asked."""
        return self._panels[0]

    @classmethod
    def of(cls, run: RunFolder, snapshot: Snapshot) -> "Judges | None":
        """The judges of a run; None if no judge read anything."""
        from docgen.audit.judge.judge_runner import JudgeQuestions
        from docgen.options.audit import JudgeOptions
        from docgen.pipeline.audit.audit import Audit
        from docgen.pipeline.audit.corpus import plan_names
        from docgen.pipeline.audit.judge_setup import Judge
        from docgen.pipeline.inputs.setup import reopen

        if not snapshot.rows("SELECT 1 FROM judged LIMIT 1"):
            return None
        setup = reopen(run)
        audit, panels = Audit(setup.context), list[JudgeQuestions]()
        spent = snapshot.meta("journal", {"spent": {}})["spent"]  # by stage and model
        models = [name.split("\t")[1] for name in spent if name.startswith(f"{JUDGE_STAGE}\t")]
        for model in dict.fromkeys([setup.config.judge_model, setup.config.model, *models]):
            if model:
                try:
                    options = Judge.of(JudgeOptions(model=model), setup).model
                except ConfigError:  # asked with what nobody may send any more: its replies cannot be told apart
                    return None
                panels.append(JudgeQuestions.of(audit.context, audit.rules, options))
        return cls(panels, plan_names(setup))

    def read(self, snapshot: Snapshot, record: Mapping[str, Any]) -> "Verdicts | None":
        """What the judge said about a document; None if it did not read it, or said nothing usable.

        It was asked once more if its first reply left something open, which the second reply completes.
        """
        document = self._document(record)
        for panel in self._panels:
            first, second = (_said(snapshot, panel, document, sample) for sample in (0, 1))
            if first is not None:
                return first.completed_by(second) if first.open and second is not None else first
            if second is not None:
                return second
        return None

    def _document(self, record: Mapping[str, Any]) -> "Document":
        from docgen.pipeline.audit.corpus import accepted_documents
        from docgen.records import Attempt

        return next(accepted_documents([Attempt.model_validate(record)], *self._names))


def _said(snapshot: Snapshot, panel: "JudgeQuestions", document: "Document", sample: int) -> "Verdicts | None":
    from docgen.audit.judge.verdicts import JudgeError

    reply = _reply(snapshot, panel.request(document, sample).key)
    try:
        return None if reply is None else panel.read(reply, document)
    except JudgeError:
        return None


def _reply(snapshot: Snapshot, key: str) -> Any:
    from docgen.llm.protocol import Completion

    rows = snapshot.rows("SELECT at, size FROM judged WHERE key = ?", bytes.fromhex(key))
    if not rows or snapshot.run is None:
        return None
    try:
        with (snapshot.run / "llm.jsonl").open("rb") as journal:
            entry = from_json(os.pread(journal.fileno(), rows[0][1], rows[0][0]))
        return Completion(text=entry["text"], stop_reason=entry["stop_reason"], model=entry["model"])
    except (OSError, ValueError, KeyError, TypeError):  # a journal that is damaged, or another since
        return None


def verdict_mask(snapshot: Snapshot, value: str) -> Array:
    """Documents that a judge read ("read"), judged to leak ("leak"), or gave a verdict ("ID:VERDICT")."""
    if value == "read":
        return snapshot.column("judge:read") > 0
    if value == "leak":
        return snapshot.column("judge:read") == VERDICTS.index("leak")
    subject, _, verdict = value.rpartition(":")
    if verdict not in VERDICTS:
        return np.zeros(snapshot.documents, bool)
    return snapshot.column(f"judge:{subject}") == VERDICTS.index(verdict)


def verdict_columns(snapshot: Snapshot, judges: "Judges") -> dict[str, Array]:
    """The verdicts on all documents that were read, as columns to be indexed: "judge:read", and one by subject.

    Documents are looked up in the order in which samples are drawn, until every reply is accounted for.
    """
    waiting = int(snapshot.rows("SELECT count(*) FROM judged")[0][0])
    columns = {"judge:read": np.zeros(snapshot.documents, np.uint8)}
    for doc in sorted(range(snapshot.documents), key=lambda doc: digest("0", snapshot.id_of(doc), size=8)):
        if waiting <= 0:
            break
        said = judges.read(snapshot, snapshot.record(doc))
        if said is None:
            continue
        waiting -= 1
        columns["judge:read"][doc] = VERDICTS.index("leak" if said.leaks else "clean")
        for judgement in (*said.facts.values(), *said.rules.values()):
            column = columns.setdefault(f"judge:{judgement.subject}", np.zeros(snapshot.documents, np.uint8))
            column[doc] = VERDICTS.index(judgement.verdict) if judgement.verdict in VERDICTS else 0
    return columns
